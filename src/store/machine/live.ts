// Whether the engine of a root is at work now, by what the kernel tells of this machine: no lock is taken, ever. On another
// machine's disk nothing can be told.
import { readFileSync, statSync } from 'node:fs';
import { asBytes, type ByteString, bufferOf } from '../../sys/bytes.ts';
import { type MountEntry, readMounts } from '../../sys/mount/mounts.ts';
import type { Store } from '../store.ts';

/** Databases that engines keep locked (flock(2)) as long as they run; those of containerd's snapshotters from their first use on. */
const CONTAINERD = [
  'io.containerd.metadata.v1.bolt/meta.db',
  'io.containerd.snapshotter.v1.overlayfs/metadata.db',
  'io.containerd.snapshotter.v1.native/metadata.db',
];
const LOCKED = [
  'volumes/metadata.db',
  'network/files/local-kv.db',
  ...CONTAINERD,
  ...CONTAINERD.map((name) => `containerd/daemon/${name}`),
];

/** Whether an engine is at work in a root of this machine, or holds mounts of one of its stores. */
export function isEngineAtWork(directory: ByteString, stores: readonly Store[]): boolean {
  return stores.some((store) => store.isMounted?.() === true) || isLive(directory);
}

/** Whether a database in the root is locked, or an overlay is mounted from its layers. Others' mount namespaces are not seen. */
export function isLive(directory: ByteString): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  const isMounted = mounts.some(
    (line) => / - (?:overlay|fuse\S*) /.test(line) && line.includes(`${escaped(directory)}/`),
  );
  return isMounted || isLocked(directory);
}

function isLocked(directory: ByteString): boolean {
  const locked = lockedFiles(readFileSync('/proc/locks', 'latin1'));
  if (locked.size === 0) return false;
  const mounts = readMounts();
  return LOCKED.some((name) => {
    const path = asBytes(`${directory}/${name}`);
    const inode = inodeOf(path);
    return inode !== undefined && locked.has(`${deviceOf(path, mounts)}:${inode}`);
  });
}

/** `major:minor:inode` in decimal of each file that is locked for writing as a whole (proc_locks(5)). */
function lockedFiles(text: string): Set<string> {
  const files = new Set<string>();
  for (const line of text.split('\n')) {
    const [, kind, , access, , file = ''] = line.split(/ +/);
    const [major = '', minor = '', inode] = file.split(':');
    if (kind === 'FLOCK' && access === 'WRITE')
      files.add(`${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}:${inode}`);
  }
  return files;
}

/** As mountinfo has it, and locks too: on btrfs stat(2) shows another one. */
function deviceOf(path: ByteString, mounts: readonly MountEntry[]): string | undefined {
  let found: MountEntry | undefined;
  for (const mount of mounts) {
    const { point } = mount;
    const isHolding = point === '/' || path.startsWith(`${point}/`);
    // Of several at one place the last lies on top.
    if (isHolding && point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found?.device;
}

/** Links are not a way to another file: they are those of this machine's own engines. */
function inodeOf(path: ByteString): bigint | undefined {
  try {
    return statSync(bufferOf(path), { bigint: true }).ino;
  } catch {
    return undefined;
  }
}

/** As the kernel writes a path in mountinfo. */
function escaped(path: ByteString): string {
  return path.replace(/[ \t\n\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
