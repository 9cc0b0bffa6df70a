// The mounts of stratafs that this process can see, as mount(8) lists mounts. No mount is touched: a dead one is listed too.
import { MOUNT_TYPE } from '../../fuse/type.ts';
import { isRunning, serversOf } from '../../sys/holders.ts';
import { type MountEntry, readMounts } from '../../sys/mount/mounts.ts';
import { escapeBytes } from '../../told/escape.ts';

/** A line for each, in the order in which they were mounted; empty where there is none. */
export function listMounts(mounts: readonly MountEntry[] = readMounts()): string {
  return mounts
    .filter(({ type }) => type === MOUNT_TYPE)
    .map((mount) => {
      const servers = serversOf(mount.device).filter(isRunning);
      const by = servers.length === 0 ? '' : `, served by process ${servers.join(', ')}`;
      return `${escapeBytes(mount.source)} on ${escapeBytes(mount.point)}${by}\n`;
    })
    .join('');
}
