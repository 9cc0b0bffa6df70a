// The layers of a stack as the search for what they hide asks them: as they lie on disk (`layers.ts`), or as they were
// surveyed (`survey-stack.ts`).
import type { Resolution, Found as Says } from '../overlay/merge.ts';

/** What one real directory says of a name, and where that is. */
export interface PlacedEntry extends Says<number> {
  /** Record of the real directory that has it. */
  readonly holder: number;
  readonly name: string;
}

/** Name (latin1) → d_type; `DT_WHT` for a name that is only hidden by. */
export interface NameTypes {
  readonly types: ReadonlyMap<string, number>;
}

/** A record is a number that names one real directory. */
export interface LayeredNames<E extends PlacedEntry> {
  /** Records of the layers' roots, top first. */
  readonly roots: readonly number[];
  /** Index of a record's layer, 0 at the top. */
  layerOf(record: number): number;
  /** Throws Errno. */
  list(record: number): NameTypes;
  /** Lists directories, and answers from these listings until the next call. Throws Errno. */
  keep(records: readonly number[]): NameTypes[];
  /** What one real directory says of a name, whiteouts included. Throws Errno. */
  find(record: number, name: string): E | undefined;
  /** What a merged directory, its real directories top first, shows by a name. Throws Errno as the kernel's lookup. */
  resolve(parts: readonly number[], name: string): Resolution<number, E> | undefined;
}
