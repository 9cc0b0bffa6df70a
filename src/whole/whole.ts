// Many stacks as one file system: directories and small files that are on no disk lead to them. A number belongs to the scenery
// or to the region of a grove or a tree, which is asked by its own number; directories have inode numbers by their number.
import { type FileSystem, NotYet } from '../fuse/filesystem.ts';
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { SEEK } from '../sys/seek.ts';
import { S_IFDIR, S_IFREG } from '../sys/statx.ts';
import { Freshness } from './freshness.ts';
import type { DirectoryItem } from './item.ts';
import { type Region, Regions } from './regions.ts';
import { copyScene, OWN_INODES, type Owner } from './scene-attributes.ts';
import { SceneNumbers } from './scene-numbers.ts';
import { type Scene, Scenery } from './scenery.ts';
import { Stacks, type StacksOptions } from './stacks.ts';

/** Numbers of scenes are below this. */
const SCENES = 2 ** 26;

export interface WholeOptions extends Omit<StacksOptions, 'log'> {
  readonly root: DirectoryItem;
  /** What there is now, asked at most once a second, when somebody looks; absent where nothing changes. Never refused. */
  readonly refresh?: () => Promise<DirectoryItem>;
  readonly log: (message: string) => void;
  /** Told of each name that leads elsewhere now, with its directory's number. */
  readonly onChange?: (directory: number, name: ByteString) => void;
  readonly owner: Owner;
  /** As `FileSystem.statfs`: totals of the file system that all of it lies on. */
  readonly statfs: (out: Buffer, at: number) => void;
}

export class Whole implements FileSystem {
  /** Present from when on a stack was opened that changes. */
  open?: (node: number) => boolean;
  readonly #options: WholeOptions;
  readonly #regions = new Regions(SCENES);
  readonly #stacks: Stacks;
  readonly #scenery: Scenery;
  /** That of the last request, which is the likeliest to be asked next. */
  #latest: Region | undefined;
  readonly #freshness: Freshness | undefined;
  readonly #numbers = new SceneNumbers(SCENES);

  constructor(options: WholeOptions) {
    this.#options = options;
    this.#stacks = new Stacks(this.#regions, options);
    const { root, log, refresh } = options;
    this.#scenery = new Scenery({
      root,
      log,
      numbers: this.#numbers,
      plant: async (item) => {
        this.#stacks.makeRoom();
        const planted = this.#stacks.plant(await item.open());
        if (planted.region.fs.open !== undefined) this.open ??= (node) => this.#open(node);
        return planted;
      },
      onChange: (directory, name) => options.onChange?.(directory.number, name),
    });
    this.#freshness =
      refresh &&
      new Freshness(async () => {
        this.#stacks.makeRoom();
        await this.#scenery.update(await refresh());
      });
    this.#stacks.onLetGo = (region) => this.#scenery.forgetRoots((planted) => planted.region === region);
  }

  /** Nothing is read ahead any more. */
  endAhead(): void {
    this.#stacks.rest();
  }

  close(): void {
    this.#stacks.close();
  }

  has(number: number): boolean {
    const region = this.#regions.of(number);
    return region === undefined ? this.#numbers.wasTaken(number) : region.fs.has(number - region.base);
  }

  #region(number: number): Region | undefined {
    const region = this.#regions.of(number);
    // A stack that has a region of its own is over as a whole; what is left of a grove is shown on.
    if (region?.isLive === true && region.isOver) throw new Errno(E.ESTALE, 'use what is no longer shown');
    this.#latest = region;
    return region;
  }

  #scene(number: number): Scene {
    const scene = this.#scenery.get(number);
    if (scene === undefined) throw new Errno(E.ESTALE, 'use what is no longer shown');
    return scene;
  }

  /** The directory to be listed, or looked a name up in; NotYet where what it holds has to be found out. */
  #directory(number: number): Scene {
    const scene = this.#scene(number);
    this.#freshness?.mustBeFresh();
    if (scene.item.kind === 'file') throw new Errno(E.ENOTDIR, 'list a file');
    this.#mustBeLoaded(scene);
    // What said why a stack could not be shown; by now it can.
    if (scene.planted !== undefined) throw new Errno(E.ESTALE, 'use what is no longer shown');
    return scene;
  }

  #mustBeLoaded(scene: Scene): void {
    if (!this.#scenery.isLoaded(scene)) throw new NotYet(this.#scenery.load(scene));
  }

  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const region = this.#region(directory);
    if (region !== undefined) {
      const entry = region.fs.lookup(directory - region.base, from, start, end);
      return entry === 0 ? 0 : region.base + entry;
    }
    const child = this.#scenery.child(this.#directory(directory), bytesOf(from, start, end));
    if (child !== undefined && child.item.kind !== 'directory') this.#mustBeLoaded(child);
    return child?.number ?? 0;
  }

  nodeOf(entry: number): number {
    const region = this.#regions.of(entry);
    return region === undefined ? entry : region.base + region.fs.nodeOf(entry - region.base);
  }

  nodeIn = (entry: number, directory: number): number => {
    const region = this.#regions.of(directory);
    if (region === undefined) return this.#nodeOfScene(this.#scene(entry));
    const { fs, base } = region;
    return base + (fs.nodeIn?.(entry - base, directory - base) ?? fs.nodeOf(entry - base));
  };

  /** 0 where what it is was never found out: a lookup has it found out first. */
  #nodeOfScene({ planted, item, children, bytes, number }: Scene): number {
    if (planted !== undefined) return planted.root;
    return item.kind === 'directory' || children !== undefined || bytes !== undefined ? number : 0;
  }

  parentOf(node: number): number {
    const region = this.#region(node);
    if (region === undefined) return this.#scene(node).parent.number;
    const scene = this.#scenery.ofRoot(node);
    if (scene !== undefined) return scene.parent.number;
    return region.base + region.fs.parentOf(node - region.base);
  }

  copyAttributes(node: number, out: Uint32Array, at: number): void {
    const region = this.#region(node);
    if (region === undefined) {
      copyScene(this.#scene(node), this.#options.owner, out, at);
      return;
    }
    region.fs.copyAttributes(node - region.base, out, at);
    out[at] = this.inodeLow(node);
    out[at + 1] = this.inodeHigh(node);
  }

  /** The number that a node's inode number is made of; undefined for what has its own. */
  #inode(number: number, region: Region): number | undefined {
    if (region.fs.typeOf(number - region.base) !== S_IFDIR) return undefined;
    return this.#scenery.ofRoot(number)?.number ?? number;
  }

  inodeLow(number: number): number {
    const region = this.#region(number);
    if (region === undefined) return number;
    return this.#inode(number, region) ?? region.fs.inodeLow(number - region.base);
  }

  inodeHigh(number: number): number {
    const region = this.#region(number);
    if (region === undefined || this.#inode(number, region) !== undefined) return OWN_INODES;
    return region.fs.inodeHigh(number - region.base);
  }

  typeOf(number: number): number {
    const region = this.#region(number);
    if (region !== undefined) return region.fs.typeOf(number - region.base);
    return this.#scene(number).item.kind === 'file' ? S_IFREG : S_IFDIR;
  }

  errnoOf(entry: number): number {
    const region = this.#region(entry);
    return region === undefined ? 0 : region.fs.errnoOf(entry - region.base);
  }

  holds = (node: number): boolean => {
    const region = this.#regions.of(node);
    return region !== undefined && !region.isLive;
  };

  /** An open that is not asked for cannot be refused where the file was replaced since its name was looked up. */
  namesPass = (directory: number): boolean => this.#regions.of(directory)?.isLive === true;

  freshen = (node: number): void => {
    if (this.#regions.of(node) === undefined) this.#freshness?.mustBeFresh();
  };

  remember = (node: number): void => {
    const region = this.#regions.of(node);
    if (region === undefined) this.#numbers.hold(node);
    else region.references++;
  };

  forget = (node: number, count: number): void => {
    const region = this.#regions.of(node);
    if (region === undefined) this.#numbers.letGo(node, count);
    else this.#regions.letGo(region, count);
  };

  firstEntry(directory: number): number {
    // Scenes are listed by `nodesAfter` alone.
    const { base, fs } = this.#region(directory) as Region;
    return base + fs.firstEntry(directory - base);
  }

  entryCount(directory: number): number {
    const { base, fs } = this.#region(directory) as Region;
    return fs.entryCount(directory - base);
  }

  nodesAfter = (directory: number, node: number): readonly number[] | undefined => {
    const region = this.#region(directory);
    if (region !== undefined) {
      const { base, fs } = region;
      const after = fs.nodesAfter?.(directory - base, node < base ? 0 : node - base);
      return after?.map((number) => base + number);
    }
    const numbers = this.#scenery.list(this.#directory(directory)).map(({ number }) => number);
    return numbers.filter((number) => number > node).sort((a, b) => a - b);
  };

  nameLength(entry: number): number {
    const region = this.#region(entry);
    return region === undefined ? this.#scene(entry).name.length : region.fs.nameLength(entry - region.base);
  }

  copyName(entry: number, out: Uint8Array, at: number): void {
    const region = this.#region(entry);
    if (region !== undefined) region.fs.copyName(entry - region.base, out, at);
    else out.set(Buffer.from(this.#scene(entry).name, 'latin1'), at);
  }

  sizeOf(node: number): number {
    const region = this.#region(node);
    return region?.fs.sizeOf(node - region.base) ?? this.#bytes(node).length;
  }

  #bytes(node: number): Uint8Array {
    const scene = this.#scene(node);
    if (scene.item.kind !== 'file') throw new Errno(E.EISDIR, 'read a directory');
    this.#mustBeLoaded(scene);
    return scene.bytes ?? Buffer.alloc(0);
  }

  #open(node: number): boolean {
    const region = this.#region(node);
    return region?.fs.open?.(node - region.base) ?? true;
  }

  readLink(node: number, out: Uint8Array, at: number, capacity: number): number {
    const region = this.#region(node);
    return region === undefined ? -E.EINVAL : region.fs.readLink(node - region.base, out, at, capacity);
  }

  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    const region = this.#region(node);
    if (region !== undefined) return region.fs.read(node - region.base, offset, out, at, size);
    const part = this.#bytes(node).subarray(offset, offset + size);
    out.set(part, at);
    return part.length;
  }

  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number {
    const region = this.#region(node);
    return region === undefined ? 0 : region.fs.readFar(node - region.base, offset, out, at, size);
  }

  seek(node: number, offset: bigint, whence: number): bigint {
    const region = this.#region(node);
    if (region !== undefined) return region.fs.seek(node - region.base, offset, whence);
    const { length } = this.#bytes(node);
    if (offset < 0n || offset >= BigInt(length)) return BigInt(-E.ENXIO);
    return whence === SEEK.DATA ? offset : BigInt(length);
  }

  dataDescriptor(node: number): number {
    const region = this.#region(node);
    return region === undefined ? -1 : region.fs.dataDescriptor(node - region.base);
  }

  getXattr(node: number, name: string, out: Uint8Array, at: number, capacity: number, uid: number): number {
    const region = this.#region(node);
    if (region === undefined) return -E.ENODATA;
    return region.fs.getXattr(node - region.base, name, out, at, capacity, uid);
  }

  listXattr(node: number, out: Uint8Array, at: number, capacity: number, uid: number): number {
    const region = this.#region(node);
    return region === undefined ? 0 : region.fs.listXattr(node - region.base, out, at, capacity, uid);
  }

  inodeFlags(node: number, command: number, out: Uint8Array): number {
    const region = this.#region(node);
    return region === undefined ? -E.ENOTTY : region.fs.inodeFlags(node - region.base, command, out);
  }

  statfs = (out: Buffer, at: number): void => this.#options.statfs(out, at);

  birthTime(node: number): ReturnType<FileSystem['birthTime']> {
    const region = this.#region(node);
    return region?.fs.birthTime(node - region.base);
  }

  loadAhead(): boolean {
    // What is over may be closed already.
    return this.#latest?.isOver === false && (this.#latest.fs.loadAhead?.() ?? false);
  }
}
