// In what two objects of one name and type differ, contents aside; and which privileges the second has that the first has not.
import { S_IFBLK, S_IFCHR, S_IFLNK, S_IFREG, STATX } from '../sys/statx.ts';
import type { PrivilegeFlag } from './change.ts';
import { type Aspect, type Item, typeBits } from './item.ts';

const S_ISUID = 0o4000;
const S_ISGID = 0o2000;

export const CAPABILITY = 'security.capability';
const ACL = /^system\.posix_acl_(access|default)$/;

/** Which attribute names are compared: Linux security modules label by host, not by image. */
export type XattrFilter = (name: string) => boolean;

/** Adds the aspects in `wanted` that differ to `what`. Throws Errno. */
export function compareMetadata(
  a: Item,
  b: Item,
  wanted: ReadonlySet<Aspect>,
  isCompared: XattrFilter,
  what: Aspect[],
): void {
  const [s, t] = [a.status, b.status];
  const check = (aspect: Aspect, isDifferent: boolean) => {
    if (isDifferent && wanted.has(aspect) && !a.untold.has(aspect) && !b.untold.has(aspect))
      what.push(aspect);
  };
  const type = typeBits(a);
  if (type === S_IFLNK && wanted.has('target')) check('target', a.target() !== b.target());
  if (type === S_IFCHR || type === S_IFBLK) {
    check('rdev', s[STATX.rdevMajor] !== t[STATX.rdevMajor] || s[STATX.rdevMinor] !== t[STATX.rdevMinor]);
  }
  check('mode', s[STATX.mode] !== t[STATX.mode]);
  check('uid', s[STATX.uid] !== t[STATX.uid]);
  check('gid', s[STATX.gid] !== t[STATX.gid]);
  check(
    'mtime',
    s[STATX.mtime] !== t[STATX.mtime] ||
      s[STATX.mtime + 1] !== t[STATX.mtime + 1] ||
      s[STATX.mtime + 2] !== t[STATX.mtime + 2],
  );
  if (wanted.has('xattr') || wanted.has('caps') || wanted.has('acl')) {
    for (const aspect of differentXattrs(a.xattrs(), b.xattrs(), isCompared)) check(aspect, true);
  }
}

function differentXattrs(
  a: ReadonlyMap<string, Buffer>,
  b: ReadonlyMap<string, Buffer>,
  isCompared: XattrFilter,
): Set<Aspect> {
  const aspects = new Set<Aspect>();
  if (a.size === 0 && b.size === 0) return aspects;
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    if (!isCompared(name)) continue;
    const value = a.get(name);
    const other = b.get(name);
    if (value !== undefined && other !== undefined && value.equals(other)) continue;
    aspects.add(name === CAPABILITY ? 'caps' : ACL.test(name) ? 'acl' : 'xattr');
  }
  return aspects;
}

/** Only a file that can be run gives its owner's or group's rights away. Throws Errno. */
export function gainedPrivileges(a: Item | undefined, b: Item | undefined): PrivilegeFlag[] {
  const flags: PrivilegeFlag[] = [];
  if (b === undefined || typeBits(b) !== S_IFREG) return flags;
  const before = a !== undefined && typeBits(a) === S_IFREG ? a : undefined;
  const gained = (bit: number, needed: number) => {
    const has = (item: Item) => ((item.status[STATX.mode] as number) & (bit | needed)) === (bit | needed);
    return has(b) && !(before !== undefined && has(before));
  };
  if (gained(S_ISUID, 0)) flags.push('setuid-added');
  // Without group execution the bit means mandatory locking.
  if (gained(S_ISGID, 0o010)) flags.push('setgid-added');
  const caps = b.xattrs().get(CAPABILITY);
  if (caps !== undefined) {
    const old = before?.xattrs().get(CAPABILITY);
    if (old === undefined || addsCapability(old, caps)) flags.push('caps-added');
  }
  return flags;
}

/** Whether `vfs_cap_data` in `b` has a bit (permitted or inheritable, or effective) that `a` has not. */
function addsCapability(a: Buffer, b: Buffer): boolean {
  const bits = (value: Buffer) => {
    const words: number[] = [];
    const magic = value.length >= 4 ? value.readUInt32LE(0) : 0;
    words.push(magic & 1);
    for (let at = 4; at + 4 <= value.length && at < 20; at += 4) words.push(value.readUInt32LE(at));
    return words;
  };
  const before = bits(a);
  return bits(b).some((word, index) => (word & ~(before[index] ?? 0)) !== 0);
}
