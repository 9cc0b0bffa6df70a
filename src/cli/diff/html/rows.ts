// The rows of a page: each change by itself, and which of them are told by the directory they are in.
import { type Change, touchedBytes } from '../../../diff/change.ts';
import type { Explanation } from '../../../diff/explain/packages.ts';
import {
  type Aspect,
  gidOf,
  type Item,
  isDirectoryItem,
  itemSize,
  modeOf,
  mtimeOf,
  type SideName,
  uidOf,
} from '../../../diff/item.ts';
import type { ChangeRow, ChangeSide, SignalKind } from '../../../report/changes/record.ts';
import { asBytes } from '../../../sys/bytes.ts';
import { escapeBytes, hasEscapes } from '../../../told/escape.ts';
import { octalMode } from '../../../told/fields.ts';
import { modeString } from '../../print/status.ts';
import { type Eye, eyesOf } from '../eyes.ts';
import { type LayeredSides, segmentsOf } from '../layers/layer-words.ts';
import { aspectWords, differenceWords, letterOf } from '../words.ts';

const EYE_SIGNALS: Readonly<Record<Eye, SignalKind>> = {
  'setuid gained': 'privilege',
  'setgid gained': 'privilege',
  'caps gained': 'privilege',
  'world-writable': 'world-writable',
  'contents differ under one size and time': 'silent',
  'changed while it was read': 'raced',
};

/** A row that may still be told to stand for others. */
type OpenRow = { -readonly [K in keyof ChangeRow]: ChangeRow[K] };

const NO_MARKS: readonly SignalKind[] = [];
const MARKS_ALONE = {
  suspicious: ['suspicious'],
  noise: ['noise'],
  unexplained: ['unexplained'],
} as const satisfies Partial<Record<SignalKind, readonly SignalKind[]>>;
const NO_OTHERS: ChangeRow['others'] = [];

export class RowCollector {
  readonly rows: OpenRow[] = [];
  readonly #sides: LayeredSides;
  /** One string for all rows that have it. */
  readonly #words = new Map<string, string>();
  /** Directories that only one side has, until it is told what is in them. */
  readonly #heads = new Map<string, number>();

  constructor(sides: LayeredSides) {
    this.#sides = sides;
  }

  /** In path order; `makers` are the layers that made it. */
  add(change: Change, makers: readonly string[]): void {
    const { path, op, a, b } = change;
    const isHead = op !== 'modify' && op !== 'rename' && [a, b].some((item) => item && isDirectoryItem(item));
    if (isHead) this.#heads.set(path, this.rows.length);
    const escaped = escapeBytes(path);
    const eyes = eyesOf(change);
    const others = change.what.flatMap((aspect) => otherWords(aspect, change));
    this.rows.push({
      path: escaped,
      isEscaped: hasEscapes(escaped),
      letter: letterOf(change),
      marks: eyes.length === 0 ? NO_MARKS : [...new Set(eyes.map((eye) => EYE_SIGNALS[eye]))],
      words: differenceWords(change),
      bytes: touchedBytes(change),
      entries: change.subtree?.entries ?? 0,
      isInside: false,
      layers: this.#one(layersOf(change, this.#sides)),
      makers: this.#one(makers.join(' ')),
      owner: '',
      a: a && this.#side(a, 'a', change),
      b: b && this.#side(b, 'b', change),
      others: others.length === 0 ? NO_OTHERS : others,
      text: '',
    });
  }

  #one(words: string): string {
    const known = this.#words.get(words);
    if (known === undefined) this.#words.set(words, words);
    return known ?? words;
  }

  #side(item: Item, side: SideName, { setBy }: Change): ChangeSide {
    const setters = Object.entries(setBy?.[side] ?? {}).map(([aspect, layer]) => `${aspect} ${layer}`);
    const { seconds, nanoseconds } = mtimeOf(item);
    return {
      mode: this.#one(`${modeString(modeOf(item))} ${octalMode(modeOf(item))}`),
      uid: uidOf(item),
      gid: gidOf(item),
      size: itemSize(item),
      seconds,
      nanoseconds,
      setters: this.#one(setters.join()),
    };
  }

  /** A directory as it stands for what is in it, after all of that was added. */
  fold(folded: Change): void {
    const at = this.#heads.get(folded.path);
    const head = at === undefined ? undefined : this.rows[at];
    if (at === undefined || head === undefined || folded.subtree === undefined) return;
    this.#heads.delete(folded.path);
    head.words = differenceWords(folded);
    head.layers = layersOf(folded, this.#sides);
    head.bytes = touchedBytes(folded);
    head.entries = folded.subtree.entries;
    const letter = folded.op === 'remove' || (folded.op === 'type' && isTree(folded.a)) ? '-' : '+';
    const prefix = head.path === '/' ? '/' : `${head.path}/`;
    for (const row of this.rows.slice(at + 1, at + head.entries)) {
      if (row.letter !== letter || !row.path.startsWith(prefix)) break;
      row.isInside = true;
    }
  }

  /** What packages say of each change, in the order in which they were added. */
  explain(explanations: Iterable<Explanation>, isKnown: boolean): void {
    let at = 0;
    for (const { kind, owner } of explanations) {
      const row = this.rows[at++];
      if (row === undefined) return;
      if (owner !== undefined) row.owner = this.#one(`${owner.manager} ${escapeBytes(asBytes(owner.name))}`);
      if (kind === 'suspicious' || kind === 'noise' || (kind === 'unexplained' && isKnown))
        row.marks = row.marks.length === 0 ? MARKS_ALONE[kind] : [...row.marks, kind];
    }
  }
}

function isTree(item: Item | undefined): boolean {
  return item !== undefined && isDirectoryItem(item);
}

function layersOf(change: Change, sides: LayeredSides): string {
  const all = segmentsOf(change, sides).map(({ layers }) => layers);
  return all.filter(Boolean).join(', ');
}

/** In what a row of the table has a column for each side. */
const COLUMNS: readonly Aspect[] = ['content', 'mode', 'uid', 'gid', 'mtime'];

function otherWords(aspect: Aspect, change: Change): [string, string][] {
  if (COLUMNS.includes(aspect)) return [];
  return [[aspect, aspectWords(aspect, change).replace(/^\S+ ?/, '')]];
}

/** Of more rows than `most` those that matter most: with a reason to look at them first, then alone or for others, then the largest. */
export function heaviestRows(rows: readonly ChangeRow[], most: number): ChangeRow[] {
  if (rows.length <= most) return [...rows];
  const weight = ({ marks, isInside }: ChangeRow) =>
    marks.some((mark) => mark !== 'unexplained' && mark !== 'noise') ? 2 : isInside ? 0 : 1;
  const byWeight = [...rows.keys()].sort((x, y) => {
    const [left, right] = [rows[x] as ChangeRow, rows[y] as ChangeRow];
    return weight(right) - weight(left) || right.bytes - left.bytes || x - y;
  });
  const kept = new Set(byWeight.slice(0, most));
  let head = '';
  return rows.flatMap((row, i) => {
    if (!row.isInside && kept.has(i)) head = row.path === '/' ? '/' : `${row.path}/`;
    if (!kept.has(i)) return [];
    // Without the row that stands for it, it stands for itself.
    return row.isInside && !row.path.startsWith(head) ? { ...row, isInside: false } : row;
  });
}
