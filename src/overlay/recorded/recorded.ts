// Layers whose metadata come from a record instead of the disk: for a copy that lost owners, attributes or whiteouts, and for
// what was never unpacked. Knows not what the record was; contents are the disk's, unless the record has its own.
import type { Dialect } from '../../store/layer-stack.ts';
import type { OwnerView } from '../../store/owner.ts';
import { E, Errno } from '../../sys/errors.ts';
import { setLong } from '../../sys/long.ts';
import { STATFS } from '../../sys/statfs.ts';
import {
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  STATX,
  STATX_ATIME,
  STATX_CTIME,
  timeAt,
} from '../../sys/statx.ts';
import type { Directories } from '../layer/directories.ts';
import type { Listing } from '../layer/listing.ts';
import { NAME_MAX } from '../layer/name-argument.ts';
import { TarFileContents } from '../layer/open-contents.ts';
import type { LayerReading } from '../layer/reader.ts';
import { TranslatedReader } from '../layer/translated.ts';
import type { Table } from '../table.ts';
import type { RecordedObject } from './recorded-data.ts';
import type { RecordedLayer } from './recorded-layer.ts';

/** Set in the high word of a recorded object's inode number, which no file system's own number reaches. */
const INODE_MARK = 0x0040_0000;
/** Of what is told in blocks where there is no file system: bytes. */
const BLOCK = 4096;
const NO_TIME = { seconds: 0, nanoseconds: 0 };
/** `STATX_BASIC_STATS` without the times that no record has. */
const TOLD = 0x7ff & ~(STATX_ATIME | STATX_CTIME);

/** What layers are read by, and of each layer, top first, its dialect, how its owners are shown and what is recorded of it. */
export interface RecordedReaderParts {
  readonly table: Table;
  readonly directories: Directories;
  readonly dialects: readonly Dialect[];
  readonly owners: readonly (OwnerView | undefined)[];
  /** Undefined for a layer that is read from the disk. */
  readonly records: readonly (RecordedLayer | undefined)[];
}

export class RecordedReader extends TranslatedReader {
  /** By layer, in the order of the stack; undefined for one that is read from the disk. */
  readonly #layers: (RecordedLayer | undefined)[];
  readonly #table: Table;
  override hasTars: boolean;
  /** Real directory → its number in the layer's record, -1 where that has none; and path below a layer → real directory. */
  readonly #numbers = new Map<number, number>();
  readonly #records = new Map<string, number>();
  /** The object that was asked for last: each is asked for several times in a row. */
  #last: RecordedObject | null | undefined;
  #lastDirectory = -1;
  #lastName = '';

  constructor({ table, directories, dialects, owners, records }: RecordedReaderParts) {
    super(table, directories, dialects, owners);
    this.#table = table;
    this.#layers = [...records];
    this.hasTars = records.some((record) => record?.contents !== undefined);
  }

  override addLayer(layer: LayerReading): void {
    super.addLayer(layer);
    this.#layers.push(layer.recorded);
    this.hasTars ||= layer.recorded?.contents !== undefined;
  }

  #layer(directory: number): RecordedLayer | undefined {
    return this.#layers[this.directories.layerOf(directory)];
  }

  #number(layer: RecordedLayer, directory: number): number {
    let number = this.#numbers.get(directory);
    if (number === undefined) {
      number = layer.directory(this.directories.pathOf(directory)) ?? -1;
      this.#numbers.set(directory, number);
    }
    return number;
  }

  /** Undefined where the layer is read from the disk, null where the record holds nothing by the name. */
  #object(directory: number, name: string): RecordedObject | null | undefined {
    const layer = this.#layer(directory);
    if (layer === undefined) return undefined;
    if (directory === this.#lastDirectory && name === this.#lastName) return this.#last;
    this.#last = this.#findObject(layer, directory, name);
    this.#lastDirectory = directory;
    this.#lastName = name;
    return this.#last;
  }

  #findObject(layer: RecordedLayer, directory: number, name: string): RecordedObject | null {
    const holder = this.#number(layer, directory);
    const number = holder < 0 ? 0 : name === '.' ? holder : layer.find(holder, name);
    return number === 0 ? null : layer.object(number);
  }

  override list(directory: number): Listing {
    const layer = this.#layer(directory);
    if (layer === undefined) return super.list(directory);
    const types = new Map<string, number>();
    const number = this.#number(layer, directory);
    if (number < 0) return { types, opaque: false };
    for (const [name, object] of layer.names(number)) {
      if (isFileName(name)) types.set(name, layer.mode(object) >>> 12);
    }
    return { types, opaque: false };
  }

  override examine(directory: number, name: string): boolean {
    const object = this.#object(directory, name);
    if (object === undefined) return super.examine(directory, name);
    if (object === null) return false;
    const isOnDisk = object.touched && this.#layer(directory)?.contents === undefined;
    const time = isOnDisk ? this.#timeOnDisk(directory, name) : object.mtime;
    this.#fill(object, time, this.directories.layerOf(directory));
    return true;
  }

  override hasPlainNames(directory: number): boolean {
    return !this.isRecorded(directory) && super.hasPlainNames(directory);
  }

  override examineStored(directory: number, nameAt: number, length: number): boolean {
    if (!this.isRecorded(directory)) return super.examineStored(directory, nameAt, length);
    return this.examine(directory, this.#table.nameAt(nameAt, length));
  }

  /** For what has the time of its unpacking, which only the disk can tell, if it was kept there. */
  #timeOnDisk(directory: number, name: string): RecordedObject['mtime'] {
    const { status } = this;
    try {
      if (!super.examine(directory, name)) return NO_TIME;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return NO_TIME;
    }
    return timeAt(status, STATX.mtime);
  }

  /** A `struct statx` with all times those of the last change. */
  #fill(object: RecordedObject, mtime: RecordedObject['mtime'], layer: number): void {
    const { status } = this;
    status.fill(0);
    status[STATX.mask] = TOLD;
    status[STATX.blksize] = BLOCK;
    status[STATX.nlink] = object.links;
    status[STATX.uid] = object.uid;
    status[STATX.gid] = object.gid;
    status[STATX.mode] = object.mode;
    status[STATX.ino] = object.number;
    status[STATX.ino + 1] = INODE_MARK | layer;
    const size = sizeOf(object);
    setLong(status, STATX.size, size);
    const isFile = (object.mode & S_IFMT) === S_IFREG;
    const contents = isFile ? this.#layers[layer]?.contents : undefined;
    setLong(status, STATX.blocks, Math.ceil((contents?.dataSize(object.number) ?? size) / 512));
    for (const time of [STATX.atime, STATX.ctime, STATX.mtime]) {
      setLong(status, time, mtime.seconds);
      status[time + 2] = mtime.nanoseconds;
    }
    status[STATX.rdevMajor] = object.major;
    status[STATX.rdevMinor] = object.minor;
  }

  override xattrNames(directory: number, name: string): readonly string[] {
    const object = this.#object(directory, name);
    return object === undefined ? super.xattrNames(directory, name) : [...(object?.xattrs.keys() ?? [])];
  }

  override hasXattrs(directory: number, name: string): boolean {
    const object = this.#object(directory, name);
    return object === undefined ? super.hasXattrs(directory, name) : (object?.xattrs.size ?? 0) > 0;
  }

  override hasXattrsStored(directory: number, nameAt: number, length: number): boolean {
    if (!this.isRecorded(directory)) return super.hasXattrsStored(directory, nameAt, length);
    return this.hasXattrs(directory, this.#table.nameAt(nameAt, length));
  }

  override xattrAnswer(directory: number, name: string, attribute: string): Buffer | number {
    const object = this.#object(directory, name);
    if (object === undefined) return super.xattrAnswer(directory, name, attribute);
    const value = object?.xattrs.get(attribute);
    return value === undefined ? -E.ENODATA : Buffer.from(value, 'latin1');
  }

  override mark(directory: number, name: string, mark: string): Buffer | undefined {
    if (this.#object(directory, name) === undefined) return super.mark(directory, name, mark);
    const prefix = this.prefixOf(directory);
    if (prefix === undefined) return undefined;
    const value = this.xattrAnswer(directory, name, prefix + mark);
    return typeof value === 'number' ? undefined : value;
  }

  override exists(directory: number, name: string): boolean {
    const object = this.#object(directory, name);
    return object === undefined ? super.exists(directory, name) : object !== null;
  }

  override readLink(directory: number, name: string, out: Uint8Array): number {
    const object = this.#object(directory, name);
    if (object === undefined) return super.readLink(directory, name, out);
    if (object === null || (object.mode & S_IFMT) !== S_IFLNK) return -E.EINVAL;
    const target = Buffer.from(object.linkTarget, 'latin1').subarray(0, out.length);
    out.set(target);
    return target.length;
  }

  override birthTime(
    directory: number,
    name: string,
  ): { readonly seconds: bigint; readonly nanoseconds: number } | undefined {
    return this.isRecorded(directory) ? undefined : super.birthTime(directory, name);
  }

  override isRecorded(directory: number): boolean {
    return this.#layers[this.directories.layerOf(directory)] !== undefined;
  }

  override tarContents(directory: number, name: string): TarFileContents | undefined {
    const contents = this.#layer(directory)?.contents;
    const object = contents && this.#object(directory, name);
    if (contents === undefined || !object) return undefined;
    return new TarFileContents(contents, object.number, object.size);
  }

  override statfs(out: Uint8Array): void {
    if (this.#layers[0]?.contents === undefined) {
      super.statfs(out);
      return;
    }
    const view = new DataView(out.buffer, out.byteOffset, STATFS.size);
    const set = (field: keyof typeof STATFS, value: number) =>
      view.setBigUint64(STATFS[field], BigInt(value), true);
    const sum = (of: (layer: RecordedLayer) => number) =>
      this.#layers.reduce((all, layer) => all + (layer === undefined ? 0 : of(layer)), 0);
    for (const field of ['bfree', 'bavail', 'ffree'] as const) set(field, 0);
    for (const field of ['bsize', 'frsize'] as const) set(field, BLOCK);
    set(
      'files',
      sum(({ objectCount }) => objectCount),
    );
    set('blocks', Math.ceil(sum(({ contents }) => contents?.size ?? 0) / BLOCK));
  }

  override contents(directory: number, name: string): readonly [holder: number, name: string] {
    const object = this.#object(directory, name);
    if (object === undefined || object === null) return super.contents(directory, name);
    const path = this.#layer(directory)?.placeOf(object.number) ?? object.path;
    const slash = path.lastIndexOf('/');
    const holder = this.#record(this.directories.layerOf(directory), path.slice(0, Math.max(0, slash)));
    return [holder, path.slice(slash + 1)];
  }

  #record(layer: number, path: string): number {
    if (path === '') {
      const root = this.directories.roots[layer];
      if (root === undefined) throw new Error(`no layer ${layer}`);
      return root;
    }
    const key = `${layer}/${path}`;
    const known = this.#records.get(key);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const parent = this.#record(layer, path.slice(0, Math.max(0, slash)));
    const record = this.directories.child(parent, this.#table.addName(name), name.length);
    this.#records.set(key, record);
    return record;
  }
}

/** A record may hold what no file can be called. */
function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.length <= NAME_MAX;
}

function sizeOf({ mode, size, linkTarget }: RecordedObject): number {
  const type = mode & S_IFMT;
  if (type === S_IFREG) return size;
  if (type === S_IFLNK) return linkTarget.length;
  return type === S_IFDIR ? BLOCK : 0;
}
