// What frees the mount point if the server is killed: a shell that waits for the end of a pipe the server holds. Then it runs
// `free.ts`, which unmounts the mount that the server told of, and no other, wherever it is by then.
import { identityWords, type MountIdentity } from '../sys/mount/mounts.ts';

/** What the server writes when there is nothing to free any more. */
export const UNGUARD = 'end\n';
/** What it writes before kernel threads write to the device for it, and when they have done for a while. */
export const busyLine = (pid: number) => `busy ${pid}\n`;
export const CALM = 'calm\n';
/** What it writes when it ends with the mount still there. */
export const CUT = 'cut\n';

/**
 * Reads a line, `identityWords` of the mount. Then it waits: UNGUARD means that the server has unmounted, the end of the pipe
 * without it that the server is gone. `$1` is ENDING, which runs as long as the server is busy; `$2` Node, `$3` `free.ts`.
 * Where Node cannot be started, as without memory, the mount is freed by its present path. Only there: the number and device that
 * tell of the mount are given to another one soon after its end.
 */
const SCRIPT = `
PATH=/usr/sbin:/usr/bin:/sbin:/bin
IFS= read -r mount || exit 0
ending=$1 node=$2 program=$3
looker=
calm() { [ -z "$looker" ] || kill "$looker"; looker=; }
while IFS= read -r word; do
  case $word in
  end) calm; exit 0 ;;
  calm) calm ;;
  cut) calm; "$node" "$program" cut $mount ;;
  busy*) calm; /bin/sh -c "$ending" stratafs-ending "\${word#busy }" "$node" "$program" "$mount" & looker=$! ;;
  esac
done
calm
"$node" "$program" free $mount
case $? in 0 | 3) exit 0 ;; esac
set -- $mount
at=
while read -r id parent device root point rest; do
  [ "$id $device" != "$1 $2" ] || at=$point
done </proc/self/mountinfo
[ -n "$at" ] || exit 0
while read -r id parent device root point rest; do
  [ "$parent $point" != "$1 $at" ] || exit 0
done </proc/self/mountinfo
path=$(printf '%s.' "$at" | sed 's/\\\\/\\\\0/g')
path=$(printf '%b' "$path"); path=\${path%.}
if [ "$(id -u)" = 0 ]; then umount -l "$path"; else fusermount3 -u -z -- "$path"; fi
`;

/**
 * A server cannot end while a kernel thread of its own waits for a page that a READ holds (`sealStore`), and that READ
 * waits for the server: so whoever sees it killed (PF_SIGNALED or PF_EXITING) and still there, twice, cuts the connection.
 * `$1` is the server, `$2` Node, `$3` `free.ts`, `$4` the mount.
 */
const ENDING = `
exec </dev/null
ending=
while sleep 0.3; do
  IFS= read -r stat <"/proc/$1/stat" || exit 0
  set -- "$1" "$2" "$3" "$4" \${stat##*) }
  [ $((\${11} & 0x404)) != 0 ] || continue
  [ -z "$ending" ] || exec "$2" "$3" cut $4 "$1"
  ending=yes
done
`;

/** Program and arguments, given Node and the program to run; it wants the pipe as its standard input. */
export function watcherCommand(node: string, program: string): readonly [program: string, ...args: string[]] {
  return ['/bin/sh', '-c', SCRIPT, 'stratafs-watcher', ENDING, node, program];
}

/** What tells the watcher what it is to free. */
export function guardLine(mount: MountIdentity): string {
  return `${identityWords(mount).join(' ')}\n`;
}
