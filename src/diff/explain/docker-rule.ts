// What `docker diff` takes for a change of an object that both trees have (moby's archive package, statDifferent): it compares
// what lstat tells and the capabilities, never contents, and of a directory neither size nor time.
import type { Change } from '../change.ts';
import { gidOf, type Item, isDirectoryItem, isSameSize, modeOf, mtimeOf, rdevOf, uidOf } from '../item.ts';

/** Whether `docker diff` has a line for it. What only one side has, or is of two types, it always has. */
export function isDockerChange({ op, what, a, b }: Change): boolean {
  if (op !== 'modify' || a === undefined || b === undefined) return true;
  if (what.includes('caps')) return true;
  const isSame = (of: (item: Item) => number) => of(a) === of(b);
  if (!isSame(modeOf) || !isSame(uidOf) || !isSame(gidOf) || !isSame(rdevOf)) return true;
  return !isDirectoryItem(b) && (!isSameSize(a, b) || !isSameTime(a, b));
}

/** A file system that keeps whole seconds is taken for one that agrees. */
function isSameTime(a: Item, b: Item): boolean {
  const [s, t] = [mtimeOf(a), mtimeOf(b)];
  if (s.seconds !== t.seconds) return false;
  return s.nanoseconds === t.nanoseconds || s.nanoseconds === 0 || t.nanoseconds === 0;
}
