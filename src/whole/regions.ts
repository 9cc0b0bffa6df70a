// Which numbers of nodes are whose: each grove and each tree that is served has a run of them, which is given to another when
// the kernel has forgotten all of it.
import type { FileSystem } from '../fuse/filesystem.ts';

/** Numbers are given out in pieces of this many bits. */
const PIECE_BITS = 20;
const PIECES = 2 ** (32 - PIECE_BITS);

/** A file system below a directory of another. Its numbers are the kernel's less `base`. */
export interface Region {
  readonly base: number;
  readonly fs: FileSystem;
  /** Of one that is there for one file: the number that this had at first. */
  readonly entry?: number;
  /** Whether what it shows may change. */
  readonly isLive: boolean;
  /** How often the kernel was given a node of it and has not forgotten it. */
  references: number;
  /** Whether nothing leads to it any more: it ends when the kernel has forgotten it. */
  isOver: boolean;
  /** Closes what is open; what is asked for afterwards is opened again. */
  readonly giveBack: () => void;
  /** Nothing of it is read ahead any more. */
  readonly rest: () => void;
  readonly close: () => void;
}

export class Regions {
  readonly #pieces: (Region | undefined)[] = new Array<Region | undefined>(PIECES);
  readonly #all = new Set<Region>();
  readonly #first: number;

  /** All numbers below `first` are somebody else's; it is a multiple of a piece. */
  constructor(first: number) {
    this.#first = first >>> PIECE_BITS;
  }

  get all(): ReadonlySet<Region> {
    return this.#all;
  }

  of(number: number): Region | undefined {
    return this.#pieces[number >>> PIECE_BITS];
  }

  /** The first of `count` numbers that are nobody's; undefined where so many are not left. */
  freeRun(count: number): number | undefined {
    const wanted = Math.ceil(count / 2 ** PIECE_BITS);
    // The very last piece stays free: a place in a listing is a number and a little more.
    for (let first = this.#first, run = 0, piece = first; piece < PIECES - 1; piece++) {
      run = this.#pieces[piece] === undefined ? run + 1 : 0;
      if (run === 0) first = piece + 1;
      else if (run === wanted) return first * 2 ** PIECE_BITS;
    }
    return undefined;
  }

  /** Gives `count` numbers from the region's base on, which are free, to it. */
  add(region: Region, count: number): void {
    const first = region.base >>> PIECE_BITS;
    this.#pieces.fill(region, first, first + Math.ceil(count / 2 ** PIECE_BITS));
    this.#all.add(region);
  }

  /** The kernel was given a node of a region. */
  hold(node: number): void {
    const region = this.of(node);
    if (region !== undefined) region.references++;
  }

  letGo(node: number, count: number): void {
    const region = this.of(node);
    if (region === undefined) return;
    region.references -= count;
    this.endIfUnused(region);
  }

  /** As `FileSystem.opened`. */
  opened(node: number): void {
    const region = this.of(node);
    region?.fs.opened?.(node - region.base);
  }

  /** Closes a region that is over, once nothing of it is known to the kernel. */
  endIfUnused(region: Region): void {
    if (!region.isOver || region.references > 0 || !this.#all.delete(region)) return;
    for (let piece = 0; piece < PIECES; piece++) {
      if (this.#pieces[piece] === region) this.#pieces[piece] = undefined;
    }
    region.close();
  }
}
