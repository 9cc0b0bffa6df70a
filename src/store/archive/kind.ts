// Images as files: an OCI layout in a directory is a root like any other; what is one file, or said to be an archive, is opened by
// `openArchive`, which says what is there instead where it is none.
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Kind, OpenOptions } from '../kind.ts';
import { parsePlatform } from '../oci/manifest.ts';
import type { Store } from '../store.ts';
import { looksLikeArchive, readContents } from './contents.ts';
import { openPack } from './open-pack.ts';
import { DirectoryPack, type Pack } from './pack.ts';
import { ArchiveStore } from './store.ts';

export const ARCHIVE: Kind = {
  name: 'archive',
  places: () => [],
  probe: (files) =>
    looksLikeArchive((path) => files.kindOf(path) !== undefined) ? { kind: 'here' } : { kind: 'absent' },
  open: (files, options) => [storeOf(new DirectoryPack(files), options)],
};

/** `path` is as a person wrote it. Throws Trouble where it cannot be read, or holds no image. */
export async function openArchive(path: ByteString, options: OpenOptions): Promise<Store> {
  return storeOf(await openPack(path, options.progress), options);
}

function storeOf(pack: Pack, { platform }: OpenOptions): Store {
  const contents = readContents(pack);
  if (contents === undefined) {
    throw new Trouble('store', `Cannot find images in "${shownBytes(pack.path)}": ${otherContents(pack)}`);
  }
  return new ArchiveStore(contents, platform === undefined ? undefined : parsePlatform(platform));
}

/** Directories at the root of a file system: some of them are in every one. */
const SYSTEM = ['bin', 'etc', 'lib', 'usr', 'var'];

/** What lies there instead of an archive of images. */
function otherContents(pack: Pack): string {
  if (pack.damage !== undefined) {
    return `neither "index.json" nor "manifest.json" is in what can be read of it (${pack.damage})`;
  }
  const names = pack.names();
  if (names.includes(asBytes('repositories'))) {
    return 'it has "repositories" and no "manifest.json", as docker save wrote it before Docker 1.10; such archives are not read';
  }
  if (SYSTEM.filter((name) => names.includes(asBytes(name))).length > 1) {
    const form = pack.form === 'directory' ? 'a directory' : 'a tar (as "docker export" writes it)';
    const other = pack.form === 'directory' ? '' : ' the directory that it is unpacked to, with';
    return `it is ${form} of a root file system, not of an image; look into${other} "lowerdir=DIR"`;
  }
  const [inner] = names.filter((name) =>
    ['oci-layout', 'index.json', 'manifest.json'].some(
      // Most names are no directories.
      (file) => typeof attempt(() => pack.sizeOf(`${name}/${file}`)) === 'number',
    ),
  );
  if (inner !== undefined) {
    return `its files lie in the directory "${shownBytes(inner)}" in it, where no engine looks for them`;
  }
  // A link there, say, cannot be looked at, and is there all the same.
  const layout = attempt(() => pack.sizeOf('oci-layout')) === undefined ? '' : '"oci-layout", and ';
  return `it has ${layout}neither "index.json" nor "manifest.json"`;
}
