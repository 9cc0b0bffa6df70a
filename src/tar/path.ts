// Names in a layer's tar: where they lie below the layer's root, and what the whiteout names among them mean.
import type { ByteString } from '../sys/bytes.ts';

export const WHITEOUT_PREFIX = '.wh.';
export const OPAQUE_NAME = '.wh..wh..opq';

/**
 * A name of a tar as a path below the root, cleaned as Docker does when it unpacks (Go's filepath.Clean): no leading
 * or trailing slash, no `.` and `..`; empty for the root. Undefined where it leaves the root, or no file can have it.
 */
export function cleanPath(name: ByteString): ByteString | undefined {
  if (name.includes('\0')) return undefined;
  // The common forms, `a/b` and `./a/b/`, need no more than their ends cut off.
  const start = name.startsWith('./') ? 2 : 0;
  const end = name.endsWith('/') ? name.length - 1 : name.length;
  const plain = start < end ? name.slice(start, end) : '';
  if (plain !== '' && !/^\/|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(plain)) {
    return mayExist(plain) ? (plain as ByteString) : undefined;
  }
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined && !name.startsWith('/')) return undefined;
  }
  const path = parts.join('/');
  return mayExist(path) ? (path as ByteString) : undefined;
}

/** Docker unpacks by paths, which the kernel takes up to this length, its end included. */
const PATH_MAX = 4096;

function mayExist(path: string): boolean {
  if (path.length >= PATH_MAX) return false;
  return path.length <= 255 || path.split('/').every((part) => part.length <= 255);
}

/** The directory a path lies in, empty for the root. */
export function parentPath(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as ByteString;
}

export function lastName(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf('/') + 1) as ByteString;
}

export function joinPath(directory: ByteString, name: ByteString): ByteString {
  return directory === '' ? name : (`${directory}/${name}` as ByteString);
}
