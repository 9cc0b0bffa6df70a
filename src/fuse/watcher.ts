// What frees the mount point if the server is killed: a shell that waits for the end of a pipe the server holds. It
// unmounts only what the server told it of, and only where that is still what is seen there.
import type { ByteString } from '../sys/bytes.ts';
import type { Mounted } from './mount.ts';

/** What the server writes when there is nothing to free any more. */
export const UNGUARD = 'end\n';

/**
 * Reads two lines: the number and device of the mount, as in mountinfo, and its path, escaped for `printf %b`. Then it
 * waits: UNGUARD means that the server has unmounted, the end of the pipe without it that the server is gone. A mount on
 * top of ours is not ours to undo.
 */
const SCRIPT = `
PATH=/usr/sbin:/usr/bin:/sbin:/bin
IFS= read -r wanted && IFS= read -r escaped || exit 0
IFS= read -r word
[ "$word" = end ] && exit 0
path=$(printf '%b.' "$escaped"); path=\${path%.}
at=
while read -r id parent device root point rest; do
  if [ "$id $device" = "$wanted" ]; then at=$point
  elif [ "$point" = "$at" ]; then at=
  fi
done </proc/self/mountinfo
[ -n "$at" ] || exit 0
if [ "$(id -u)" = 0 ]; then umount -l "$path"; else fusermount3 -u -z -- "$path"; fi
`;

/** Program and arguments; it wants the pipe as its standard input. */
export const WATCHER: readonly [program: string, ...args: string[]] = [
  '/bin/sh',
  '-c',
  SCRIPT,
  'stratafs-watcher',
];

/** What tells the watcher what it is to free. */
export function guardLines({ id, device, point }: Mounted): string {
  return `${id} ${device}\n${escapeForPrintf(point)}\n`;
}

/** POSIX printf: `%b` takes `\0` and up to three octal digits. */
function escapeForPrintf(bytes: ByteString): string {
  return bytes.replace(
    /[^A-Za-z0-9/._-]/g,
    (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
