// The stacks of a file system of many: opened when they are asked for, most of them as trees of one grove. When the grove has
// grown beyond its bound a new one takes its place, and the old one ends when the kernel has forgotten it.
import { GROVE_NUMBERS, Grove } from '../overlay/grove/grove.ts';
import type { GroveFiles } from '../overlay/grove/grove-files.ts';
import { Tree } from '../overlay/tree.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { cString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { descriptorLimit } from '../sys/limits.ts';
import type { ReadAhead } from '../view.ts';
import type { MountedItem, OpenStack } from './item.ts';
import { PartialView } from './partial-view.ts';
import type { Region, Regions } from './regions.ts';

/** Numbers of a tree of its own; and of how many that may be there at once its memory is reserved as one. */
export const TREE_NUMBERS = 2 ** 22;
const TREE_PART = 16;
/** Of one that is there for one entry of its root. */
const ENTRY_NUMBERS = 2 ** 20;
const ENTRY_PART = 64;
/** Below this limit of descriptors those that are kept open are given back before a stack is opened. */
const FEW_DESCRIPTORS = 512;
/** Groves that were let go and are in use still. */
const MOST_OVER = 8;

/** Has a grove's files in the kernel's cache before they are read. */
export interface FilesAhead extends ReadAhead {
  end(): void;
}

export interface StacksOptions {
  /** Told of damage that only costs one name. */
  readonly log: (message: string) => void;
  /** How large a grove becomes, in objects, before it is let go; at least one stack is in it whatever its size. */
  readonly most: number;
  readonly readAhead?: ((files: GroveFiles) => FilesAhead | undefined) | undefined;
}

/** A stack's root: a node of the kernel's. */
export interface Planted {
  readonly region: Region;
  readonly root: number;
  /** Present where that is no directory: what its name leads to now, 0 where nothing is there. */
  readonly now?: () => number;
  readonly mounted: readonly MountedItem[];
  /** Has what is inside end with ESTALE. */
  readonly fell: () => void;
}

interface PlantedGrove {
  readonly grove: Grove;
  readonly view: PartialView;
  readonly region: Region;
}

export class Stacks {
  readonly #regions: Regions;
  readonly #options: StacksOptions;
  readonly #devices: string[] = [];
  /** Whether so few descriptors may be open that those of others are in the way of opening a stack. */
  readonly #isShort = descriptorLimit() < FEW_DESCRIPTORS;
  #grove: PlantedGrove | undefined;
  /** Told of a region that was let go: nothing may lead to it any more. */
  onLetGo: (region: Region) => void = () => {};

  constructor(regions: Regions, options: StacksOptions) {
    this.#regions = regions;
    this.#options = options;
  }

  /** To be called before a stack is opened. */
  makeRoom(): void {
    if (this.#isShort) this.giveBack();
  }

  /** Closes what all keep open; what is asked for afterwards is opened again. */
  giveBack(): void {
    for (const region of this.#regions.all) region.giveBack();
  }

  /** `isRoot`: the numbers of what is planted are those of its tree, whose root is 1. Throws Errno. */
  plant(open: OpenStack, isRoot = false): Planted {
    const isApart = isRoot || open.isAlone === true || needsOwnTree(open.stack);
    return isApart ? this.#plantTree(open, isRoot) : this.#plantInGrove(open);
  }

  #plantInGrove({ stack, recorded, only, mounted = [] }: OpenStack): Planted {
    const isLarge = (this.#grove?.grove.size ?? 0) > this.#options.most;
    if (this.#grove !== undefined && isLarge && this.#mayLetGo) this.#letGo(this.#grove.region);
    this.#grove ??= this.#newGrove();
    const { grove, view, region } = this.#grove;
    const root = grove.plant(stack, recorded);
    if (only !== undefined) view.showOnly(root, only);
    return { region, root: region.base + root, mounted, fell: () => grove.fell(root) };
  }

  /** The kernel is asked to forget what is let go; where it does not, there must not be ever more of it. */
  get #mayLetGo(): boolean {
    return [...this.#regions.all].filter(({ isOver }) => isOver).length < MOST_OVER;
  }

  #letGo(region: Region): void {
    this.#grove = undefined;
    region.isOver = true;
    region.rest();
    region.giveBack();
    this.onLetGo(region);
    this.#regions.endIfUnused(region);
  }

  #newGrove(): PlantedGrove {
    const grove = new Grove({
      log: this.#options.log,
      devices: this.#devices,
      onShortage: () => this.giveBack(),
    });
    const base = this.#freeRun(GROVE_NUMBERS);
    const ahead = this.#options.readAhead?.(grove.rowsFrom(base));
    const view = new PartialView(grove, { readAhead: ahead });
    const region: Region = {
      base,
      fs: view,
      isLive: false,
      references: 0,
      isOver: false,
      giveBack: () => grove.giveBack(),
      rest: () => ahead?.end(),
      close: () => {
        ahead?.end();
        grove.close();
      },
    };
    this.#regions.add(region, GROVE_NUMBERS);
    return { grove, view, region };
  }

  #plantTree({ stack, recorded, only, entry, mounted = [] }: OpenStack, isRoot: boolean): Planted {
    const part = entry === undefined ? TREE_PART : ENTRY_PART;
    const among = { part, devices: this.#devices, onShortage: () => this.giveBack() };
    const { log } = this.#options;
    const count = entry === undefined ? TREE_NUMBERS : ENTRY_NUMBERS;
    const base = isRoot ? 0 : this.#freeRun(count);
    const tree = new Tree(stack, {
      log,
      among,
      follows: true,
      ...(recorded === undefined ? {} : { recorded }),
    });
    const fs = new PartialView(tree);
    if (only !== undefined) fs.showOnly(tree.root, only);
    const now = () => {
      const found = entry === undefined ? tree.root : fs.lookup(tree.root, cString(entry), 0, entry.length);
      return found === 0 || fs.errnoOf(found) !== 0 ? 0 : base + fs.nodeOf(found);
    };
    const root = now();
    if (root === 0) {
      tree.close();
      throw new Errno(E.ENOENT, 'find a file that was there');
    }
    const region: Region = {
      base,
      fs,
      ...(entry === undefined ? {} : { entry: root }),
      isLive: tree.live !== undefined,
      references: 0,
      isOver: false,
      giveBack: () => tree.giveBack(),
      rest: () => {},
      close: () => tree.close(),
    };
    this.#regions.add(region, count);
    const fell = () => {
      region.isOver = true;
      this.#regions.endIfUnused(region);
    };
    return { region, root, ...(entry === undefined ? {} : { now }), mounted, fell };
  }

  #freeRun(count: number): number {
    const base = this.#regions.freeRun(count);
    if (base === undefined)
      throw new Errno(E.ENFILE, 'show a stack: there are as many as can be shown at once');
    return base;
  }

  /** Nothing is read ahead any more. */
  rest(): void {
    for (const region of this.#regions.all) region.rest();
  }

  close(): void {
    for (const region of this.#regions.all) region.close();
  }
}

/** Whether a stack cannot be a tree of a grove: it changes, or data of its files are elsewhere. */
function needsOwnTree({ layers, dataLayers, metacopy }: LayerStack): boolean {
  return layers.some(({ live }) => live) || dataLayers.length > 0 || metacopy === true;
}
