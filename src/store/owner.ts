// Whether a daemon that ran in a user namespace wrote a file. Root's own daemon leaves its files to uid 0, under
// userns-remap too (only the layers' contents are shifted); a rootless daemon leaves them to its user.

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
