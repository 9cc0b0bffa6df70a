// Which names of a tree are shown, as a tree of names: what is not in it is as if it were not there.
import type { ByteString } from '../sys/bytes.ts';

/** Shown with all that is in it. */
export const ALL = 'all';

/** Of a directory, by name: all of it, or what is shown in it. */
export type Selection = ReadonlyMap<ByteString, Selection | typeof ALL>;

type Draft = Map<ByteString, Draft | typeof ALL>;

/** A selection in the making. Paths have `/` at the front; the root itself is always shown. */
export class SelectionDraft {
  readonly #root: Draft = new Map();

  get selection(): Selection {
    return this.#root;
  }

  /** Shows a path and the directories that lead to it; `inside` is what is shown in it, if it is a directory. */
  add(path: ByteString, inside: 'all' | 'nothing'): void {
    const names = namesOf(path);
    const last = names.pop();
    if (last === undefined) return;
    let directory = this.#root;
    for (const name of names) {
      const found = directory.get(name) ?? new Map();
      if (found === ALL) return;
      directory.set(name, found);
      directory = found;
    }
    if (inside === 'all') directory.set(last, ALL);
    else if (!directory.has(last)) directory.set(last, new Map());
  }

  /** Whether all that is at and below a path is shown. */
  hasAll(path: ByteString): boolean {
    return this.#at(path) === ALL;
  }

  /** Whether a path is shown, or something below it. */
  has(path: ByteString): boolean {
    return this.#at(path) !== undefined;
  }

  #at(path: ByteString): Draft | typeof ALL | undefined {
    let at: Draft | typeof ALL | undefined = this.#root;
    for (const name of namesOf(path)) {
      if (at === ALL || at === undefined) break;
      at = at.get(name);
    }
    return at;
  }
}

function namesOf(path: ByteString): ByteString[] {
  return path.split('/').filter((name) => name !== '') as ByteString[];
}
