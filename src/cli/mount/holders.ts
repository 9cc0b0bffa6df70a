// Who keeps a mount busy, in words.
import type { ByteString } from '../../sys/bytes.ts';
import { type Holder, holdersOf } from '../../sys/holders.ts';
import { readMounts } from '../../sys/mount/mounts.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';

const SHOWN = 5;

/** Those with an open file or a working directory: what a server may ask of the processes it serves without waiting for one. */
export function openHolders(point: ByteString): Holder[] {
  return holdersOf(point, undefined);
}

/** `the mount "/mnt/etc" (tmpfs), bash (pid 12), less (pid 34)`; never empty. */
export function describeHolders(point: ByteString, holders: readonly Holder[]): string {
  const below = readMounts().filter((mount) => isBelow(mount.point, point));
  const words = [
    ...below.map((mount) => `the mount "${escapeBytes(mount.point)}" (${escapeText(mount.type)})`),
    ...holders.map(({ command, pid }) => `${escapeText(command)} (pid ${pid})`),
  ];
  if (words.length === 0) return 'a process that cannot be seen from here';
  const shown = words.slice(0, SHOWN);
  if (words.length > SHOWN) shown.push(`${words.length - SHOWN} more`);
  return shown.join(', ');
}

function isBelow(path: ByteString, point: ByteString): boolean {
  return path.startsWith(point === '/' ? point : `${point}/`) && path !== point;
}
