// The files that this process could not go on without: Node, the libraries it has loaded, and the shell that watches over it.
import { readFileSync } from 'node:fs';
import { asBytes, type ByteString } from './bytes.ts';

/** Opened again and again, or by programs that are started. */
const OPENED = ['/bin/sh', '/etc', '/dev/null', '/dev/fuse'];

/** Absolute paths; some may not be there. */
export function ownFiles(): ByteString[] {
  return [...new Set([...OPENED, process.execPath, ...mappedFiles()])].map(asBytes);
}

/** proc(5), /proc/PID/maps: `from-to rwxp offset major:minor inode path`. */
function mappedFiles(): string[] {
  try {
    const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
    return lines.map((line) => line.slice(line.indexOf('/'))).filter((path) => path.startsWith('/'));
  } catch {
    return [];
  }
}
