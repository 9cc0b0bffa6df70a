// When what there is, is looked at again: when somebody asks, and not too often. Nothing watches.
import { NotYet } from '../fuse/filesystem.ts';
import type { Followed, LookOptions } from './whole-options.ts';

/** Milliseconds between two times that it is asked whether there is news. */
const PAUSE = 1000;
/**
 * How many times as long as a look took, in processor time, it is until the next: where there is news, and where there is none. It
 * is clock time that passes, since it is the share of a processor that looks may take that is meant.
 */
const NEWS_LEISURE = 2;
const LEISURE = 10;
/** Milliseconds of a look for which everybody waits; who can do with what is known waits no longer for any. */
const PATIENCE = 50;

interface Look {
  readonly done: Promise<void>;
  /** Done, or `PATIENCE` is over. */
  readonly brief: Promise<void>;
  /** Whether somebody waits for it: not where nothing told of a change. */
  readonly isAwaited: boolean;
  isLong: boolean;
}

export class Freshness {
  readonly #followed: Followed;
  readonly #look: (options: LookOptions) => Promise<void>;
  readonly #log: (message: string) => void;
  readonly #now: () => number;
  #asked: number;
  #looked: number;
  #current: Look | undefined;

  /** `look` has `followed` look, and makes of its answer what is shown; a fault in that is told to `log`. `now`: milliseconds. */
  constructor(
    followed: Followed,
    log: (message: string) => void,
    look: (options: LookOptions) => Promise<void>,
    now = () => performance.now(),
  ) {
    this.#followed = followed;
    this.#look = look;
    this.#log = log;
    this.#now = now;
    this.#asked = now();
    this.#looked = this.#asked;
  }

  /** Throws NotYet while what there is, is looked at. */
  mustBeFresh(): void {
    this.#lookIfDue();
    if (this.#current?.isAwaited === true) throw new NotYet(this.#current.done);
  }

  /** The same for who is answered by what is known where a look takes long. */
  shouldBeFresh(): void {
    this.#lookIfDue();
    const look = this.#current;
    if (look?.isAwaited === true && !look.isLong) throw new NotYet(look.brief);
  }

  #lookIfDue(): void {
    const now = this.#now();
    if (this.#current !== undefined || now - this.#asked < PAUSE) return;
    this.#asked = now;
    const { cost } = this.#followed;
    const rest = now - this.#looked;
    const hasNews = rest >= cost * NEWS_LEISURE && this.#followed.hasNews();
    if (hasNews || rest >= cost * LEISURE) this.#begin(hasNews, hasNews || cost < PATIENCE);
  }

  #begin(hasNews: boolean, isAwaited: boolean): void {
    const done = this.#lookOnce({ more: !hasNews });
    const patience = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE));
    const look: Look = { isAwaited, isLong: false, done, brief: Promise.race([done, patience]) };
    this.#current = look;
    void patience.then(() => {
      look.isLong = true;
    });
  }

  /** Never refused: after a fault, who waits is answered by what is known, and the next look may find what this did not. */
  async #lookOnce(options: LookOptions): Promise<void> {
    try {
      await this.#look(options);
    } catch (error) {
      this.#log(`a fault of stratafs itself: ${error instanceof Error ? (error.stack ?? error) : error}`);
    } finally {
      this.#looked = this.#now();
      this.#asked = this.#looked;
      this.#current = undefined;
    }
  }
}
