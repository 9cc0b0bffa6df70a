// How one change is put into words: the letter, what differs, and which layer did it.

import { CAPABILITY } from '../../diff/aspects.ts';
import { aclText, capabilityText } from '../../diff/attributes.ts';
import { type Change, isMetadataOnly, type Subtree } from '../../diff/change.ts';
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
  type SideName,
  typeBits,
  uidOf,
} from '../../diff/item.ts';
import { layerIndexOf } from '../../store/choice.ts';
import type { HistoryStep } from '../../store/oci.ts';
import type { LayerStack } from '../../store/store.ts';
import { type ByteString, bytesOf } from '../../sys/bytes.ts';
import { Errno, errnoWords } from '../../sys/errors.ts';
import { decodeDevice, S_IFBLK, S_IFCHR, S_IFLNK, S_IFREG } from '../../sys/statx.ts';
import { counted } from '../print/count.ts';
import { escapeBytes, escapeText } from '../print/escape.ts';
import { humanSize } from '../print/size.ts';
import { octalMode, typeOf } from '../print/status.ts';
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
  const { a, b, op, subtree } = change;
  const words: string[] = [];
  if (op === 'rename' && change.from !== undefined) words.push(`from ${escapeBytes(change.from)}`);
  if (op === 'type' && a !== undefined && b !== undefined) {
    words.push(`${typeOf(modeOf(a)).name} ${ARROW} ${typeOf(modeOf(b)).name}`);
  }
  if (subtree !== undefined) {
    words.push(`${counted(subtree.entries, 'entry', 'entries')}, ${humanSize(subtree.bytes)}`);
  } else if (op === 'add' || op === 'remove') words.push(singleWords(b ?? a));
  if (a !== undefined && b !== undefined)
    for (const aspect of change.what) words.push(aspectWords(aspect, change, a, b));
  for (const flag of change.flags) words.push(flag.replace(/-added$/, ' ADDED'));
  if (change.noise !== undefined) words.push(`[noise: ${change.noise}]`);
  if (change.raced) words.push('[changed while it was read]');
  return words.filter(Boolean).join('  ');
}

/** What is worth saying of something that only one side has. */
function singleWords(item: Item | undefined): string {
  if (item === undefined || isDirectoryItem(item)) return '';
  const type = typeBits(item);
  if (type === S_IFREG) return `${exactSizeOf(item)} B`;
  if (type === S_IFLNK) return `${ARROW} ${attempt(() => escapeBytes(item.target()))}`;
  return typeOf(modeOf(item)).words;
}

function aspectWords(aspect: Aspect, change: Change, a: Item, b: Item): string {
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

export function isDeviceItem(item: Item): boolean {
  return typeBits(item) === S_IFCHR || typeBits(item) === S_IFBLK;
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

/** The stacks of both sides, where they are stacks. */
export type Stacks = Readonly<Partial<Record<SideName, LayerStack>>>;

/** `A3 → B6 RUN rm -rf /x`: the layers of both sides, and the step that made the later one. */
export function layerWords(change: Change, stacks: Stacks): string {
  const { a, b, by, op, subtree } = change;
  if (op === 'remove') return by === undefined ? places('A', a, subtree) : `${place('B', by)} ${by.how}`;
  const [treeA, treeB] =
    b !== undefined && isDirectoryItem(b) ? [undefined, subtree] : ([subtree, undefined] as const);
  const placeB = places('B', b, treeB);
  const both = a !== undefined && b !== undefined ? [places('A', a, treeA), placeB] : [placeB];
  // No one step made what several layers did.
  if (treeB !== undefined && treeB.layers.size > 1) return both.filter(Boolean).join(` ${ARROW} `);
  const layer = stacks.b && b && stacks.b.layers[layerIndexOf(stacks.b, b.layer)];
  const step =
    b === undefined || b.layer === 0 ? '' : layer?.role === 'upper' ? 'container' : stepWords(layer?.history);
  return [both.filter(Boolean).join(` ${ARROW} `), step].filter(Boolean).join(' ');
}

function place(side: 'A' | 'B', item: { readonly layer: number } | undefined): string {
  return item === undefined || item.layer === 0 ? '' : `${side}${item.layer}`;
}

/** `B2-B4,B6` for a tree whose entries come from several layers. */
function places(side: 'A' | 'B', item: Item | undefined, subtree: Subtree | undefined): string {
  if (subtree === undefined || subtree.layers.size < 2) return place(side, item);
  const runs: { readonly first: number; last: number }[] = [];
  for (const layer of [...subtree.layers.keys()].sort((x, y) => x - y)) {
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === layer) run.last = layer;
    else runs.push({ first: layer, last: layer });
  }
  const words = runs.map(({ first, last }) =>
    first === last ? `${side}${first}` : `${side}${first}-${side}${last}`,
  );
  return words.join(',');
}

/** A history step as a line of a Dockerfile. */
export function stepWords(step: HistoryStep | undefined): string {
  const text = step?.createdBy ?? step?.comment ?? '';
  const words = text
    .replace(/^\/bin\/sh -c #\(nop\)\s*/, '')
    .replace(/^\/bin\/sh -c\s+/, 'RUN ')
    .replace(/^\|\d+ /, '')
    .replace(/\s+/g, ' ')
    .trim();
  return escapeText(words);
}
