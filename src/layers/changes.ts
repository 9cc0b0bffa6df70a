// How many names each layer of a stack added, changed and took away: the merged view with the layer against the one
// without it, name by name. Walks only what the layer touches.
import type { Resolution } from '../overlay/merge.ts';
import { Errno } from '../sys/errors.ts';
import type { SurveyedEntry, SurveyedStack } from './survey/survey-stack.ts';

type Found = Resolution<number, SurveyedEntry>;

export interface LayerChanges {
  /** Names that are there with the layer and not without. */
  readonly added: number;
  /** Names that are there in both, as another object, or as a directory of another mode or owner. */
  readonly changed: number;
  /** Names that are gone with the layer. */
  readonly deleted: number;
  /** Names that could not be read, and are in none of the numbers. */
  readonly unreadable: number;
}

/** The same directory with the layer and without it; absent where it is none. */
interface Pair {
  readonly after: readonly number[];
  readonly before: readonly number[];
}

/** `index` is the layer's, 0 at the top. */
export function countChanges(layers: SurveyedStack, index: number): LayerChanges {
  const count = { added: 0, changed: 0, deleted: 0, unreadable: 0 };
  const from = (top: number) => layers.roots.filter((root) => layers.layerOf(root) >= top);
  const waiting: Pair[] = [{ after: from(index), before: from(index + 1) }];
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
    for (const name of namesOf(layers, pair, count)) {
      try {
        const before = lookUp(layers, pair.before, name);
        const after = lookUp(layers, pair.after, name);
        compare(layers, before, after, count);
        const below: Pair = { after: stackOf(after), before: stackOf(before) };
        if (!isSame(below.after, below.before)) waiting.push(below);
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        count.unreadable += 1;
      }
    }
  }
  return count;
}

function lookUp(layers: SurveyedStack, parts: readonly number[], name: string): Found | undefined {
  return parts.length === 0 ? undefined : layers.resolve(parts, name);
}

function stackOf(found: Found | undefined): readonly number[] {
  return found?.kind === 'directory' ? found.stack : [];
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((record, i) => record === b[i]);
}

function compare(
  layers: SurveyedStack,
  before: Found | undefined,
  after: Found | undefined,
  count: { added: number; changed: number; deleted: number },
): void {
  if (before === undefined) {
    if (after !== undefined) count.added += 1;
  } else if (after === undefined) count.deleted += 1;
  else if (isChanged(layers, before, after)) count.changed += 1;
}

function isChanged(
  layers: SurveyedStack,
  { kind, top: a }: Found,
  { kind: kindAfter, top: b }: Found,
): boolean {
  if (a.row === b.row) return false;
  if (kind !== 'directory' || kindAfter !== 'directory') return true;
  const { mode, uid, gid } = layers.survey.table.columns;
  return [mode, uid, gid].some((column) => column[a.row] !== column[b.row]);
}

/** Where all of the directory below is still merged, only the names of its newest part can tell a difference. */
function namesOf(
  layers: SurveyedStack,
  { after, before }: Pair,
  count: { unreadable: number },
): Iterable<string> {
  const isOnTop = after.length === before.length + 1 && isSame(after.slice(1), before);
  const records = isOnTop ? after.slice(0, 1) : [...new Set([...after, ...before])];
  try {
    return new Set(layers.keep(records).flatMap(({ types }) => [...types.keys()]));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    count.unreadable += 1;
    return [];
  }
}
