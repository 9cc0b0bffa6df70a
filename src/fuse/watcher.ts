// What frees the mount point if the server is killed: a shell that waits for the end of a pipe the server holds. It
// unmounts only what the server told it of, and only where that is still what is seen there.
import type { ByteString } from '../sys/bytes.ts';
import type { Mounted } from './mount.ts';

/** What the server writes when there is nothing to free any more. */
export const UNGUARD = 'end\n';
/** What it writes before kernel threads write to the device for it, and when they have done for a while. */
export const busyLine = (pid: number) => `busy ${pid}\n`;
export const CALM = 'calm\n';
/** What it writes when it ends with the mount still there. */
export const CUT = 'cut\n';

/**
 * Reads two lines: the number and device of the mount, as in mountinfo, and its path, escaped for `printf %b`. Then it
 * waits: UNGUARD means that the server has unmounted, the end of the pipe without it that the server is gone. A mount on
 * top of ours is not ours to undo. `$1` is ENDING, which runs as long as the server is busy.
 */
const SCRIPT = `
PATH=/usr/sbin:/usr/bin:/sbin:/bin
IFS= read -r wanted && IFS= read -r escaped || exit 0
path=$(printf '%b.' "$escaped"); path=\${path%.}
looker=
calm() { [ -z "$looker" ] || kill "$looker"; looker=; }
while IFS= read -r word; do
  case $word in
  end) calm; exit 0 ;;
  calm) calm ;;
  cut) calm; /bin/sh -c "$1" stratafs-ending now "\${wanted##*:}" "$path" ;;
  busy*) calm; /bin/sh -c "$1" stratafs-ending "\${word#busy }" "\${wanted##*:}" "$path" & looker=$! ;;
  esac
done
calm
at=
while read -r id parent device root point rest; do
  if [ "$id $device" = "$wanted" ]; then at=$point
  elif [ "$point" = "$at" ]; then at=
  fi
done </proc/self/mountinfo
[ -n "$at" ] || exit 0
if [ "$(id -u)" = 0 ]; then umount -l "$path"; else fusermount3 -u -z -- "$path"; fi
`;

/**
 * A server cannot end while a kernel thread of its own waits for a page that a READ holds (`sealStore`), and that READ
 * waits for the server: so whoever sees it killed (PF_SIGNALED or PF_EXITING) and still there cuts the connection. `$1` is
 * the server, or `now`; `$2` the connection's number, `$3` the mount point.
 */
const ENDING = `
exec </dev/null
ending=
while [ "$1" != now ] && sleep 0.3; do
  IFS= read -r stat <"/proc/$1/stat" || exit 0
  set -- "$1" "$2" "$3" \${stat##*) }
  [ $((\${10} & 0x404)) != 0 ] || continue
  [ -z "$ending" ] || break
  ending=yes
done
abort=/sys/fs/fuse/connections/$2/abort
if [ -w "$abort" ]; then echo 1 >"$abort"; else umount -f "$3"; fi
`;

/** Program and arguments; it wants the pipe as its standard input. */
export const WATCHER: readonly [program: string, ...args: string[]] = [
  '/bin/sh',
  '-c',
  SCRIPT,
  'stratafs-watcher',
  ENDING,
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
