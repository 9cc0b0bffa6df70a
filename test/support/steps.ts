// Counts what is asked of the files of stores, so that what would never end comes to an end: a bound that does not depend on how
// fast a machine is.
import { vi } from 'vitest';
import { type OpenFile, StoreFiles } from '../../src/store/files.ts';

/** Counts from its making on, in all of this file's tests. */
type Asked<T> = (this: StoreFiles, path: string, ...rest: readonly unknown[]) => T;

/** Counts from its making on, in all tests of a file, which makes one. */
export class Steps {
  #taken = 0;
  #most = Number.POSITIVE_INFINITY;

  constructor() {
    const { prototype } = StoreFiles;
    for (const name of ['kindOf', 'ownerOf', 'namesIfPresent', 'readIfPresent', 'linkIfPresent'] as const) {
      const counted = this.#counting(prototype[name] as Asked<unknown>);
      vi.spyOn(prototype, name as 'kindOf').mockImplementation(counted as never);
    }
    const open = this.#counting(prototype.openIfPresent as Asked<OpenFile | undefined>);
    const step = () => this.#step();
    vi.spyOn(prototype, 'openIfPresent').mockImplementation(function (this: StoreFiles, path: string) {
      const file = open.call(this, path);
      if (file === undefined) return undefined;
      const read = (position: number, length: number) => {
        step();
        return file.read(position, length);
      };
      return { ...file, read };
    });
  }

  /** How many `act` took. More than `most` are an Error, which is no Trouble, thrown where they are taken. */
  async count(act: () => unknown, most = Number.POSITIVE_INFINITY): Promise<number> {
    this.#taken = 0;
    this.#most = most;
    try {
      await act();
      return this.#taken;
    } finally {
      this.#most = Number.POSITIVE_INFINITY;
    }
  }

  #counting<T>(asked: Asked<T>): Asked<T> {
    const step = () => this.#step();
    return function (this: StoreFiles, ...args) {
      step();
      return asked.apply(this, args);
    };
  }

  #step(): void {
    if (++this.#taken > this.#most) throw new Error(`more than ${this.#most} steps: this does not end`);
  }
}
