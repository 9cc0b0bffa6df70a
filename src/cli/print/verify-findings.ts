// Findings of `stratafs verify` as lines: those on one layer together, in the order of their paths, and above a dozen of one
// kind no more than how many there are.
import { asBytes, type ByteString, shownBytes } from '../../sys/bytes.ts';
import { escapeBytes, escapeMessage } from '../../told/escape.ts';
import type { Finding, FindingClass, Severity } from '../../verify/finding.ts';

/** Findings of one kind that are told one by one. */
const MOST_LINES = 12;
/** `unverifiable` and two spaces. */
export const VERDICT_WIDTH = 14;

interface Group {
  readonly first: Finding;
  readonly told: Finding[];
  count: number;
}

export class LayerFindings {
  readonly #isVerbose: boolean;
  readonly #groups = new Map<string, Group>();
  /** Known differences and notes that are not told. */
  #passed = 0;

  constructor(isVerbose: boolean) {
    this.#isVerbose = isVerbose;
  }

  add(finding: Finding): void {
    const { severity, class: kind } = finding;
    if (!this.#isVerbose && (severity === 'known' || severity === 'note')) {
      this.#passed += 1;
      return;
    }
    const key = `${severity} ${kind}`;
    const group = this.#groups.get(key) ?? { first: finding, told: [], count: 0 };
    this.#groups.set(key, group);
    group.count += 1;
    if (this.#isVerbose || group.count <= MOST_LINES) group.told.push(finding);
  }

  get passed(): number {
    return this.#passed;
  }

  /** How many of each class differ from what was recorded. */
  counts(): Map<FindingClass, number> {
    const groups = [...this.#groups.values()].filter(({ first }) => first.severity === 'tampered');
    return new Map(groups.map(({ first, count }) => [first.class, count]));
  }

  /** `place` says which layer of what. */
  lines(place: string): string[] {
    const groups = [...this.#groups.values()];
    const single = groups.filter(({ told, count }) => told.length === count).flatMap(({ told }) => told);
    single.sort((a, b) => compare(a.path, b.path));
    const many = groups.filter(({ told, count }) => told.length < count);
    return [
      ...single.map((finding) => line(place, finding.severity, describe(finding))),
      ...many.map(({ first, count }) =>
        line(
          place,
          first.severity,
          `${first.class}: ${count} like this one (-v tells all): ${describe(first)}`,
        ),
      ),
    ];
  }
}

/** Things without a path concern the whole, and come first. */
function compare(a: ByteString | undefined, b: ByteString | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  return a < b ? -1 : 1;
}

function line(place: string, severity: Severity, words: string): string {
  return `${severity.padEnd(VERDICT_WIDTH)}${place}  ${words}\n`;
}

function describe({ class: kind, path, expected, found, message }: Finding): string {
  const words = [
    ...(message === undefined ? [] : [escapeMessage(message)]),
    ...(expected === undefined ? [] : [`expected ${escapeMessage(shownBytes(asBytes(expected)))}`]),
    ...(found === undefined ? [] : [`found ${escapeMessage(shownBytes(asBytes(found)))}`]),
  ];
  const where = path === undefined ? '' : `  ${path === '' ? '.' : escapeBytes(path)}`;
  return `${kind}${where}: ${words.join(', ')}`;
}
