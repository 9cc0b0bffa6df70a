// The seam of health: what `doctor`, `whose` and `df` ask of a store of any kind. `open.ts` has the kinds.
import type { Examined, Measured } from '../layers/survey/measure.ts';
import type { Store } from '../store/store.ts';
import type { ByteString } from '../sys/bytes.ts';
import type { StoreUsage } from './disk-usage.ts';
import type { StorePart } from './part.ts';

/** error: something cannot be used; warning: something is not as the engine leaves it; note: worth knowing, not wrong. */
export type HealthSeverity = 'error' | 'warning' | 'note';

/** What a code of findings means, and what still works. */
export interface FindingKind {
  readonly severity: HealthSeverity;
  readonly meaning: string;
  readonly works: string;
}

export interface HealthFinding extends FindingKind {
  readonly code: string;
  /** Absolute. */
  readonly path: ByteString;
  /** What exactly is wrong: bytes, as messages of Trouble are. */
  readonly detail: string;
  /** What a directory that could be removed takes. */
  readonly takes?: Measured;
}

/** Answers whose a path, an ID or a name is. */
export interface StoreOwners {
  /** Directories that paths may lie in, the store's own first: absolute, without links. */
  readonly directories: readonly ByteString[];
  /** What could not be listed, so that answers may lack something. */
  readonly damage: readonly Error[];
  /** `path` is absolute, in one of the directories. */
  ofPath(path: ByteString): readonly StorePart[];
  /** By a name of an image, a container or a volume, an ID of any kind or its beginning. */
  ofWords(words: ByteString): readonly StorePart[];
  /** `; did you mean "nginx:latest"?`, or nothing where no name is near. */
  hint(words: ByteString): string;
}

/** One store examined. */
export interface StoreHealth {
  readonly store: Store;
  /**
   * Tells of everything that is wrong; `all` are the stores of the root that are examined, this one among them. `examined` is told
   * of each record and directory that takes long, by its path or ID.
   */
  examine(
    tell: (finding: HealthFinding) => void,
    all: readonly Store[],
    examined?: Examined,
  ): void | Promise<void>;
  owners(): StoreOwners;
  usage(): StoreUsage;
}

/** A finding by the code that its kind of store has for it. */
export interface CodedFinding<Code extends string> extends Pick<HealthFinding, 'path' | 'detail' | 'takes'> {
  readonly code: Code;
}

/** From findings by code to whole ones. */
export function withMeaning<Code extends string>(
  kinds: Readonly<Record<Code, FindingKind>>,
  tell: (finding: HealthFinding) => void,
): (finding: CodedFinding<Code>) => void {
  return (finding) => tell({ ...kinds[finding.code], ...finding });
}
