// How one change is put into words: the letter, and what differs. Which layer did it is told by `layer-words.ts`.

import { CAPABILITY } from '../../diff/aspects.ts';
import { aclText, capabilityText } from '../../diff/attributes.ts';
import { type Change, isMetadataOnly } from '../../diff/change.ts';
import {
  type Aspect,
  exactSizeOf,
  gidOf,
  type Item,
  isDirectoryItem,
  isSameSize,
  modeOf,
  mtimeOf,
  rdevOf,
  typeBits,
  uidOf,
} from '../../diff/item.ts';
import { type ByteString, bytesOf } from '../../sys/bytes.ts';
import { Errno, errnoWords } from '../../sys/errors.ts';
import { typeOf } from '../../sys/file-types.ts';
import { decodeDevice, S_IFLNK, S_IFREG } from '../../sys/statx.ts';
import { escapeBytes } from '../../told/escape.ts';
import { octalMode } from '../../told/fields.ts';
import { counted } from '../print/count.ts';
import { humanSize } from '../print/size.ts';
import { fullTime } from '../print/time.ts';

export const ARROW = '→';

/** `?` for contents that differ under one size and one time: what a damaged disk, or a careful hand, leaves. */
export type Letter = '+' | '-' | 'M' | 'm' | 'T' | 'R' | '?';

export function letterOf(change: Change): Letter {
  if (change.op === 'add') return '+';
  if (change.op === 'remove') return '-';
  if (change.op === 'type') return 'T';
  if (change.op === 'rename') return 'R';
  if (isMetadataOnly(change)) return 'm';
  return isSilent(change) ? '?' : 'M';
}

function isSilent({ what, a, b }: Change): boolean {
  if (a === undefined || b === undefined || !what.includes('content') || typeBits(a) !== S_IFREG)
    return false;
  const [s, t] = [mtimeOf(a), mtimeOf(b)];
  return isSameSize(a, b) && s.seconds === t.seconds && s.nanoseconds === t.nanoseconds;
}

/** `/usr/share/doc/**` for a folded directory. */
export function shownPath({ path, subtree, op, a, b }: Change): string {
  const item = op === 'remove' ? a : b;
  const isFolded = subtree !== undefined && op !== 'type' && item !== undefined;
  return `${escapeBytes(path)}${isFolded ? '/**' : ''}`;
}

/** What differs, in words; empty where the letter says it. */
export function differenceWords(change: Change): string {
  const aspects = change.what.map((aspect) => aspectWords(aspect, change));
  return joinWords([...leadWords(change), ...aspects, ...tailWords(change)]);
}

export function joinWords(words: readonly string[]): string {
  return words.filter(Boolean).join('  ');
}

/** What comes before the aspects that differ. */
export function leadWords({ a, b, op, subtree, from }: Change): string[] {
  const words: string[] = [];
  if (op === 'rename' && from !== undefined) words.push(`from ${escapeBytes(from)}`);
  if (op === 'type' && a !== undefined && b !== undefined) {
    words.push(`${typeOf(modeOf(a)).name} ${ARROW} ${typeOf(modeOf(b)).name}`);
  }
  if (subtree !== undefined) {
    words.push(`${counted(subtree.entries, 'entry', 'entries')}, ${humanSize(subtree.bytes)}`);
  } else if (op === 'add' || op === 'remove') words.push(singleWords(b ?? a));
  return words;
}

/** What comes after the aspects. */
export function tailWords({ flags, noise, raced }: Change): string[] {
  const words = flags.map((flag) => flag.replace(/-added$/, ' ADDED'));
  if (noise !== undefined) words.push(`[noise: ${noise}]`);
  if (raced) words.push('[changed while it was read]');
  return words;
}

/** What is worth saying of something that only one side has. */
function singleWords(item: Item | undefined): string {
  if (item === undefined || isDirectoryItem(item)) return '';
  const type = typeBits(item);
  if (type === S_IFREG) return `${exactSizeOf(item)} B`;
  if (type === S_IFLNK) return `${ARROW} ${attempt(() => escapeBytes(item.target()))}`;
  return typeOf(modeOf(item)).words;
}

/** How both sides differ in an aspect; empty where one has nothing there. */
export function aspectWords(aspect: Aspect, change: Change): string {
  const { a, b } = change;
  if (a === undefined || b === undefined) return '';
  const pair = (show: (item: Item) => string) => `${aspect} ${show(a)} ${ARROW} ${show(b)}`;
  switch (aspect) {
    case 'content':
      return contentWords(change, a, b);
    case 'target':
      return pair((item) => attempt(() => escapeBytes(item.target())));
    case 'rdev':
      return pair((item) => itemDeviceWords(item)).replace('rdev', 'device');
    case 'mode':
      return pair((item) => octalMode(modeOf(item)));
    case 'uid':
      return pair((item) => String(uidOf(item)));
    case 'gid':
      return pair((item) => String(gidOf(item)));
    case 'mtime':
      return pair((item) => fullTime(mtimeOf(item)));
    case 'caps':
      return pair((item) => attempt(() => shownValue(item, CAPABILITY, capabilityText)));
    case 'acl':
      return pair((item) => attempt(() => aclWords(item)));
    case 'xattr':
      return attempt(() => xattrWords(a, b));
    case 'links':
      return 'links';
  }
}

function contentWords({ firstDifference }: Change, a: Item, b: Item): string {
  const [before, after] = [exactSizeOf(a), exactSizeOf(b)];
  if (before !== after) return `content ${before} ${ARROW} ${after} B`;
  return `content ${after} B${firstDifference === undefined ? '' : `, from byte ${firstDifference}`}`;
}

export function itemDeviceWords(item: Item): string {
  const { major, minor } = decodeDevice(rdevOf(item));
  return `${major},${minor}`;
}

/** An attribute that cannot be read spoils its own words only. */
function attempt(words: () => string): string {
  try {
    return words();
  } catch (error) {
    if (error instanceof Errno) return `(${errnoWords(error.errno)})`;
    throw error;
  }
}

function shownValue(item: Item, name: string, show: (value: Buffer) => string): string {
  const value = item.xattrs().get(name);
  return value === undefined ? '(none)' : show(value);
}

function aclWords(item: Item): string {
  const access = shownValue(item, 'system.posix_acl_access', aclText);
  const initial = item.xattrs().get('system.posix_acl_default');
  return initial === undefined ? access : `${access} default:${aclText(initial)}`;
}

const OTHER_ASPECTS = /^(security\.capability|system\.posix_acl_(access|default))$/;

function xattrWords(a: Item, b: Item): string {
  const [before, after] = [a.xattrs(), b.xattrs()];
  const words: string[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    if (OTHER_ASPECTS.test(name)) continue;
    const [old, now] = [before.get(name), after.get(name)];
    if (old !== undefined && now !== undefined && old.equals(now)) continue;
    const shown = escapeBytes(name as ByteString);
    if (old === undefined && now !== undefined) words.push(`+${shown}=${xattrValue(now)}`);
    else if (now === undefined) words.push(`-${shown}`);
    else if (old !== undefined) words.push(`${shown}=${xattrValue(old)} ${ARROW} ${xattrValue(now)}`);
  }
  return `xattr ${words.join(' ')}`;
}

const LONGEST_VALUE = 64;

function xattrValue(value: Buffer): string {
  const shown = escapeBytes(bytesOf(value.subarray(0, LONGEST_VALUE)));
  return value.length > LONGEST_VALUE ? `${shown}… (${value.length} B)` : shown;
}
