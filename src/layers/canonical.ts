// Where a path leads in the merged view, as names from the root: what questions to the layers are asked by. Asks the layers
// themselves, so no merged tree is opened for it.
import { type NamedTree, walk } from '../overlay/path.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { unlessErrno } from '../sys/errors.ts';
import { S_IFDIR, S_IFMT, STATX } from '../sys/statx.ts';
import { componentsOf, type FoundName, type Layers } from './layers.ts';

/** The names that lead to a path without links on the way; what is not there any more is taken as it is written. */
export function canonical(layers: Layers, path: ByteString): ByteString[] {
  const view = new WalkedView(layers);
  const names = componentsOf(path);
  for (let count = names.length; count >= 0; count--) {
    const isWhole = count === names.length;
    const start = isWhole ? path : asBytes(`/${names.slice(0, count).join('/')}`);
    const found = unlessErrno(() => walk(view, start, { follow: !isWhole }));
    if (found !== undefined) return [...view.namesOf(found), ...names.slice(count)];
  }
  return names;
}

/** A name that a walk came by. */
interface Walked {
  readonly parent: number;
  readonly name: ByteString;
  readonly found: FoundName;
}

/** The merged view as far as it was walked: an entry is a number, the root 1. */
class WalkedView implements NamedTree {
  readonly root = 1;
  readonly #layers: Layers;
  readonly #walked: Walked[] = [];

  constructor(layers: Layers) {
    this.#layers = layers;
  }

  /** Undefined for the root, which no name was asked for. */
  #at(entry: number): Walked | undefined {
    return this.#walked[entry - this.root - 1];
  }

  nodeOf(entry: number): number {
    return entry;
  }

  parentOf(entry: number): number {
    return this.#at(entry)?.parent ?? this.root;
  }

  typeOf(entry: number): number {
    const walked = this.#at(entry);
    return walked === undefined ? S_IFDIR : (walked.found.top.status[STATX.mode] as number) & S_IFMT;
  }

  find(directory: number, name: ByteString): number {
    const found = this.#at(directory)?.found;
    const parts = found?.kind === 'directory' ? found.stack : this.#layers.shownRoots();
    const next = this.#layers.resolve(parts, name);
    if (next === undefined) return 0;
    this.#walked.push({ parent: directory, name, found: next });
    return this.root + this.#walked.length;
  }

  linkTarget(entry: number): ByteString {
    const { found } = this.#at(entry) as Walked;
    return this.#layers.linkTarget(found.top);
  }

  namesOf(entry: number): ByteString[] {
    const names: ByteString[] = [];
    for (let at = this.#at(entry); at !== undefined; at = this.#at(at.parent)) names.push(at.name);
    return names.reverse();
  }
}
