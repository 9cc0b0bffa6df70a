// One root as directories, and as it becomes: what of a store is shown is looked at anew, and shown on as it was where that fails.

import { openTheStore } from '../../../open/stack.ts';
import type { Store } from '../../../store/store.ts';
import { bytesOfText } from '../../../sys/bytes.ts';
import { attempt, Trouble } from '../../../sys/errors.ts';
import type { Kept } from '../../../sys/kept.ts';
import { escapeText } from '../../../told/escape.ts';
import type { DirectoryItem } from '../../../whole/item.ts';
import type { Followed } from '../../../whole/whole-options.ts';
import { catalogOf, ownWord, versionOfCatalog } from '../catalog.ts';
import type { ManyOptions } from '../subject.ts';
import { Asking } from './asking.ts';
import { LatestStore } from './latest-store.ts';
import { type Lists, listsOf, storeWords } from './question.ts';

/** Milliseconds of processor time of a look that need not be taken by another process, which takes about 150 to begin with. */
const SHORT = 50;

interface OpenOptions {
  /** Whether nothing else is in the mount. */
  readonly isAlone: boolean;
  /** Its own where there is none. */
  readonly asking?: Asking;
}

export class FollowedRoot implements Followed {
  /** As it was opened first. */
  readonly store: Store;
  readonly #args: ManyOptions;
  readonly #followed: LatestStore;
  readonly #asking: Asking;
  /** What told of changes before the last look. */
  #stamp = '';
  /** Milliseconds of processor time that the last look took. */
  #cost: number;
  #latest: DirectoryItem;
  #listing: Promise<DirectoryItem> | undefined;

  private constructor(store: Store, args: ManyOptions, { isAlone, asking = new Asking() }: OpenOptions) {
    this.store = store;
    this.#args = args;
    this.#followed = new LatestStore(store);
    this.#asking = asking;
    // Of what is nowhere else shown nobody has anything to read before it was listed.
    this.#cost = isAlone ? 0 : SHORT;
    // Listing a large store takes a while: whoever looks first waits for it, the mount does not.
    this.#latest = {
      kind: 'directory',
      version: 'unlisted',
      list: async () => (await this.#catalog(() => {})).list(),
    };
  }

  /** Throws Trouble where there is no store. */
  static async open(args: ManyOptions, options: OpenOptions): Promise<FollowedRoot> {
    return new FollowedRoot(await openTheStore(args), args, options);
  }

  get latest(): DirectoryItem {
    return this.#latest;
  }

  get cost(): number {
    return this.#cost;
  }

  /** Layers lie below these. */
  get kept(): Kept[] {
    const { root, additionalRoot = [], containerdRoot } = this.#args;
    const named = [root, ...additionalRoot, ...(containerdRoot === undefined ? [] : [containerdRoot])];
    const all = new Set([this.store.directory, ...named.map(bytesOfText)]);
    return [...all].map((directory) => ({ directory, what: 'the store' }));
  }

  /** The mount ends: who was asked about the store has nothing to do any more. */
  end(): void {
    this.#asking.end();
  }

  hasNews(): boolean {
    return this.#stampNow() !== this.#stamp;
  }

  async look(log: (message: string) => void): Promise<DirectoryItem> {
    try {
      this.#followed.renew(await openTheStore(this.#args));
      this.#latest = await this.#catalog(log);
    } catch (error) {
      // What was there is shown on, until the store can be listed again; whoever looks is not to wait for ever.
      log(error instanceof Trouble ? error.message : `a fault of stratafs itself: ${String(error)}`);
    }
    return this.#latest;
  }

  #stampNow(): string {
    const stamp = attempt(() => this.#followed.store.stamp());
    return stamp instanceof Trouble ? stamp.message : stamp;
  }

  /** One at a time. Throws Trouble where the store cannot be listed. */
  #catalog(log: (message: string) => void): Promise<DirectoryItem> {
    this.#listing ??= this.#list(log).finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  async #list(log: (message: string) => void): Promise<DirectoryItem> {
    // What changes while it is listed is news, and what could not be listed stays news.
    const stamp = this.#stampNow();
    const lists = (this.#cost < SHORT ? undefined : await this.#listsElsewhere(log)) ?? this.#listsHere();
    await this.#followed.look(new Set([...lists.images, ...lists.containers].map(ownWord)));
    const isTheSame = versionOfCatalog(lists, this.#followed) === this.#latest.version;
    const { ask } = this.#asking;
    const catalog = isTheSame
      ? this.#latest
      : catalogOf(lists, { ...this.#args, latest: this.#followed, ask });
    this.#stamp = stamp;
    return catalog;
  }

  #listsHere(): Lists {
    const before = process.cpuUsage();
    try {
      return listsOf(this.#followed.store);
    } finally {
      const { user, system } = process.cpuUsage(before);
      this.#cost = (user + system) / 1000;
    }
  }

  /** By another process; undefined where that fails. Throws Trouble where the store cannot be listed. */
  async #listsElsewhere(log: (message: string) => void): Promise<Lists | undefined> {
    const answer = await this.#asking.ask({ what: 'lists', store: storeWords(this.#args) });
    const cannot = `Cannot list "${escapeText(this.#args.root)}"`;
    if (answer.kind === 'trouble') throw new Trouble('store', answer.message);
    if (answer.kind === 'late') {
      // Most who ask within the time of this look and its rest are answered at once by what was known.
      this.#cost = Math.max(this.#cost, answer.waited);
      throw new Trouble('store', `${cannot}: ${answer.why}`);
    }
    if (answer.kind === 'failed') log(`${cannot} by another process: ${answer.why}`);
    if (answer.kind !== 'lists') return undefined;
    this.#cost = answer.cost;
    return answer.lists;
  }
}
