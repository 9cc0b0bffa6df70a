// The lines of `ls -l`: as `ls -l --time-style=long-iso` prints them, names escaped.

import type { Status } from '../../overlay/status.ts';
import type { Tree } from '../../overlay/tree.ts';
import { isDevice, isLink } from '../../sys/file-types.ts';
import { decodeDevice } from '../../sys/statx.ts';
import { escapeBytes } from '../../told/escape.ts';
import { type AccountNames, NUMBERS } from './account-names.ts';
import { formatBlocks, type SizeForm } from './blocks.ts';
import { modeString } from './status.ts';
import { shortTime } from './time.ts';
import { displayWidth } from './width.ts';

/** What a listing asks of a tree. */
type Inodes = Pick<Tree, 'status' | 'nodeOf' | 'linkTarget' | 'xattrs'>;

/** One name of a listing. */
export interface LongListItem {
  readonly entry: number;
  /** As it is shown, escaped. */
  readonly shown: string;
}

interface Line {
  readonly mode: string;
  readonly nlink: string;
  readonly uid: string;
  readonly gid: string;
  /** Of a device, the minor number, and `major` holds the other. */
  readonly size: string;
  readonly major?: string;
  readonly time: string;
  readonly text: string;
}

/** How sizes are written: to the byte, or as `ls -h` writes them. */
type LongForm = Exclude<SizeForm, 'blocks'>;

/** What `ls -l` sums up over a directory: blocks of 1024 bytes, or what they take for people. */
export function formatTotal(tree: Inodes, items: readonly LongListItem[], form: LongForm): string {
  const blocks = items.reduce((sum, item) => sum + tree.status(item.entry).blocks, 0);
  return formatBlocks(blocks * 512, form === 'human' ? form : 'blocks');
}

/** Owners are numbers, or what `names` says; numbers stand to the right, names to the left, as in ls(1). */
export function formatLong(
  tree: Inodes,
  items: readonly LongListItem[],
  form: LongForm = 'bytes',
  names: AccountNames = NUMBERS,
): string {
  const lines = items.map((item) => describe(tree, item, form, names));
  const width = (of: (line: Line) => string | undefined) =>
    lines.reduce((widest, line) => Math.max(widest, displayWidth(of(line) ?? '')), 0);
  const owner = (text: string, columns: number) => {
    const gap = ' '.repeat(columns - displayWidth(text));
    return /^\d+$/.test(text) ? gap + text : text + gap;
  };
  const mode = width((line) => line.mode);
  const nlink = width((line) => line.nlink);
  const uid = width((line) => line.uid);
  const gid = width((line) => line.gid);
  const major = width((line) => line.major);
  const minor = width((line) => (line.major === undefined ? undefined : line.size));
  const size = Math.max(
    major === 0 ? 0 : major + 2 + minor,
    width((line) => (line.major === undefined ? line.size : undefined)),
  );
  return lines
    .map((line) => {
      const numbers =
        line.major === undefined
          ? line.size.padStart(size)
          : `${line.major.padStart(size - 2 - minor)}, ${line.size.padStart(minor)}`;
      return [
        line.mode.padEnd(mode),
        line.nlink.padStart(nlink),
        owner(line.uid, uid),
        owner(line.gid, gid),
        numbers,
        `${line.time.padStart(16)} ${line.text}\n`,
      ].join(' ');
    })
    .join('');
}

function describe(tree: Inodes, { entry, shown }: LongListItem, form: LongForm, names: AccountNames): Line {
  const status = tree.status(entry);
  const node = tree.nodeOf(entry);
  const device = isDevice(status.mode) ? decodeDevice(status.rdev) : undefined;
  return {
    mode: modeString(status.mode) + (hasAcl(tree, node, status.mode) ? '+' : ''),
    nlink: String(status.nlink),
    uid: names.user(status.uid),
    gid: names.group(status.gid),
    size: device === undefined ? sizeWords(status, form) : String(device.minor),
    ...(device ? { major: String(device.major) } : {}),
    time: shortTime(status.mtime),
    text: isLink(status.mode) ? `${shown} -> ${escapeBytes(tree.linkTarget(node))}` : shown,
  };
}

function sizeWords({ size, exactSize }: Status, form: LongForm): string {
  return form === 'bytes' && exactSize !== undefined ? String(exactSize) : formatBlocks(size, form);
}

function hasAcl(tree: Inodes, node: number, mode: number): boolean {
  if (isLink(mode)) return false;
  for (const name of tree.xattrs(node).keys()) if (name.startsWith('system.posix_acl_')) return true;
  return false;
}
