// Names in a layer's tar: where they lie below the layer's root, and what the whiteout names among them mean.
import type { ByteString } from '../sys/bytes.ts';

export const WHITEOUT_PREFIX = '.wh.';
export const OPAQUE_NAME = '.wh..wh..opq';

/**
 * A name of a tar as a path below the root, cleaned as Docker does when it unpacks in a chroot (Go's filepath.Join of `/`
 * and the name): no slash at its ends, no `.` and `..`, which lead nowhere above the root; empty for the root itself.
 */
export function cleanPath(name: ByteString): ByteString {
  // The common forms, `a/b` and `./a/b/`, need no more than their ends cut off.
  const start = name.startsWith('./') ? 2 : 0;
  const end = name.endsWith('/') ? name.length - 1 : name.length;
  const plain = start < end ? name.slice(start, end) : '';
  if (plain !== '' && !/^\/|\/\/|(?:^|\/)\.\.?(?:\/|$)/.test(plain)) return plain as ByteString;
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/') as ByteString;
}

/** Whether a name is a dot to Go's filepath.Clean: the root, as a name that neither begins above it nor at it. */
export function isDot(name: ByteString): boolean {
  return !name.startsWith('/') && !leadsOut(name) && cleanPath(name) === '';
}

/** Whether a name leads above the root on its way, from where no other part of it comes back. */
export function leadsOut(name: ByteString): boolean {
  let depth = 0;
  for (const part of name.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
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
