// When what there is, is looked at again: when somebody asks, and not too often. Nothing watches.
import { NotYet } from '../fuse/filesystem.ts';

/** Milliseconds between two looks at what there is; and how many times as long as a look takes they are at least. */
const PAUSE = 1000;
const LEISURE = 10;

export class Freshness {
  readonly #look: () => Promise<void>;
  #looked = performance.now();
  #pause = PAUSE;
  #looking: Promise<void> | undefined;

  /** `look` is never refused. */
  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  /** Throws NotYet where it is time to look again. */
  mustBeFresh(): void {
    if (performance.now() - this.#looked < this.#pause) return;
    this.#looking ??= this.#lookAgain().finally(() => {
      this.#looking = undefined;
    });
    throw new NotYet(this.#looking);
  }

  async #lookAgain(): Promise<void> {
    const start = performance.now();
    await this.#look();
    this.#looked = performance.now();
    this.#pause = Math.max(PAUSE, (this.#looked - start) * LEISURE);
  }
}
