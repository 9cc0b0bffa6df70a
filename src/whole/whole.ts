// Many stacks as one file system: directories and small files that are on no disk lead to them. A number belongs to the scenery
// or to the region of a grove or a tree, which is asked by its own number; directories have inode numbers by their number.
import type { FileSystem } from '../fuse/filesystem.ts';
import { bytesOf } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR } from '../sys/statx.ts';
import { Freshness } from './freshness.ts';
import { graftAll, listChanging, listGrafted, listScenes } from './grafting.ts';
import { Grafts } from './grafts.ts';
import type { SceneBytes } from './item.ts';
import { type Region, Regions } from './regions.ts';
import { copyScene, OWN_INODES, typeOfScene } from './scene-attributes.ts';
import { readScene, seekScene } from './scene-bytes.ts';
import { SceneNumbers } from './scene-numbers.ts';
import { type Scene, Scenery } from './scenery.ts';
import { Stacks, TREE_NUMBERS } from './stacks.ts';
import type { WholeOptions } from './whole-options.ts';

/** Numbers of scenes are below this. */
const SCENES = 2 ** 26;

export class Whole implements FileSystem {
  /** Present from when on a stack was opened that changes. */
  open?: (node: number) => boolean;
  readonly #options: WholeOptions;
  readonly #regions = new Regions(SCENES);
  readonly #stacks: Stacks;
  readonly #scenery: Scenery;
  readonly #grafts = new Grafts();
  /** That of the last request, which is the likeliest to be asked next. */
  #latest: Region | undefined;
  readonly #freshness: Freshness | undefined;
  readonly #numbers: SceneNumbers;

  constructor(options: WholeOptions) {
    this.#options = options;
    this.#stacks = new Stacks(this.#regions, options);
    const { root, log, followed } = options;
    this.#numbers = new SceneNumbers(SCENES, root.kind === 'stack' ? TREE_NUMBERS : 1);
    this.#scenery = new Scenery({
      root,
      log,
      numbers: this.#numbers,
      plant: async (item) => {
        this.#stacks.makeRoom();
        const planted = this.#stacks.plant(await item.open(), item === root);
        if (planted.region.fs.open !== undefined) this.open ??= (node) => this.#open(node);
        return planted;
      },
      graft: (planted, add) => graftAll(planted, { fs: this, grafts: this.#grafts, add, log }),
      ungraft: (scene) => this.#grafts.remove(scene),
      onChange: (directory, name) => options.onChange?.(directory, name),
    });
    this.#freshness =
      followed &&
      new Freshness(followed, log, async (look) => {
        this.#stacks.makeRoom();
        await this.#scenery.update(await followed.look(log, look));
      });
    this.#stacks.onLetGo = (region) => this.#scenery.forgetRoots((planted) => planted.region === region);
  }

  /** To be awaited before anything is served. Throws Trouble where the root is a stack that cannot be shown. */
  start = (): Promise<void> => this.#scenery.start();

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
    this.#freshness?.shouldBeFresh();
    if (scene.item.kind === 'file') throw new Errno(E.ENOTDIR, 'list a file');
    this.#scenery.mustBeLoaded(scene);
    // What said why a stack could not be shown; by now it can.
    if (scene.planted !== undefined) throw new Errno(E.ESTALE, 'use what is no longer shown');
    return scene;
  }

  lookup(directory: number, from: Uint8Array, start: number, end: number): number {
    const graft = this.#grafts.in(directory)?.get(bytesOf(from, start, end));
    if (graft !== undefined) return this.#entered(graft);
    const region = this.#region(directory);
    if (region !== undefined) {
      const entry = region.fs.lookup(directory - region.base, from, start, end);
      return entry === 0 ? 0 : region.base + entry;
    }
    const child = this.#scenery.child(this.#directory(directory), bytesOf(from, start, end));
    // What is not known, and what is yet to be opened, is looked for in what there is now.
    if (!this.#scenery.isOpen(child)) this.#freshness?.mustBeFresh();
    return child === undefined ? 0 : this.#entered(child);
  }

  #listed(directory: number, after: number): readonly Scene[] {
    this.#freshness?.mustBeFresh();
    return this.#scenery.list(this.#directory(directory), { isFirst: after === 0 });
  }

  #entered(scene: Scene): number {
    if (scene.item.kind !== 'directory') this.#scenery.mustBeLoaded(scene);
    // What its name led to may be there no more.
    return scene.planted?.now?.() === 0 ? 0 : scene.number;
  }

  nodeOf(entry: number): number {
    const region = this.#regions.of(entry);
    return region === undefined ? entry : region.base + region.fs.nodeOf(entry - region.base);
  }

  nodeIn = (entry: number, directory: number): number => {
    const region = this.#regions.of(directory);
    const isScene = this.#regions.of(entry) === undefined;
    if (region === undefined || isScene) return this.#nodeOfScene(this.#scene(entry));
    const { fs, base } = region;
    return base + (fs.nodeIn?.(entry - base, directory - base) ?? fs.nodeOf(entry - base));
  };

  /** 0 where what it is was never found out: a lookup has it found out first. */
  #nodeOfScene({ planted, item, children, bytes, number }: Scene): number {
    if (planted !== undefined) return planted.now?.() ?? planted.root;
    return item.kind === 'directory' || children !== undefined || bytes !== undefined ? number : 0;
  }

  parentOf(node: number): number {
    const region = this.#region(node);
    if (region === undefined) return this.#scene(node).parent;
    return this.#scenery.ofRoot(node)?.parent ?? region.base + region.fs.parentOf(node - region.base);
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
    const { base, entry, fs } = region;
    if (entry !== undefined) return this.#scenery.ofRoot(entry)?.number;
    if (fs.typeOf(number - base) !== S_IFDIR) return undefined;
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
    return typeOfScene(this.#scene(number));
  }

  errnoOf(entry: number): number {
    const region = this.#region(entry);
    return region === undefined ? 0 : region.fs.errnoOf(entry - region.base);
  }

  holds = (node: number): boolean => {
    const region = this.#regions.of(node);
    return region !== undefined && !region.isLive && this.#grafts.in(node) === undefined;
  };

  /** An open that is not asked for cannot be refused where the file was replaced since its name was looked up. */
  namesPass = (directory: number): boolean =>
    this.#regions.of(directory)?.isLive === true || this.#grafts.in(directory) !== undefined;

  freshen = (node: number): void => {
    if (this.#regions.of(node) === undefined) this.#freshness?.shouldBeFresh();
  };

  remember = (node: number): void => this.#counterOf(node).hold(node);

  forget = (node: number, count: number): void => this.#counterOf(node).letGo(node, count);

  #counterOf = (node: number): Regions | SceneNumbers =>
    this.#regions.of(node) === undefined ? this.#numbers : this.#regions;

  firstEntry(directory: number): number {
    // Scenes are listed by `nodesAfter` alone.
    const { base, fs } = this.#region(directory) as Region;
    return base + fs.firstEntry(directory - base);
  }

  entryCount(directory: number): number {
    const { base, fs } = this.#region(directory) as Region;
    return fs.entryCount(directory - base);
  }

  nodesAfter = (directory: number, node: number): Iterable<number> | undefined => {
    const region = this.#region(directory);
    const grafted = this.#grafts.in(directory);
    if (region === undefined) return listScenes(this.#listed(directory, node), grafted, node);
    return grafted === undefined
      ? listChanging(region, directory, node)
      : listGrafted(region, directory, grafted, node);
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

  #bytes(node: number): SceneBytes {
    const scene = this.#scene(node);
    if (scene.item.kind !== 'file') throw new Errno(E.EISDIR, 'read a directory');
    this.#scenery.mustBeLoaded(scene);
    return scene.bytes ?? Buffer.alloc(0);
  }

  #open(node: number): boolean {
    const region = this.#region(node);
    return region?.fs.open?.(node - region.base) ?? true;
  }

  opened = (node: number): void => this.#regions.opened(node);

  readLink(node: number, out: Uint8Array, at: number, capacity: number): number {
    const region = this.#region(node);
    return region === undefined ? -E.EINVAL : region.fs.readLink(node - region.base, out, at, capacity);
  }

  read(node: number, offset: number, out: Uint8Array, at: number, size: number): number {
    const region = this.#region(node);
    if (region !== undefined) return region.fs.read(node - region.base, offset, out, at, size);
    return readScene(this.#bytes(node), offset, out.subarray(at, at + size));
  }

  readFar(node: number, offset: bigint, out: Uint8Array, at: number, size: number): number {
    const region = this.#region(node);
    return region === undefined ? 0 : region.fs.readFar(node - region.base, offset, out, at, size);
  }

  seek(node: number, offset: bigint, whence: number): bigint {
    const region = this.#region(node);
    if (region !== undefined) return region.fs.seek(node - region.base, offset, whence);
    return seekScene(this.#bytes(node), offset, whence);
  }

  dataDescriptor(node: number): number {
    const region = this.#region(node);
    return region === undefined ? -1 : region.fs.dataDescriptor(node - region.base);
  }

  getXattr(node: number, name: string, out: Uint8Array, at: number, capacity: number, uid: number): number {
    const region = this.#region(node);
    return region?.fs.getXattr(node - region.base, name, out, at, capacity, uid) ?? -E.ENODATA;
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
