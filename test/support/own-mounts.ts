// A mount namespace of its own has a copy of each mount there is: of others' too, which would not end when they are unmounted.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, type RunOptions, run } from './command.ts';
import type { Temporary } from './temporary.ts';
import { inTurn } from './turns.ts';

/** The turn of whoever makes a namespace, or cannot bear that a mount outlives its end for a moment. */
export const MOUNTS = 'mounts';

/** $1 is whose mounts stay, $2 what the folders of all tests begin with, the rest what to run. */
const LET_GO = `
own=$1 all=$2 mounts=$(cat /proc/self/mountinfo); shift 2
printf '%s\\n' "$mounts" | while read -r _ _ _ _ point _; do
  case $point in "$own"/*) ;; "$all"*) umount -i -l "$(printf %b "$point")" 2>/dev/null ;; esac
done
exec "$@"`;

/** Runs a program in such a namespace, which lets go of the mounts of other tests. */
export function runInOwnMounts(
  temporary: Temporary,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const all = ['-m', 'sh', '-c', LET_GO, 'sh', temporary.directory, join(tmpdir(), 'sf-'), ...words];
  return inTurn(MOUNTS, () => run('unshare', all, options));
}
