// The directories of a graph driver, as they lie there: `overlay2/<id>`, `vfs/dir/<id>`; and of those that have them, the short
// links `overlay2/l/<NAME>` that Docker mounts by.

import { openBeneath } from '../../sys/beneath.ts';
import { asBytes, type ByteString, bytesOf, cString } from '../../sys/bytes.ts';
import { E, errnoWords, type Trouble } from '../../sys/errors.ts';
import { close, O, open, readlinkat } from '../../sys/libc.ts';
import { openClone } from '../../sys/mount/clone.ts';
import { type FileKind, trouble } from '../file-state.ts';
import type { DockerRoot } from './driver.ts';

/** Names beside the layers' that are no layer's: the links, and what the driver uses for quotas. */
const NOT_LAYERS: readonly string[] = ['l', 'backingFsBlockDev'];

export interface DriverDirectory {
  readonly name: ByteString;
  readonly kind: FileKind | undefined;
}

/** All names in the driver's directory but those that are no layer's, sorted. Throws Trouble. */
export function driverDirectories({ files, driver }: DockerRoot): DriverDirectory[] {
  const names = files.namesIfPresent(driver.home) ?? [];
  return names
    .filter((name) => !NOT_LAYERS.includes(name))
    .map((name) => ({ name, kind: files.kindOf(`${driver.home}/${name}`) }));
}

/** Names of the short links, sorted. Throws Trouble. */
export function shortLinks({ files, driver }: DockerRoot): readonly ByteString[] {
  return driver.hasLinks ? (files.namesIfPresent(`${driver.home}/l`) ?? []) : [];
}

/** Where short links lead, as it is written in each; undefined for what is no link. Throws Trouble. */
export function shortLinkTargets(
  { files, driver }: DockerRoot,
  names: readonly ByteString[],
): Map<ByteString, ByteString | Trouble | undefined> {
  if (names.length === 0) return new Map();
  const path = asBytes(`${driver.home}/l`);
  const root = open(cString(files.directory), O.PATH | O.DIRECTORY | O.CLOEXEC);
  if (root < 0) throw trouble('open', files.directory, errnoWords(-root));
  const plain = openBeneath(root, path, O.PATH | O.DIRECTORY | O.NOFOLLOW);
  close(root);
  if (plain < 0) throw trouble('open', files.pathOf(path), errnoWords(-plain));
  const clone = openClone(plain, cString(asBytes('')));
  const holder = clone < 0 ? plain : clone;
  const target = Buffer.alloc(4096);
  const read = (name: ByteString) => {
    const length = readlinkat(holder, cString(name), target, target.length);
    if (length === -E.EINVAL) return undefined;
    if (length < 0) return trouble('read', files.pathOf(`${path}/${name}`), errnoWords(-length));
    return bytesOf(target, 0, length);
  };
  const targets = new Map(names.map((name) => [name, read(name)]));
  close(plain);
  if (clone >= 0) close(clone);
  return targets;
}

/** The layer directory that a short link's target names, `../<id>/diff`; undefined where it has another form. */
export function directoryOfTarget(target: ByteString): string | undefined {
  return /^\.\.\/([0-9a-z-]+)\/diff$/.exec(target)?.[1];
}
