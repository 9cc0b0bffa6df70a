// What a page says first: how many changes there are of each kind that should be looked at, and these.
import type { ConfigChange } from '../../../diff/explain/config.ts';
import type { ExplainableChange, PackageReport } from '../../../diff/explain/packages.ts';
import type {
  ChangeRow,
  FirstLook,
  ReportSignal,
  SignalKind,
  ToldChange,
} from '../../../report/changes/record.ts';

interface SignalWords {
  readonly kind: SignalKind;
  readonly sign: string;
  /** Of their number. */
  readonly words: string;
  /** Of one; absent of those that are not listed first. */
  readonly why?: string;
}

/** In the order of their weight. */
const SIGNAL_WORDS: readonly SignalWords[] = [
  {
    ...{ kind: 'privilege', sign: '!' },
    words: 'gained set-user-ID, set-group-ID or capabilities',
    why: 'privilege gained',
  },
  { kind: 'world-writable', sign: 'w', words: 'became writable for all', why: 'world-writable' },
  {
    ...{ kind: 'silent', sign: '?' },
    words: 'have other contents under the same size and time',
    why: 'same size and time',
  },
  { kind: 'raced', sign: '≀', words: 'changed while they were read', why: 'changed while it was read' },
  {
    ...{ kind: 'suspicious', sign: '≠' },
    words: 'differ though their package has one version in both',
    why: 'package of one version',
  },
  { kind: 'unexplained', sign: '○', words: 'that no package explains' },
];
/** On paper and without script; the page's table has all. */
const MOST_FIRST = 200;
const MOST_UNEXPLAINED = 100;

export interface SignalSources {
  readonly packages: PackageReport<ExplainableChange> | undefined;
  readonly configuration: readonly ConfigChange[] | undefined;
  readonly errors: number;
}

/** Those that could be told are, with 0 where there is none; what is seldom is told where there is some. */
export function signalsOf(
  rows: readonly ChangeRow[],
  { packages, configuration, errors }: SignalSources,
): ReportSignal[] {
  const isTold = (kind: SignalKind, count: number) => {
    if (kind === 'raced') return count > 0;
    const isOfPackages = kind === 'suspicious' || kind === 'unexplained';
    return !isOfPackages || (packages !== undefined && knowsPackages(packages));
  };
  return [
    ...(errors > 0 ? [{ sign: '✗', count: errors, words: 'could not be compared' }] : []),
    ...SIGNAL_WORDS.flatMap(({ kind, sign, words }) => {
      const count = rows.reduce((sum, { marks }) => sum + Number(marks.includes(kind)), 0);
      return isTold(kind, count) ? [{ kind, sign, count, words }] : [];
    }),
    ...(packages === undefined
      ? []
      : [{ sign: '▣', count: packages.packages.length, words: 'packages that differ' }]),
    ...(configuration === undefined
      ? []
      : [{ sign: '~', count: configuration.length, words: 'fields of the configuration that differ' }]),
  ];
}

/** Whether any package manager has something to say about what changed. */
export function knowsPackages({ packages, suspicious, counts }: PackageReport<ExplainableChange>): boolean {
  return packages.length + suspicious.length + counts.owned + counts.database > 0;
}

export function firstLooks(rows: readonly ChangeRow[]): { first: FirstLook[]; more: number } {
  const first: FirstLook[] = [];
  let count = 0;
  for (const { kind, sign, why } of SIGNAL_WORDS) {
    if (why === undefined) continue;
    for (const { marks, path, words, layers, owner } of rows) {
      if (!marks.includes(kind)) continue;
      count++;
      if (first.length >= MOST_FIRST) continue;
      const reason = kind === 'suspicious' ? `${owner}: one version in both` : why;
      first.push({ sign, why: reason, path, words, layers });
    }
  }
  return { first, more: count - first.length };
}

export function firstUnexplained(rows: readonly ChangeRow[]): ToldChange[] {
  const told: ToldChange[] = [];
  for (const { marks, letter, path, words, layers } of rows) {
    if (!marks.includes('unexplained')) continue;
    if (told.push({ letter, path, words, layers }) === MOST_UNEXPLAINED) break;
  }
  return told;
}
