// The real directories behind a tree: each is a record (layer, parent, name), opened when needed, bounded in number.
// Opens never follow a symlink, leave a layer, or change an access time where the system allows that.

import type { LayerSource } from '../../store/source.ts';
import { fileType, openWithinMount, openWithinMountAt } from '../../sys/beneath.ts';
import { asBytes, type ByteString, cString, shownBytes } from '../../sys/bytes.ts';
import { E, Errno } from '../../sys/errors.ts';
import { AT_NO_AUTOMOUNT, AT_SYMLINK_NOFOLLOW, close, fstatfs, O } from '../../sys/libc.ts';
import { type Address, addressOf, pinned } from '../../sys/memory.ts';
import { S_IFBLK, S_IFCHR, S_IFMT, S_IFREG, STATX, STATX_SIZE, STATX_TYPE } from '../../sys/statx.ts';
import { statxAt } from '../../sys/statx-call.ts';
import type { Table } from '../table.ts';
import { type LayerRoot, LayerRoots } from './layer-roots.ts';

/** A path handed to one `openat2` is shorter than PATH_MAX. */
const LONGEST_PATH = 4000;

/** A fifo, if that is what is there now, is not waited for. */
const TO_READ = O.RDONLY | O.NOFOLLOW | O.NONBLOCK;

const itself = cString('.' as ByteString);
const { buffer: statusBytes, address: statusAddress } = pinned(STATX_SIZE);
const status = new Uint32Array(statusBytes.buffer);

export class Directories {
  readonly #roots: number[];
  /** Records of the data-only layers' roots, top first. */
  readonly dataRoots: readonly number[];
  /** Gives back the descriptors that others keep open; called when the process has none left. */
  onShortage: () => void = () => {};
  #onShortageOfAll: (() => void) | undefined;
  readonly #table: Table;
  readonly #layers: LayerRoots;
  readonly #capacity: number;
  /** Record → descriptor, least recently used first. */
  readonly #open = new Map<number, number>();
  #latest = 0;
  #latestDescriptor = -1;
  /** Records by parent and name, where each directory is to have only one. */
  #children: Map<string, number> | undefined;

  /**
   * `sources` of layers top first, the last `dataOnly` of them data-only; `capacity` is how many may be open at once, at least
   * 4. What is in a tar has records too, but only a `RecordedReader` knows what they stand for.
   */
  constructor(table: Table, sources: readonly LayerSource[], dataOnly: number, capacity: number) {
    this.#table = table;
    this.#capacity = capacity;
    // `isForeign` compares mount ids, so what was opened below a clone must not outlive the change.
    this.#layers = new LayerRoots(sources, () => this.close());
    const roots = sources.map((_, layer) => table.addRecord([layer, 0, 0, 0]));
    this.#roots = roots.slice(0, roots.length - dataOnly);
    this.dataRoots = roots.slice(roots.length - dataOnly);
  }

  /** Records of the layers' root directories, top first; data-only layers are not among them. */
  get roots(): readonly number[] {
    return this.#roots;
  }

  /** One layer more, where there is none that is data-only; answers its index, which is the next. */
  addLayer(source: LayerSource): number {
    const layer = this.#layers.add(source);
    this.#roots.push(this.#table.addRecord([layer, 0, 0, 0]));
    return layer;
  }

  layerOf(record: number): number {
    return this.#table.record(record, 0);
  }

  /** `major:minor` of a layer's file system, the same word for all tars. Opens the layer. Throws Errno. */
  deviceOf(record: number): string {
    const layer = this.#layer(record);
    if (layer.path !== undefined) this.descriptor(record);
    return layer.device;
  }

  /**
   * For each layer the index of its file system, in the order in which the layers first show them; `devices` are those that
   * have an index already, to which new ones are added. Throws Errno.
   */
  fileSystems(devices: string[] = []): number[] {
    return [...this.roots, ...this.dataRoots].map((root) => this.fileSystemOf(root, devices));
  }

  /** The same for one layer. */
  fileSystemOf(root: number, devices: string[]): number {
    const device = this.deviceOf(root);
    const known = devices.indexOf(device);
    return known < 0 ? devices.push(device) - 1 : known;
  }

  /** `struct statfs` of the top layer's file system, into a buffer of at least 120 bytes. Throws Errno. */
  statfs(out: Uint8Array): void {
    const error = fstatfs(this.descriptor(this.roots[0] as number), out);
    if (error < 0) throw new Errno(-error, 'examine the file system');
  }

  #layer(record: number): LayerRoot {
    return this.#layers.all[this.layerOf(record)] as LayerRoot;
  }

  /** A new record for the directory `name` (as stored in the table) of another one. */
  child(parent: number, nameAt: number, nameLength: number): number {
    const children = this.#children;
    const known = children?.get(`${parent} ${nameAt}`);
    if (known !== undefined) return known;
    const record = this.#table.addRecord([this.layerOf(parent), parent, nameAt, nameLength]);
    children?.set(`${parent} ${nameAt}`, record);
    return record;
  }

  /** From now on a directory that is found again has the record it had. Names must be interned too. */
  rememberChildren(): void {
    this.#children ??= new Map();
  }

  /** Path below the layer's root, without a leading slash; empty for the root. */
  pathOf(record: number): ByteString {
    const names: string[] = [];
    for (let at = record; this.#table.record(at, 1) !== 0; at = this.#table.record(at, 1))
      names.push(this.#name(at));
    return names.reverse().join('/') as ByteString;
  }

  #name(record: number): string {
    return this.#table.nameAt(this.#table.record(record, 2), this.#table.record(record, 3));
  }

  /** Writes a directory's name, which has at most 255 bytes, to the beginning of `out`; answers its length. */
  copyName(record: number, out: Uint8Array): number {
    const { names } = this.#table;
    const at = this.#table.record(record, 2);
    const length = this.#table.record(record, 3);
    for (let i = 0; i < length; i++) out[i] = names[at + i] as number;
    return length;
  }

  /**
   * An open descriptor, good for the `*at` calls and for `getdents64`, valid until the next call. Where the directory may
   * only be searched `getdents64` says EBADF. Throws Errno.
   */
  descriptor(record: number): number {
    if (record === this.#latest) return this.#latestDescriptor;
    let fd = this.#open.get(record);
    if (fd !== undefined) this.#open.delete(record);
    else {
      fd = this.#table.record(record, 1) === 0 ? this.#openRoot(record) : this.#openBelow(record);
      if (this.#open.size >= this.#capacity) this.#closeOldest();
    }
    this.#open.set(record, fd);
    this.#latest = record;
    this.#latestDescriptor = fd;
    return fd;
  }

  /** The descriptor of the directory that a real one is in, -1 where that is not open at the moment or there is none. */
  openParent(record: number): number {
    return this.#open.get(this.#table.record(record, 1)) ?? -1;
  }

  #closeOldest(): void {
    for (const [record, fd] of this.#open) {
      close(fd);
      this.#open.delete(record);
      return;
    }
  }

  /** Closes everything; what is asked for afterwards is opened again. */
  close(): void {
    for (const fd of this.#open.values()) close(fd);
    this.#open.clear();
    this.#latest = 0;
  }

  /** Runs an open; when the process is out of descriptors, gives those back that are kept open and tries once more. */
  #trying(opening: () => number): number {
    const fd = opening();
    if (fd !== -E.EMFILE && fd !== -E.ENFILE) return fd;
    this.#giveBack();
    return opening();
  }

  #giveBack(): void {
    this.onShortage();
    this.#onShortageOfAll?.();
    this.close();
  }

  /** What else in this process can give descriptors back. */
  alsoOnShortage(giveBack: (() => void) | undefined): void {
    this.#onShortageOfAll = giveBack;
  }

  #openRoot(record: number): number {
    const layer = this.layerOf(record);
    const fd = this.#trying(() => this.#layers.open(layer));
    this.#layers.examine(layer, fd);
    return fd;
  }

  #openBelow(record: number): number {
    const fd = this.#trying(() => {
      const names: string[] = [];
      let at = record;
      while (!this.#open.has(at) && this.#table.record(at, 1) !== 0) {
        names.push(this.#name(at));
        at = this.#table.record(at, 1);
      }
      return this.#descend(this.descriptor(at), names);
    });
    if (fd < 0)
      throw new Errno(
        -fd,
        `open "${shownBytes(this.pathOf(record))}" in layer "${this.#layer(record).label}"`,
      );
    return fd;
  }

  /**
   * Opens `names`, deepest first, below a directory, in steps no longer than a path may be. What may be searched but not
   * listed is good for searching.
   */
  #descend(start: number, names: readonly string[]): number {
    let from = start;
    let i = names.length - 1;
    for (;;) {
      let path = names[i] as string;
      for (i--; i >= 0 && path.length + (names[i] as string).length < LONGEST_PATH; i--)
        path += `/${names[i]}`;
      const base = from;
      const bytes = cString(path as ByteString);
      const fd = this.#layers.withoutAtime((extra) =>
        openWithinMount(base, bytes, i < 0 ? O.RDONLY | O.DIRECTORY | extra : O.PATH | O.DIRECTORY),
      );
      const found = fd === -E.EACCES && i < 0 ? openWithinMount(base, bytes, O.PATH | O.DIRECTORY) : fd;
      if (from !== start) close(from);
      if (found < 0 || i < 0) return found;
      from = found;
    }
  }

  /** A descriptor of a directory that is the caller's own, and good for more than searching. Throws Errno. */
  openItself(record: number): number {
    const fd = this.#trying(() => {
      const directory = this.descriptor(record);
      return this.#layers.withoutAtime((extra) =>
        openWithinMount(directory, itself, O.RDONLY | O.DIRECTORY | extra),
      );
    });
    if (fd < 0)
      throw new Errno(
        -fd,
        `open "${shownBytes(this.pathOf(record))}" in layer "${this.#layer(record).label}"`,
      );
    return fd;
  }

  /**
   * Opens a regular file of a directory for reading: never a link, never another mount. What was listed as a file may be
   * something else by now; ENXIO says so, as the kernel does of a socket. A device is not opened where there are clones.
   */
  openFile(record: number, name: Buffer): number {
    const fd = this.#trying(() => {
      const directory = this.descriptor(record);
      return this.#layers.withoutAtime((extra) => openWithinMount(directory, name, TO_READ | extra));
    });
    if (fd < 0) return fd === -E.EACCES && this.#isDevice(record, addressOf(name)) ? -E.ENXIO : fd;
    if (fileType(fd) === S_IFREG) return fd;
    close(fd);
    return -E.ENXIO;
  }

  /** The same for a name in memory that does not move, but whether it is a regular file is left to the caller. */
  openFileAt(record: number, name: Address): number {
    const fd = this.#openAt(record, name);
    return fd === -E.EACCES && this.#isDevice(record, name) ? -E.ENXIO : fd;
  }

  #openAt(record: number, name: Address): number {
    if (!this.#layers.areCloned) {
      return this.#trying(() => {
        const directory = this.descriptor(record);
        return this.#layers.withoutAtime((extra) => openWithinMountAt(directory, name, TO_READ | extra));
      });
    }
    const fd = openWithinMountAt(this.descriptor(record), name, TO_READ);
    if (fd !== -E.EMFILE && fd !== -E.ENFILE) return fd;
    this.#giveBack();
    return openWithinMountAt(this.descriptor(record), name, TO_READ);
  }

  /** Whether a clone, which has no devices, refused to open one: not so where permissions forbid to open a file. */
  #isDevice(record: number, name: Address): boolean {
    const flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    const error = statxAt(this.descriptor(record), name, flags, STATX_TYPE, statusAddress);
    const type = (status[STATX.mode] as number) & S_IFMT;
    return error === 0 && (type === S_IFCHR || type === S_IFBLK);
  }

  /** A descriptor that only names the object a path below a directory leads to, the last component not followed. */
  findFile(record: number, path: Buffer): number {
    return this.#trying(() => openWithinMount(this.descriptor(record), path, O.PATH | O.NOFOLLOW));
  }

  /** Whether something else is mounted on an object of this layer, told by its mount id; never with clones. */
  isForeign(record: number, mountId: number): boolean {
    return !this.#layers.areCloned && mountId !== this.#layer(record).mountId;
  }

  describe(record: number, name: string): string {
    const path = this.pathOf(record);
    return `"${shownBytes(asBytes(`${path === '' ? '' : `${path}/`}${name}`))}" in layer "${this.#layer(record).label}"`;
  }
}
