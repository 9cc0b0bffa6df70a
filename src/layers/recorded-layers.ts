// Layers as their tar-split records tell of them, for copies that lost owners, attributes or whiteouts: what the disk had
// when Docker unpacked them.

import type { ReadSome } from '../blob/compression.ts';
import { type RecordedFields, RecordedLayer } from '../overlay/recorded-layer.ts';
import type { ChainId } from '../store/digest.ts';
import type { DockerRoot } from '../store/docker/driver.ts';
import { layerPath } from '../store/docker/layerdb.ts';
import type { LayerStack } from '../store/store.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import { TarDamage, type TarEntry } from '../tar/entry.ts';
import { cleanPath, joinPath, lastName, OPAQUE_NAME, parentPath, WHITEOUT_PREFIX } from '../tar/path.ts';
import { readTarSplit } from '../tar/tar-split.ts';
import { withFileBelow } from './layer-files.ts';

const TYPES = new Map([
  ['2', S_IFLNK],
  ['3', S_IFCHR],
  ['4', S_IFBLK],
  ['5', S_IFDIR],
  ['6', S_IFIFO],
]);

/**
 * The records of a stack's layers, in its order; undefined for a container's own layers, which have none. What is in
 * `known` is not read again, and what is read is put there. Throws Trouble where the record of an image's layer is missing
 * or damaged.
 */
export async function recordedLayers(
  root: DockerRoot,
  stack: LayerStack,
  known = new Map<ChainId, RecordedLayer>(),
): Promise<(RecordedLayer | undefined)[]> {
  const layers: (RecordedLayer | undefined)[] = [];
  for (const { chainId } of stack.layers) {
    const read = chainId === undefined ? undefined : known.get(chainId);
    if (chainId === undefined || read !== undefined) {
      layers.push(read);
      continue;
    }
    const record = asBytes(`${layerPath(root, chainId)}/tar-split.json.gz`);
    const opaque = root.dialect === 'user' ? 'user.overlay.opaque' : 'trusted.overlay.opaque';
    let layer = new RecordedLayer();
    try {
      await withFileBelow(root.files.directory, record, async (read) => {
        layer = await recordedLayer(read, opaque);
      });
    } catch (error) {
      const state =
        error instanceof TarDamage
          ? error.message
          : error instanceof Errno
            ? errnoWords(error.errno)
            : undefined;
      if (state === undefined) throw error;
      throw new Trouble('store', `Cannot read "${root.files.pathOf(record)}": ${state}`, { cause: error });
    }
    known.set(chainId, layer);
    layers.push(layer);
  }
  return layers;
}

/** `opaque` is the name of the mark on a directory that hides what lies below it. */
export async function recordedLayer(read: ReadSome, opaque: string): Promise<RecordedLayer> {
  const layer = new LayerBuilder(opaque);
  await readTarSplit(read, { raw() {}, entry: (entry, path) => layer.add(entry, path) });
  return layer.layer;
}

const NOTHING: RecordedFields = {
  ...{ mode: 0, uid: 0, gid: 0, size: 0, major: 0, minor: 0, mtime: { seconds: 0, nanoseconds: 0 } },
  ...{ linkTarget: asBytes(''), xattrs: new Map() },
};

class LayerBuilder {
  readonly layer = new RecordedLayer();
  readonly #opaque: string;

  constructor(opaque: string) {
    this.#opaque = opaque;
  }

  /** As Docker unpacks: a later entry takes the place of an earlier one by the same name. */
  add(entry: TarEntry, path: ByteString): void {
    if (entry.type === 'g') return;
    const name = lastName(path);
    if (name === OPAQUE_NAME) this.#markOpaque(this.#directory(parentPath(path)));
    else if (name.startsWith(WHITEOUT_PREFIX)) this.#addWhiteout(path, name);
    else if (entry.type === '1') this.#addLink(entry, path);
    else if (entry.type === '5') this.#addDirectory(entry, path);
    else this.#make(path, fieldsOf(entry));
  }

  #addWhiteout(path: ByteString, name: ByteString): void {
    const hidden = name.slice(WHITEOUT_PREFIX.length);
    // No file can have such a name, so there is nothing to hide.
    if (hidden === '' || hidden === '.' || hidden === '..') return;
    this.#make(joinPath(parentPath(path), asBytes(hidden)), { ...NOTHING, mode: S_IFCHR });
  }

  /** The header's owner, mode and time go to the file it names, mode and time to no symbolic link; the change of owner takes capabilities away. */
  #addLink(entry: TarEntry, path: ByteString): void {
    const { layer } = this;
    const target = cleanPath(entry.linkName);
    const object = target === undefined ? 0 : this.#find(target);
    if (object === 0 || isDirectory(layer.mode(object))) return;
    const kept = [...layer.xattrs(object)].filter(([name]) => name !== 'security.capability');
    const mode = layer.mode(object);
    // Docker finds no call that changes these of a symbolic link itself (pkg/archive createTarFile, for TypeLink).
    const isLink = (mode & S_IFMT) === S_IFLNK;
    layer.change(object, {
      ...(isLink ? {} : { mode: (mode & ~0o7777) | entry.mode, mtime: clamped(entry.mtime) }),
      uid: entry.uid,
      gid: entry.gid,
      xattrs: new Map([...kept, ...entry.xattrs]),
    });
    layer.addLink(object);
    const directory = this.#holder(path);
    if (directory !== undefined) layer.name(directory, lastName(path), object);
  }

  /** One that is there already keeps what is in it. */
  #addDirectory(entry: TarEntry, path: ByteString): void {
    const directory = this.#directory(path);
    const wasOpaque = this.layer.xattrs(directory).has(this.#opaque);
    this.layer.change(directory, { ...fieldsOf(entry), mode: S_IFDIR | entry.mode });
    if (wasOpaque) this.#markOpaque(directory);
  }

  #markOpaque(directory: number): void {
    const xattrs = new Map([...this.layer.xattrs(directory), [this.#opaque, asBytes('y')]]);
    this.layer.change(directory, { xattrs });
  }

  #find(path: ByteString): number {
    const directory = this.layer.directory(parentPath(path));
    return directory === undefined ? 0 : this.layer.find(directory, lastName(path));
  }

  /** The directory that holds a path, made where no entry told of it; undefined for the root, which no directory holds. */
  #holder(path: ByteString): number | undefined {
    if (path === '') return undefined;
    const parent = parentPath(path);
    // The root is recorded only where the tar has it.
    if (parent !== '') this.#directory(parent);
    return this.layer.addDirectory(parent);
  }

  #make(path: ByteString, fields: RecordedFields): number {
    const directory = this.#holder(path);
    const name = path === '' ? asBytes('.') : lastName(path);
    const object = this.layer.make(directory ?? 0, path === '' ? '' : name, fields);
    if (directory !== undefined) this.layer.name(directory, name, object);
    return object;
  }

  /** The object of the directory at a path, made with all above it where no entry told of it. */
  #directory(path: ByteString): number {
    const known = path === '' ? this.layer.find(0, '.') : this.#find(path);
    if (known !== 0 && isDirectory(this.layer.mode(known))) return known;
    const made = this.#make(path, { ...NOTHING, mode: S_IFDIR | 0o755 });
    if (path === '') this.layer.name(0, '.', made);
    else this.layer.addDirectory(path);
    return made;
  }
}

function isDirectory(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

function fieldsOf(entry: TarEntry) {
  const { uid, gid, size, major, minor, xattrs, linkName: linkTarget } = entry;
  const mode = (TYPES.get(entry.type) ?? S_IFREG) | (entry.type === '2' ? 0o777 : entry.mode);
  return { mode, uid, gid, size, major, minor, linkTarget, xattrs, mtime: clamped(entry.mtime) };
}

/** Docker brings times before 1970 to 1970. */
function clamped(time: TarEntry['mtime']): TarEntry['mtime'] {
  return time.seconds < 0 ? { seconds: 0, nanoseconds: 0 } : time;
}
