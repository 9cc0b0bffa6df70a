// Layers as their tar-split records tell of them, for copies that lost owners, attributes or whiteouts: what the disk had
// when Docker unpacked them.
import type { RecordedLayer, RecordedObject } from '../overlay/recorded.ts';
import type { ChainId } from '../store/digest.ts';
import type { DockerRoot } from '../store/docker/driver.ts';
import { layerPath } from '../store/docker/layerdb.ts';
import type { LayerStack } from '../store/store.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import { TarDamage, type TarEntry } from './tar-entry.ts';
import { withFileBelow } from './tar-files.ts';
import { cleanPath, joinPath, lastName, OPAQUE_NAME, parentPath, WHITEOUT_PREFIX } from './tar-path.ts';
import { type ReadSome, readTarSplit } from './tar-split.ts';

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
    let layer: RecordedLayer = new Map();
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

/** Shared by all names of an object, so that what is set on one is set on all. */
type Draft = { -readonly [K in keyof RecordedObject]: RecordedObject[K] };

const NO_XATTRS: ReadonlyMap<string, ByteString> = new Map();

class LayerBuilder {
  readonly layer = new Map<string, Map<string, Draft>>([['', new Map()]]);
  readonly #opaque: string;
  #count = 0;

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
    else this.#put(path, { ...this.#draft(path, TYPES.get(entry.type) ?? S_IFREG), ...fieldsOf(entry) });
  }

  #addWhiteout(path: ByteString, name: ByteString): void {
    const hidden = joinPath(parentPath(path), asBytes(name.slice(WHITEOUT_PREFIX.length)));
    this.#put(hidden, this.#draft(hidden, S_IFCHR));
  }

  /** The header's owner, mode and time go to the file it names; the change of owner takes capabilities away. */
  #addLink(entry: TarEntry, path: ByteString): void {
    const target = cleanPath(entry.linkName);
    const object = target === undefined ? undefined : this.#find(target);
    if (object === undefined || isDirectory(object)) return;
    object.mode = (object.mode & ~0o7777) | entry.mode;
    object.uid = entry.uid;
    object.gid = entry.gid;
    object.mtime = clamped(entry.mtime);
    const kept = [...object.xattrs].filter(([name]) => name !== 'security.capability');
    object.xattrs = new Map([...kept, ...entry.xattrs]);
    object.links += 1;
    this.#put(path, object);
  }

  /** One that is there already keeps what is in it. */
  #addDirectory(entry: TarEntry, path: ByteString): void {
    const directory = this.#directory(path);
    const wasOpaque = directory.xattrs.has(this.#opaque);
    Object.assign(directory, fieldsOf(entry));
    directory.mode = S_IFDIR | entry.mode;
    if (wasOpaque) this.#markOpaque(directory);
  }

  #markOpaque(directory: Draft): void {
    directory.xattrs = new Map([...directory.xattrs, [this.#opaque, asBytes('y')]]);
  }

  #find(path: ByteString): Draft | undefined {
    return this.layer.get(parentPath(path))?.get(lastName(path));
  }

  #put(path: ByteString, object: Draft): void {
    if (path === '') return;
    // The root is recorded only where the tar has it.
    if (parentPath(path) !== '') this.#directory(parentPath(path));
    const names = this.layer.get(parentPath(path));
    const before = names?.get(lastName(path));
    if (before !== undefined && before !== object) before.links -= 1;
    names?.set(lastName(path), object);
  }

  /** The directory at a path, made with all above it where no entry told of it. */
  #directory(path: ByteString): Draft {
    const known = path === '' ? this.layer.get('')?.get('.') : this.#find(path);
    if (known !== undefined && isDirectory(known)) return known;
    const made = this.#draft(path, S_IFDIR | 0o755);
    if (path === '') this.layer.get('')?.set('.', made);
    else this.#put(path, made);
    this.layer.set(path, this.layer.get(path) ?? new Map());
    return made;
  }

  #draft(path: ByteString, mode: number): Draft {
    this.#count += 1;
    return {
      ...{ mode, uid: 0, gid: 0, size: 0, major: 0, minor: 0, mtime: { seconds: 0, nanoseconds: 0 } },
      ...{ number: this.#count, links: 1, linkTarget: asBytes(''), xattrs: NO_XATTRS, path },
    };
  }
}

function isDirectory({ mode }: RecordedObject): boolean {
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
