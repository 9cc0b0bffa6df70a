// One root as directories, and as it becomes: what of a store is shown is looked at anew, and shown on as it was where that fails.

import { openTheStore } from '../../open/stack.ts';
import type { Store } from '../../store/store.ts';
import { bytesOfText } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import type { Kept } from '../../sys/kept.ts';
import type { DirectoryItem } from '../../whole/item.ts';
import { catalogOf } from './catalog.ts';
import { LatestStore } from './latest-store.ts';
import type { ManyOptions } from './subject.ts';

export class FollowedRoot {
  /** As it was opened first. */
  readonly store: Store;
  readonly #args: ManyOptions;
  readonly #followed: LatestStore;
  #latest: DirectoryItem;

  private constructor(store: Store, args: ManyOptions) {
    this.store = store;
    this.#args = args;
    this.#followed = new LatestStore(store);
    // Listing a large store takes a while: whoever looks first waits for it, the mount does not.
    this.#latest = { kind: 'directory', version: 'unlisted', list: () => this.#catalog().list() };
  }

  /** Throws Trouble where there is no store. */
  static async open(args: ManyOptions): Promise<FollowedRoot> {
    return new FollowedRoot(await openTheStore(args), args);
  }

  get latest(): DirectoryItem {
    return this.#latest;
  }

  /** Layers lie below these. */
  get kept(): Kept[] {
    const { root, additionalRoot = [], containerdRoot } = this.#args;
    const named = [root, ...additionalRoot, ...(containerdRoot === undefined ? [] : [containerdRoot])];
    const all = new Set([this.store.directory, ...named.map(bytesOfText)]);
    return [...all].map((directory) => ({ directory, what: 'the store' }));
  }

  #catalog(): DirectoryItem {
    return catalogOf({ ...this.#args, latest: this.#followed });
  }

  /** Never refused. */
  async refresh(log: (message: string) => void): Promise<DirectoryItem> {
    try {
      this.#followed.renew(await openTheStore(this.#args));
      this.#latest = this.#catalog();
    } catch (error) {
      // What was there is shown on, until the store can be listed again; whoever looks is not to wait for ever.
      log(error instanceof Trouble ? error.message : `a fault of stratafs itself: ${String(error)}`);
    }
    return this.#latest;
  }
}
