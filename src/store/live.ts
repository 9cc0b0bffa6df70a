// Whether the engine of a root is at work now, by what the kernel tells of this machine: no lock is taken, ever. On another
// machine's disk nothing can be told.
import { readFileSync, statSync } from 'node:fs';
import { type ByteString, bufferOf } from '../sys/bytes.ts';

/** Databases that engines keep locked (flock(2)) as long as they run. */
const LOCKED = [
  'volumes/metadata.db',
  'network/files/local-kv.db',
  'io.containerd.metadata.v1.bolt/meta.db',
  'containerd/daemon/io.containerd.metadata.v1.bolt/meta.db',
];

/** Whether a database in the root is locked, or an overlay is mounted from its layers. Others' mount namespaces are not seen. */
export function isLive(directory: ByteString): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  const isMounted = mounts.some(
    (line) => / - (?:overlay|fuse\S*) /.test(line) && line.includes(`${escaped(directory)}/`),
  );
  return isMounted || isLocked(directory);
}

function isLocked(directory: ByteString): boolean {
  const locks = readFileSync('/proc/locks', 'latin1');
  return LOCKED.some((name) => {
    const inode = inodeOf(`${directory}/${name}` as ByteString);
    return (
      inode !== undefined &&
      new RegExp(`FLOCK\\s+ADVISORY\\s+WRITE\\s+-?\\d+\\s+[0-9a-f]+:[0-9a-f]+:${inode} `).test(locks)
    );
  });
}

/** Links are not a way to another file: they are those of this machine's own engines. */
function inodeOf(path: ByteString): bigint | undefined {
  return statSync(bufferOf(path), { bigint: true, throwIfNoEntry: false })?.ino;
}

/** As the kernel writes a path in mountinfo. */
function escaped(path: ByteString): string {
  return path.replace(/[ \t\n\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
