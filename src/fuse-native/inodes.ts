// Inode numbers in the 32 bits that fuse-native has for them.
import { E, Errno } from '../sys/errors.ts';

/** From here on up are numbers that stand for others: 2^28 of them. */
const FIRST_STAND_IN = 0xf000_0000;
const LAST_STAND_IN = 0xffff_ffff;

/**
 * Small numbers are shown as they are. Each larger one gets a number of its own from a range kept for that, so that two
 * files never look like one, and the links of one file always do.
 */
export class Inodes {
  readonly #standIns = new Map<string, number>();
  readonly #onFirst: () => void;

  /** `onFirst` is told once that a number will not be the true one. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  /** The low and high 32 bits. Throws Errno EOVERFLOW where no number is left. */
  shown(low: number, high: number): number {
    if (high === 0 && low < FIRST_STAND_IN) return low;
    const key = `${high}:${low}`;
    const known = this.#standIns.get(key);
    if (known !== undefined) return known;
    if (this.#standIns.size === 0) this.#onFirst();
    const next = FIRST_STAND_IN + this.#standIns.size;
    if (next > LAST_STAND_IN) throw new Errno(E.EOVERFLOW, 'number an inode');
    this.#standIns.set(key, next);
    return next;
  }
}
