// `stratafs diff --docker`: what `docker diff` prints. It names the directories above each change, does not look into what
// was removed, and sorts by path as a whole. Contents that differ under one size and one time it does not see; these are
// told apart from its lines.
import type { Change } from '../../diff/change.ts';
import { isDockerChange } from '../../diff/explain/docker-rule.ts';
import { isDirectoryItem } from '../../diff/item.ts';
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes } from '../../told/escape.ts';
import { counted } from '../print/count.ts';
import type { DiffContext, Printer } from './printer.ts';

export class DockerPrinter implements Printer {
  readonly #context: DiffContext;
  /** Path → letter. */
  readonly #letters = new Map<string, 'A' | 'C' | 'D'>();
  #removed = '';
  #unseen = 0;

  constructor(context: DiffContext) {
    this.#context = context;
  }

  change(change: Change): void {
    const { path, op, a } = change;
    if (path === '/') return;
    if (!isDockerChange(change)) {
      this.#unseen++;
      return;
    }
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      if (!this.#letters.has(parent) && !this.#isRemoved(parent)) this.#letters.set(parent, 'C');
    }
    if (op !== 'remove') {
      this.#letters.set(path, op === 'add' ? 'A' : 'C');
      // What was below a directory that is none any more is not told.
      if (op === 'type' && a !== undefined && isDirectoryItem(a)) this.#removed = `${path}/`;
    } else if (!this.#isRemoved(path)) {
      this.#letters.set(path, 'D');
      if (a !== undefined && isDirectoryItem(a)) this.#removed = `${path}/`;
    }
  }

  /** Whether it lies below what was removed. */
  #isRemoved(path: string): boolean {
    return this.#removed !== '' && path.startsWith(this.#removed);
  }

  end(): void {
    const lines = [...this.#letters].sort(([x], [y]) => (x < y ? -1 : 1));
    for (const [path, letter] of lines) this.#context.out.write(`${letter} ${escapeBytes(asBytes(path))}\n`);
    if (this.#unseen === 0) return;
    const files = counted(this.#unseen, 'file');
    this.#context.note(`Not told by docker diff: ${files} of other contents under one size and one time`);
  }
}
