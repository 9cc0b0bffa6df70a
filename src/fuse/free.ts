// What the watcher of a mount runs when its server has gone (`free`), or cannot go (`cut`): a program of its own, because a
// shell can name a mount by its path only. Exit code 0: done, or nothing to do; 3: it could not be done; any other: it did not run.
import { type MountIdentity, parseIdentity } from '../sys/mount/mounts.ts';
import { cutConnection, isEnding, unmount } from './unmount.ts';

const [what, ...words] = process.argv.slice(2);
const { mount, rest } = parseIdentity(words);
process.exitCode = (await (what === 'cut' ? cut(mount, Number(rest[0])) : free(mount))) ? 0 : 3;

async function free(mount: MountIdentity): Promise<boolean> {
  const result = await unmount(mount, { detach: true });
  return result === 0 || result === 'gone' || result === 'covered';
}

/** `pid` is the server's, which was seen to end; NaN where it asks for the cut itself. */
async function cut(mount: MountIdentity, pid: number): Promise<boolean> {
  return (!Number.isNaN(pid) && !isEnding(pid)) || cutConnection(mount);
}
