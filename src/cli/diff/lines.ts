// The short forms of `stratafs diff`, for scripts: a letter or rsync's eleven and a path.
import type { Change } from '../../diff/change.ts';
import { type Aspect, type Item, isSameSize, modeOf, mtimeOf, typeBits } from '../../diff/item.ts';
import { asBytes, bufferOf } from '../../sys/bytes.ts';
import { isDevice } from '../../sys/file-types.ts';
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../sys/statx.ts';
import { escapeBytes } from '../../told/escape.ts';
import type { DiffContext, Printer } from './printer.ts';

/** A line made of one change; paths are escaped, or with `nul` raw and ended by NUL. */
abstract class LinePrinter implements Printer {
  readonly #context: DiffContext;
  readonly #nul: boolean;

  constructor(context: DiffContext, options: { readonly nul?: boolean } = {}) {
    this.#context = context;
    this.#nul = options.nul === true;
  }

  /** What stands before the path; undefined where the change is not told in this form. */
  protected abstract words(change: Change): string | undefined;

  /** What stands between the words and the path. */
  protected abstract readonly gap: string;

  protected pathOf(change: Change): string {
    return change.path;
  }

  change(change: Change): void {
    const words = this.words(change);
    if (words === undefined) return;
    const { out } = this.#context;
    const paths = [
      ...(change.from === undefined ? [] : [change.from]),
      this.pathOf(change),
    ] as Change['path'][];
    if (!this.#nul) out.write(`${words}${this.gap}${paths.map(escapeBytes).join('\t')}\n`);
    else
      out.writeBytes(
        Buffer.concat([
          Buffer.from(`${words}\0`),
          ...paths.map((path) => bufferOf(`${path}\0` as Change['path'])),
        ]),
      );
  }

  end(): void {}
}

const STATUS = { add: 'A', remove: 'D', modify: 'M', type: 'T', rename: 'R100' } as const;

/** `git diff --name-status`. */
export class NameStatusPrinter extends LinePrinter {
  protected readonly gap = '\t';

  protected words(change: Change): string {
    return STATUS[change.op];
  }
}

/** `git diff --name-only`: of what was renamed, its new name. */
export class NameOnlyPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #nul: boolean;

  constructor(context: DiffContext, { nul }: { readonly nul: boolean }) {
    this.#context = context;
    this.#nul = nul;
  }

  change({ path }: Change): void {
    const { out } = this.#context;
    if (this.#nul) out.writeBytes(bufferOf(asBytes(`${path}\0`)));
    else out.write(`${escapeBytes(path)}\n`);
  }

  end(): void {}
}

/** `rsync -i --delete` from B to A: what would be done to make A like B. */
export class ItemizePrinter extends LinePrinter {
  protected readonly gap = ' ';

  protected words(change: Change): string {
    const { op, a, b, what } = change;
    if (op === 'remove' || b === undefined) return '*deleting  ';
    const type = rsyncType(b);
    if (op === 'add' || op === 'type' || a === undefined) return `${transfer(b)}${type}+++++++++`;
    const has = (letter: string, aspects: readonly Aspect[]) =>
      aspects.some((aspect) => what.includes(aspect)) ? letter : '.';
    const isData = what.includes('content') || what.includes('target') || what.includes('rdev');
    const checksum = isData ? 'c' : '.';
    const size = typeBits(b) === S_IFREG && !isSameSize(a, b) ? 's' : '.';
    return [
      isData ? transfer(b) : '.',
      type,
      checksum,
      size,
      isLaterTime(a, b) ? 't' : '.',
      has('p', ['mode']),
      has('o', ['uid']),
      has('g', ['gid']),
      '.',
      has('a', ['acl']),
      has('x', ['xattr', 'caps']),
    ].join('');
  }

  protected override pathOf({ path, op, a, b }: Change): string {
    const item = op === 'remove' ? a : b;
    const isDirectory = item !== undefined && typeBits(item) === S_IFDIR;
    return path === '/' ? './' : `${path.slice(1)}${isDirectory ? '/' : ''}`;
  }
}

function isLaterTime(a: Item, b: Item): boolean {
  const [s, t] = [mtimeOf(a), mtimeOf(b)];
  return s.seconds !== t.seconds || s.nanoseconds !== t.nanoseconds;
}

function transfer(item: Item): string {
  return typeBits(item) === S_IFREG ? '>' : 'c';
}

function rsyncType(item: Item): string {
  const type = typeBits(item);
  if (type === S_IFREG) return 'f';
  if (type === S_IFDIR) return 'd';
  if (type === S_IFLNK) return 'L';
  return isDevice(modeOf(item)) ? 'D' : 'S';
}
