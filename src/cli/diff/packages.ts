// `stratafs diff --packages` and `--unexplained`: what changed, as the package managers see it, and what they do not.

import type { Change, Summary } from '../../diff/change.ts';
import { explain, type PackageChange, type PackageReport } from '../../diff/explain/packages.ts';
import type { Manager } from '../../diff/inventory.ts';
import type { Side } from '../../diff/item.ts';
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes } from '../../told/escape.ts';
import { counted } from '../print/count.ts';
import { type DiffContext, type Printer, summaryWords } from './printer.ts';
import { ARROW, differenceWords, letterOf, shownPath } from './words.ts';

const MANAGERS: readonly Manager[] = ['dpkg', 'apk', 'pip', 'npm'];

export interface PackageOptions {
  readonly lists: 'packages' | 'unexplained';
  /** Whether only a part of both trees is looked at. */
  readonly isFiltered: boolean;
}

export class PackagePrinter implements Printer {
  readonly #context: DiffContext;
  readonly #sides: readonly [Side, Side];
  readonly #options: PackageOptions;
  readonly #changes: Change[] = [];

  constructor(context: DiffContext, sides: readonly [Side, Side], options: PackageOptions) {
    this.#context = context;
    this.#sides = sides;
    this.#options = options;
  }

  change(change: Change): void {
    this.#changes.push(change);
  }

  end(summary: Summary): void {
    const [a, b] = this.#sides;
    const report = explain(this.#changes, { a, b }, this.#options);
    if (this.#options.lists === 'packages') {
      this.#packages(report);
      this.#context.out.write(`\n${summaryWords(summary)}\n`);
    } else this.#unexplained(report);
  }

  #packages({ packages, counts, suspicious, unexplained }: PackageReport): void {
    const { out } = this.#context;
    for (const manager of MANAGERS) {
      const own = packages.filter((each) => each.manager === manager);
      if (own.length === 0) continue;
      out.write(`${manager}  ${own.length} changed\n`);
      const width = own.reduce((widest, { name }) => Math.max(widest, escapeBytes(asBytes(name)).length), 0);
      for (const each of own) out.write(`  ${packageLine(each, width)}\n`);
    }
    out.write(`files  ${this.#changes.length} changed\n`);
    const rows: readonly (readonly [number, string])[] = [
      [counts.owned, 'owned by the packages above'],
      [counts.database, 'package databases'],
      [counts.noise, 'noise'],
      [suspicious.length, 'owned by packages of one version in both  ← --unexplained lists them'],
      [unexplained.length, 'not explained  ← --unexplained lists them'],
    ];
    for (const [count, words] of rows) if (count > 0) out.write(`  ${String(count).padStart(6)}  ${words}\n`);
  }

  #unexplained({ suspicious, unexplained }: PackageReport): void {
    const { out } = this.#context;
    const line = (change: Change) =>
      ` ${change.flags.length > 0 ? '!' : ' '}${letterOf(change)}  ${shownPath(change)}  ${differenceWords(change)}`.trimEnd();
    for (const { change, manager, name } of suspicious) {
      out.write(`${line(change)}  [${manager} ${escapeBytes(asBytes(name))}, one version in both]\n`);
    }
    for (const change of unexplained) out.write(`${line(change)}\n`);
    const isEmpty = suspicious.length + unexplained.length === 0;
    const counts = [
      `${unexplained.length} not explained`,
      ...(suspicious.length > 0 ? [`${suspicious.length} of packages of one version in both`] : []),
    ];
    out.write(`${isEmpty ? '' : '\n'}${counts.join(', ')}, of ${counted(this.#changes.length, 'change')}\n`);
  }
}

/** `curl  7.88.1 → 7.88.2  4 files`, the name as wide as `width`. */
export function packageLine({ name, a, b, files: byOp }: PackageChange, width: number): string {
  const files = Object.values(byOp).reduce((sum, each) => sum + each, 0);
  const shown = (version: string | undefined) =>
    version === undefined ? '(none)' : escapeBytes(asBytes(version));
  const words = `${escapeBytes(asBytes(name)).padEnd(width)}  ${shown(a)} ${ARROW} ${shown(b)}`;
  return `${words}  ${counted(files, 'file')}`;
}
