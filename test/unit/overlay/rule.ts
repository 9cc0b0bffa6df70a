// What a row of the rule tables is.
import type { MergeOptions } from '../../../src/overlay/merge.ts';
import type { Step } from '../../support/layers.ts';

export interface Rule {
  readonly rule: string;
  /** Top first. */
  readonly layers: readonly (readonly Step[])[];
  /** The last so many layers are data-only. */
  readonly dataOnly?: number;
  readonly options?: Partial<Pick<MergeOptions, 'redirect' | 'metacopy'>>;
  /** `/path type layer`, a metacopy file with `data layer`; in byte order of paths, a directory before what it holds. */
  readonly expected: readonly string[];
}
