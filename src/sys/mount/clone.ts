// Reading through a private clone of a mount, read-only, without access times and without devices: the only way to read a
// symbolic link that leaves no trace, since O_NOATIME is for files and directories, and no device can be opened in it,
// whatever takes a file's place between two calls. Without privilege there are no clones.

import { lstatSync, realpathSync } from 'node:fs';
import { openBeneath } from '../beneath.ts';
import { asBytes, type ByteString, bufferOf, bytesOf, cString, shownBytes } from '../bytes.ts';
import { E, Errno } from '../errors.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_RECURSIVE,
  AT_SYMLINK_NOFOLLOW,
  close,
  O,
  open,
  readlinkat,
} from '../libc.ts';
import { MOUNT_ATTR } from './mount-abi.ts';
import { mountSetattr, openTreeCall } from './mount-calls.ts';

const OPEN_TREE_CLONE = 1;

/** As the kernel's MAXSYMLINKS. */
const MOST_LINKS = 40;
const LONGEST_TARGET = 4096;

const empty = cString(asBytes(''));
const here = asBytes('.');
const attributes = Buffer.alloc(32);
attributes.writeBigUInt64LE(BigInt(MOUNT_ATTR.RDONLY | MOUNT_ATTR.NODEV | MOUNT_ATTR.NOATIME), 0);
attributes.writeBigUInt64LE(BigInt(MOUNT_ATTR.ATIME_MASK), 8);

/**
 * A descriptor of a directory in a private clone of its mount, good for listing, or a negative errno. `path` is
 * NUL-terminated and relative to `directory`, or empty for that one itself; a link at its end is not followed.
 */
export function openClone(directory: number, path: Buffer): number {
  return cloned(directory, path, 0);
}

/** Whether this process may make such clones: a directory is then read without what is mounted in it. */
export function canClone(): boolean {
  const descriptor = openClone(AT_FDCWD, cString(asBytes('/')));
  if (descriptor >= 0) close(descriptor);
  return descriptor >= 0;
}

/** The same with all that is mounted below. */
export function openCloneOfAll(directory: number, path: Buffer): number {
  return cloned(directory, path, AT_RECURSIVE);
}

function cloned(directory: number, path: Buffer, recursive: number): number {
  const flags = OPEN_TREE_CLONE | O.CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
  const tree = openTreeCall(directory, path, flags | recursive);
  if (tree < 0) return tree;
  const error = mountSetattr(tree, empty, AT_EMPTY_PATH | recursive, attributes);
  // The clone's own descriptor is O_PATH; listing needs a real one.
  const fd = error < 0 ? error : openBeneath(tree, here, O.RDONLY | O.DIRECTORY);
  close(tree);
  return fd;
}

/** As realpath(3), but no link on the way gets a new access time where clones are allowed. Throws as `lstat`, and Errno. */
export function realPath(path: ByteString): ByteString {
  if (path === '') throw new Errno(E.ENOENT, 'resolve an empty path');
  const rest = path.split('/').reverse();
  let real = path.startsWith('/') ? '' : withoutSlash(bytesOf(realpathSync.native('.', 'buffer')));
  let links = 0;
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '') continue;
    const at = asBytes(`${real}/${name}`);
    const isLink = lstatSync(bufferOf(at)).isSymbolicLink();
    if (name === '..') real = real.slice(0, Math.max(0, real.lastIndexOf('/')));
    else if (isLink) {
      if (++links > MOST_LINKS) throw new Errno(E.ELOOP, `resolve "${shownBytes(path)}"`);
      const target = readLinkUnseen(asBytes(real === '' ? '/' : real), asBytes(name));
      if (target.startsWith('/')) real = '';
      for (const each of target.split('/').reverse()) rest.push(each);
    } else if (name !== '.') real = at;
  }
  return asBytes(real === '' ? '/' : real);
}

function withoutSlash(path: ByteString): string {
  return path === '/' ? '' : path;
}

/** What a link says, without a new access time where clones are allowed; `directory` is free of links. Throws Errno. */
export function readLinkUnseen(directory: ByteString, name: ByteString): ByteString {
  const place = cString(directory);
  const clone = openClone(AT_FDCWD, place);
  const holder = clone < 0 ? open(place, O.PATH | O.DIRECTORY | O.CLOEXEC) : clone;
  if (holder < 0) throw new Errno(-holder, `open "${shownBytes(directory)}"`);
  const target = Buffer.alloc(LONGEST_TARGET);
  const length = readlinkat(holder, cString(name), target, target.length);
  close(holder);
  if (length < 0) throw new Errno(-length, `read link "${shownBytes(directory)}/${shownBytes(name)}"`);
  return bytesOf(target, 0, length);
}
