// Numbers of users and groups, as they are on disk and as a user namespace shows them; and whether a daemon that ran in one
// wrote a file.

/** A number of a user and one of a group. */
export interface OwnerIds {
  readonly uid: number;
  readonly gid: number;
}

/** Numbers of users, or of groups, of a user namespace: `size` of them in a row. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly size: number;
}

/** As whom the owners on disk are shown: as the users of a user namespace see them. */
export interface OwnerView {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
  /** What becomes of all other numbers: nobody, as in the namespace, or what they are on disk. */
  readonly others: 'nobody' | 'kept';
  /** What told the map, in words. */
  readonly source: string;
}

/** What stat(2) shows for a user that has no number in our user namespace (/proc/sys/kernel/overflowuid). */
const OVERFLOW_UID = 65534;

/** `uid` as seen from here; `map` is our /proc/self/uid_map, since inside a user namespace uid 0 is someone else outside. */
export function isRootless(uid: number, map: string): boolean {
  const ranges = map
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((range) => range.length === 3);
  for (const [inside = 0, outside = 0, count = 0] of ranges) {
    if (uid >= inside && uid < inside + count) return uid - inside + outside !== 0;
  }
  // Nobody of this namespace: most likely the root outside.
  return uid !== OVERFLOW_UID && uid !== 0;
}
