// What a report tells of the stores of a root: facts, and tables of cells in sections. Knows no store: what a cell means, its
// column says. All text is printable already: names as `escapeBytes` has them.

/**
 * text: words; name: names and paths, whose escaped bytes are marked; code: commands; id: IDs, sums and codes, which are never
 * broken; time; number: a count; bytes: a size; state: a verdict, a severity, or what became of a part of the examination.
 */
export type CellKind = 'text' | 'name' | 'code' | 'id' | 'time' | 'number' | 'bytes' | 'state';

/** The class of a cell: sizes and counts stand on the right, names in a type of one width. */
export const CELL_CLASSES: Readonly<Record<CellKind, string>> = {
  text: '',
  name: 'code',
  code: 'code',
  id: 'id',
  time: 'time',
  number: 'number',
  bytes: 'number',
  state: 'verdict',
};

export interface StoreColumn {
  readonly heading: string;
  readonly kind: CellKind;
}

/** Null where nothing is known. */
export type TableCell = string | number | null;

export interface ReportTable {
  /** Of the page's element. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly StoreColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  /** Rows that are not here, because there are too many. */
  readonly leftOut: number;
  /** What is said where there is no row. */
  readonly none: string;
}

export interface ReportSection {
  readonly id: string;
  readonly heading: string;
  /** Sentences above and below the table. */
  readonly intro: string;
  readonly remarks: readonly string[];
  readonly figure?: ReportFigure;
  readonly tables: readonly ReportTable[];
}

export type ReportFigure =
  | { readonly kind: 'layers'; readonly layers: readonly UsedLayer[] }
  | { readonly kind: 'days'; readonly days: readonly DayCount[] };

export interface UsedLayer {
  readonly label: string;
  readonly bytes: number;
  /** Images and containers that have it. */
  readonly users: number;
}

export interface DayCount {
  /** `2024-05-01`, in UTC. */
  readonly day: string;
  readonly events: number;
  /** Of these, that something was deleted. */
  readonly removals: number;
}

/** A number of the head, and the section that tells more. */
export interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly section: string;
  readonly state?: string;
}

export interface StoreReport {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly figures: readonly KeyFigure[];
  /** The first ones are the first page. */
  readonly sections: readonly ReportSection[];
}

export type StateLook = 'good' | 'bad' | 'doubt' | 'plain';

const GOOD: StateLook = 'good';
const BAD: StateLook = 'bad';
const DOUBT: StateLook = 'doubt';

/** The sign of a state, which says without colour what the colour says. */
export const STATES: Readonly<Record<string, readonly [look: StateLook, sign: string]>> = {
  verified: [GOOD, '✓'],
  done: [GOOD, '✓'],
  tampered: [BAD, '✗'],
  error: [BAD, '✗'],
  damaged: [BAD, '✗'],
  unverifiable: [DOUBT, '?'],
  warning: [DOUBT, '!'],
  'in part': [DOUBT, '!'],
  'cannot be done': [DOUBT, '!'],
  'not done': ['plain', '–'],
  'not verified': ['plain', '–'],
  note: ['plain', '·'],
};

/** Whether something in a printable name is escaped; a backslash of the name itself is doubled, which is none. */
export function isMarkedName(name: string): boolean {
  return name.replaceAll('\\\\', '').includes('\\');
}
