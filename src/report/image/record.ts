// What a report tells of an image or container: the record that is shown, on paper and by the page's script. All text is
// printable already: names as `escapeBytes` has them.

export interface ImageReport {
  readonly title: string;
  /** What stands in the head. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Numbers of the layers of which nothing could be read; what they hide of those below is not known. */
  readonly missing: readonly number[];
  /** What could not be told, and why, in the order in which it was met. */
  readonly told: readonly string[];
  /** Newest first; those that made no layer too. */
  readonly steps: readonly ReportStep[];
  /** The largest first. */
  readonly waste: readonly ReportWaste[];
  readonly configuration: readonly (readonly [name: string, value: string])[];
  /** What the configuration does not tell, and why; empty where nothing. */
  readonly untold: string;
  readonly rows: readonly ReportRow[];
  /** Files that are in no row, though in all sums. */
  readonly leftOut: number;
}

export interface ReportStep {
  /** Absent of a step that made no layer. */
  readonly layer?: number;
  readonly created: string;
  readonly command: string;
  /** Absent where its layer could not be read. */
  readonly stored?: number;
  /** Absent where a missing layer may hide more of it. */
  readonly shown?: number;
  readonly hidden?: number;
  /** Names; absent where they could not be counted. */
  readonly changes?: { readonly added: number; readonly changed: number; readonly deleted: number };
  /** `deleted in 3`. */
  readonly hiddenBy: string;
}

export interface ReportWaste {
  readonly bytes: number;
  readonly path: string;
  readonly objects: number;
  /** `deleted in 6`, as `doubtfully` has it. */
  readonly how: string;
  readonly layer: number;
  /** The step that could have done without. */
  readonly avoidedBy: string;
}

/**
 * shown: it is what the merged view has; deleted, overwritten: a newer layer took it away, or has something else there; unknown:
 * none that could be read did, and one is missing.
 */
export const ROW_STATES = ['shown', 'deleted', 'overwritten', 'unknown'] as const;

/** Whether a newer layer is known to hide it. */
export function isGone(state: ReportRow['state']): boolean {
  return state === 'deleted' || state === 'overwritten';
}

/** `deleted in 6`, or in a missing layer before that. */
export function doubtfully(words: string, missing: readonly number[], layer: number, by: number): string {
  const between = missing.filter((number) => number > layer && number < by);
  return between.length === 0 ? words : `${words}, or before in ${between.join(', ')} (missing)`;
}

/** What became of what a row tells of; empty of what is shown. */
export function fateOf({ state, layer, by }: ReportRow, missing: readonly number[]): string {
  if (state === 'shown') return '';
  if (state === 'unknown') return `unknown without ${missing.filter((number) => number > layer).join(', ')}`;
  return doubtfully(`${state} in ${by}`, missing, layer, by);
}

export interface ReportRow {
  /** `/` at the front. Rows are in the order of a walk: a directory before what it holds, that before all else. */
  readonly path: string;
  /** Whether the path has bytes that are escaped. */
  readonly isEscaped: boolean;
  /** As `ls -l` has it: `drwxr-xr-x`. */
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly layer: number;
  readonly state: (typeof ROW_STATES)[number];
  /** The layer that took it away; 0 for what none is known to have. */
  readonly by: number;
  /** Of files, those of a directory summed up, an object with several names once: shown, stored but not shown, and either. */
  readonly shown: number;
  readonly hidden: number;
  readonly unknown: number;
}
