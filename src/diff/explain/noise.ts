// Differences that mean nothing: a time in the header of a compiled file, a cache that is made anew. Each rule has a name.

import type { OpenContents } from '../../overlay/layer/open-contents.ts';
import type { ByteString } from '../../sys/bytes.ts';
import type { Change } from '../change.ts';
import { firstDifference } from '../contents/contents.ts';
import { type Item, itemSize } from '../item.ts';
import { LayerItem } from '../layered.ts';

/** Name → what it covers. */
export const NOISE_RULES: ReadonlyMap<string, string> = new Map([
  ['pyc-header', 'Python byte code whose source time alone changed'],
  ['gzip-mtime', 'gzip files whose recorded time alone changed'],
  ['ld-cache', '/etc/ld.so.cache'],
  ['aux-cache', '/var/cache/ldconfig/aux-cache'],
  ['install-log', 'logs of apt and dpkg below /var/log'],
  ['debconf-old', 'backups of debconf, dpkg and passwd (`-old`)'],
]);

const BY_PATH: readonly (readonly [rule: string, path: RegExp])[] = [
  ['ld-cache', /^\/etc\/ld\.so\.cache$/],
  ['aux-cache', /^\/var\/cache\/ldconfig\/aux-cache$/],
  ['install-log', /^\/var\/log\/(apt\/.*|dpkg\.log|alternatives\.log|bootstrap\.log)$/],
  [
    'debconf-old',
    /^\/(var\/cache\/debconf\/.*-old|var\/lib\/dpkg\/.*-old|etc\/(passwd|group|shadow|gshadow)-)$/,
  ],
];

/** The rule a change falls under; undefined where it may mean something. Reads the files where a header decides. */
export function noiseOf(change: Change): string | undefined {
  const { path, op, what, flags, a, b } = change;
  if (op !== 'modify' || flags.length > 0 || a === undefined || b === undefined) return undefined;
  if (!what.every((aspect) => aspect === 'content' || aspect === 'mtime') || !what.includes('content'))
    return undefined;
  for (const [rule, pattern] of BY_PATH) if (pattern.test(path)) return rule;
  return noiseOfHeader(path, a, b);
}

/** PEP 552: magic, flags, then source time and size. */
const PYC_HEADER = 16;
const PYC_KEPT = 8;
/** RFC 1952: the time is bytes 4 to 7. */
const GZIP_HEADER = 8;
const GZIP_KEPT = 4;

function noiseOfHeader(path: ByteString, a: Item, b: Item): string | undefined {
  const isPyc = path.endsWith('.pyc');
  if (!isPyc && !/\.(gz|tgz)$/.test(path)) return undefined;
  if (itemSize(a) !== itemSize(b) || !(a instanceof LayerItem && b instanceof LayerItem)) return undefined;
  const [kept, header] = isPyc ? [PYC_KEPT, PYC_HEADER] : [GZIP_KEPT, GZIP_HEADER];
  return differOnlyWithin(a, b, kept, header) ? (isPyc ? 'pyc-header' : 'gzip-mtime') : undefined;
}

/** Whether two files of one size are equal but for the bytes `from` to `to`. */
function differOnlyWithin(a: LayerItem, b: LayerItem, from: number, to: number): boolean {
  const files: OpenContents[] = [];
  try {
    for (const item of [a, b]) files.push(item.side.open(item));
    const [left, right] = files as [OpenContents, OpenContents];
    const size = itemSize(a);
    const first = firstDifference(left, right, size, { sparse: false });
    return first >= from && firstDifference(left, right, size, { sparse: false, from: to }) < 0;
  } finally {
    for (const file of files) file.close();
  }
}
