// The words after `-o`, as mount(8) has them: which of them a read-only mount can have, and the flags they set.
import { Trouble } from '../sys/errors.ts';
import { MOUNT_ATTR } from '../sys/mount/mount-abi.ts';

export interface MountOptions {
  /** Flags of `mount(2)`. */
  readonly flags: number;
  /** Whether users other than the one who mounts may look in. */
  readonly allowOther: boolean;
}

/** linux/mount.h. */
const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  NOATIME: 1 << 10,
  NODIRATIME: 1 << 11,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
} as const;

/** What a word sets, and what it takes away. */
const WORDS = new Map<string, { readonly set?: number; readonly clear?: number }>([
  ['ro', {}],
  ['nosuid', { set: MS.NOSUID }],
  ['suid', { clear: MS.NOSUID }],
  ['nodev', { set: MS.NODEV }],
  ['dev', { clear: MS.NODEV }],
  ['noexec', { set: MS.NOEXEC }],
  ['exec', { clear: MS.NOEXEC }],
  ['noatime', { set: MS.NOATIME }],
  ['atime', { clear: MS.NOATIME }],
  ['nodiratime', { set: MS.NODIRATIME }],
  ['diratime', { clear: MS.NODIRATIME }],
  ['relatime', { set: MS.RELATIME }],
  ['norelatime', { clear: MS.RELATIME }],
  ['strictatime', { set: MS.STRICTATIME }],
  ['default_permissions', {}],
]);

const DEFAULT_FLAGS = MS.RDONLY | MS.NOSUID | MS.NODEV;

/** `lists` are comma-separated words, each list as it was given; later words win. */
export function parseMountOptions(lists: readonly string[], allowOther: boolean): MountOptions {
  let flags = DEFAULT_FLAGS;
  let isShared = allowOther;
  for (const word of lists.flatMap((list) => list.split(','))) {
    if (word === '') continue;
    if (word === 'rw') {
      throw new Trouble(
        'usage',
        'Cannot use mount option "rw": an image is served read-only; for a writable tree, stack an overlay on it',
      );
    }
    if (word === 'allow_other') {
      isShared = true;
      continue;
    }
    const effect = WORDS.get(word);
    if (effect === undefined) {
      const known = [...WORDS.keys(), 'allow_other'].join(', ');
      throw new Trouble('usage', `Cannot use mount option "${word}": not known; known are ${known}`);
    }
    flags = (flags | (effect.set ?? 0)) & ~(effect.clear ?? 0);
  }
  return { flags, allowOther: isShared };
}

/** The same as attributes of a mount that is in no place yet. */
export function mountAttributesOf({ flags }: MountOptions): number {
  const has = (flag: number, attribute: number) => ((flags & flag) === 0 ? 0 : attribute);
  // As mount(2) has it, the last of these wins where both are given.
  const times = has(MS.STRICTATIME, MOUNT_ATTR.STRICTATIME) || has(MS.NOATIME, MOUNT_ATTR.NOATIME);
  return (
    has(MS.RDONLY, MOUNT_ATTR.RDONLY) |
    has(MS.NOSUID, MOUNT_ATTR.NOSUID) |
    has(MS.NODEV, MOUNT_ATTR.NODEV) |
    has(MS.NOEXEC, MOUNT_ATTR.NOEXEC) |
    has(MS.NODIRATIME, MOUNT_ATTR.NODIRATIME) |
    times
  );
}

/** Throws Trouble for what fusermount3 would leave out without a word for anyone but root (util/fusermount.c). */
export function checkForUser({ flags }: MountOptions): void {
  const refused = [
    ...((flags & MS.NOSUID) === 0 ? ['suid'] : []),
    ...((flags & MS.NODEV) === 0 ? ['dev'] : []),
  ];
  if (refused.length === 0) return;
  const state = 'for root only; the mount of any other user is nosuid,nodev';
  throw new Trouble('mount', `Cannot use mount option "${refused.join(',')}": ${state}`);
}

/** The same as words, for fusermount3, which has no flags. It knows no relatime. */
export function optionWords({ flags, allowOther }: MountOptions): string[] {
  const word = (flag: number, set: string, clear: string) => [(flags & flag) !== 0 ? set : clear];
  return [
    'ro',
    ...word(MS.NOSUID, 'nosuid', 'suid'),
    ...word(MS.NODEV, 'nodev', 'dev'),
    ...word(MS.NOEXEC, 'noexec', 'exec'),
    ...((flags & MS.NOATIME) !== 0 ? ['noatime'] : []),
    ...(allowOther ? ['allow_other'] : []),
  ];
}
