// What a report tells of two root filesystems that were compared: the record that is shown, on paper and by the page's script. All
// text is printable already: names as `escapeBytes` has them.

export interface ChangesReport {
  readonly title: string;
  /** What stands in the head. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Absent where no policy was asked for. */
  readonly verdict?: ReportVerdict;
  /** What to look at first, in the order of its weight; those of which there are none too. */
  readonly signals: readonly ReportSignal[];
  /** The changes behind the signals that have some, in that order; `more` are in the table alone. */
  readonly first: readonly FirstLook[];
  readonly more: number;
  /** A's first, each side's lowest first. */
  readonly steps: readonly ChangeStep[];
  readonly configuration: readonly ConfigurationRow[];
  /** What the configuration does not tell, and why; empty where nothing. */
  readonly untold: string;
  /** The first of the changes that no package explains. */
  readonly unexplained: readonly ToldChange[];
  readonly packages: readonly PackageRow[];
  /** How many changes packages explain, and how: `12`, `owned by the packages above`. */
  readonly explained: readonly (readonly [count: number, words: string])[];
  /** What could not be compared, a line each. */
  readonly errors: readonly string[];
  /** The changes as the default form tells them, in path order. */
  readonly lines: readonly ToldChange[];
  /** More of these, that only the table has. */
  readonly linesLeftOut: number;
  readonly rows: readonly ChangeRow[];
  /** Changes that are in no row, though in all sums. */
  readonly leftOut: number;
  /** Whether text differences were asked for, and how many there was no room for. */
  readonly hasTexts: boolean;
  readonly textsLeftOut: number;
}

export interface ReportVerdict {
  /** The words of the policy, as they were given. */
  readonly policy: string;
  readonly outcome: 'passed' | 'failed' | 'not decided';
  readonly reasons: readonly string[];
}

/** The marks of rows, and what a table can be narrowed to. */
export const SIGNALS = [
  'privilege',
  'world-writable',
  'silent',
  'raced',
  'suspicious',
  'unexplained',
  'noise',
] as const;
export type SignalKind = (typeof SIGNALS)[number];

export interface ReportSignal {
  /** Absent of what is no row of the table. */
  readonly kind?: SignalKind;
  /** Never colour alone. */
  readonly sign: string;
  readonly count: number;
  readonly words: string;
}

export interface FirstLook {
  readonly sign: string;
  readonly why: string;
  readonly path: string;
  readonly words: string;
  readonly layers: string;
}

export interface ChangeStep {
  /** `B3`. */
  readonly layer: string;
  readonly step: string;
  readonly counts: {
    readonly added: number;
    readonly removed: number;
    readonly changed: number;
    readonly metadata: number;
    /** Of another type. */
    readonly type: number;
    readonly renamed: number;
  };
  /** Bytes B has more than A. */
  readonly size: number;
  /** Bytes of files that were added, removed and changed: of these the larger side. */
  readonly touched: { readonly added: number; readonly removed: number; readonly changed: number };
  /** How many more bytes it stores, shows and hides in B; absent where that was not measured. */
  readonly growth?: { readonly stored: number; readonly shown: number; readonly hidden: number };
}

export interface ConfigurationRow {
  /** `+`, `−` or `~`. */
  readonly sign: string;
  readonly field: string;
  readonly a: string;
  readonly b: string;
}

export interface PackageRow {
  readonly sign: string;
  /** `dpkg`. */
  readonly manager: string;
  readonly name: string;
  /** Versions; empty where it is not installed. */
  readonly a: string;
  readonly b: string;
  readonly files: number;
}

export interface ToldChange {
  /** With `!` behind it where a privilege was gained. */
  readonly letter: string;
  readonly path: string;
  readonly words: string;
  readonly layers: string;
}

/** The letters of changes, in the order of a legend. */
export const LETTERS = ['+', '-', 'M', '?', 'T', 'R', 'm'] as const;

export interface ChangeRow {
  /** `/` at the front. In path order: a directory before what is in it. */
  readonly path: string;
  /** Whether the path has bytes that are escaped. */
  readonly isEscaped: boolean;
  readonly letter: (typeof LETTERS)[number];
  readonly marks: readonly SignalKind[];
  /** What differs. */
  readonly words: string;
  /** What files hold on the larger side where more than metadata differs; of a directory told as one, of all in it. */
  readonly bytes: number;
  /** Of a directory that only one side has: the names in it and itself; else 0. */
  readonly entries: number;
  /** Whether it is told by the directory above it that has `entries`. */
  readonly isInside: boolean;
  /** `A3 → B6 COPY app /app`. */
  readonly layers: string;
  /** `B6 B8`, the first that which its contents came with. */
  readonly makers: string;
  /** `dpkg curl`; empty of what no package has. */
  readonly owner: string;
  /** Undefined where that side has nothing there. */
  readonly a: ChangeSide | undefined;
  readonly b: ChangeSide | undefined;
  /** How the sides differ in what is no column: aspect and words. */
  readonly others: readonly (readonly [aspect: string, words: string])[];
  /** Lines of a unified diff; empty where none is told. */
  readonly text: string;
}

export interface ChangeSide {
  /** `-rw-r--r-- 0644`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  /** Past 2^53 rounded. */
  readonly size: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Which layer set what of it: `content 3,mode 8`; empty where that is not known. */
  readonly setters: string;
}
