// Random tars of layers for the property test of unpacking: few names, so that entries meet, every type of entry, every
// mark, names through links and above the root, attributes, times and owners at their bounds, and odd forms of headers.

import { asBytes, type ByteString } from '../../src/sys/bytes.ts';
import type { TarEntry } from '../../src/tar/entry.ts';
import { BLOCK, paddingOf } from '../../src/tar/header.ts';
import { paxLine } from '../../src/tar/pax.ts';
import { tarEnd, tarHeader } from '../../src/tar/write.ts';
import type { Random } from './diff-random.ts';

export interface RandomEntry extends TarEntry {
  readonly contents: Buffer;
  /** How its header is written: as short as can be, or in one of two longer ways. */
  readonly form: 'ustar' | 'gnu' | 'pax';
}

const LONG = 'n'.repeat(120);
const NAMES = ['a', 'b', 'c', 'd', 'a', 'b', 'usr', 'lib', '\xff', '\xc3\xa9', LONG, '..wh', '.wh'];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

function plainPath(random: Random): string {
  return Array.from({ length: 1 + random(3) }, () => pick(random, NAMES)).join('/');
}

/** A path as a tar may have it. */
function dressed(random: Random, path: string): string {
  return pick(random, [
    path,
    path,
    path,
    `./${path}`,
    `/${path}`,
    `../${path}`,
    `x/../${path}`,
    path.replace('/', '//./'),
  ]);
}

function xattrsOf(random: Random, type: string): Map<ByteString, ByteString> {
  const xattrs: [string, string][] = [];
  const some = (name: string, value: string) => random(4) === 0 && xattrs.push([name, value]);
  some('user.note', pick(random, ['x', 'y\0z', LONG]));
  some('trusted.note', 'x');
  some(
    'security.capability',
    Buffer.from('0100000200200000000000000000000000000000', 'hex').toString('latin1'),
  );
  if (type === '5') {
    some('trusted.overlay.opaque', pick(random, ['y', 'n']));
    some('user.overlay.opaque', 'y');
    some('system.posix_acl_default', acl(random));
  }
  if (type !== '2') some('system.posix_acl_access', acl(random));
  some('trusted.overlay.redirect', '/a');
  some('none.such', 'x');
  return new Map(xattrs.map(([name, value]) => [asBytes(name), asBytes(value)]));
}

function acl(random: Random): string {
  const named = random(4) > 0;
  const tags = named ? [1, 2, 4, 8, 16, 32] : [1, 4, 32];
  const bytes = Buffer.alloc(4 + 8 * tags.length);
  bytes.writeUInt32LE(2, 0);
  for (const [i, tag] of tags.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * i);
    bytes.writeUInt16LE(random(8), 6 + 8 * i);
    bytes.writeInt32LE(tag === 2 || tag === 8 ? random(3) : -1, 8 + 8 * i);
  }
  return bytes.toString('latin1');
}

function timeOf(random: Random): TarEntry['mtime'] {
  const seconds = pick(random, [1_700_000_000, 1_700_000_000, 0, -5, -2_000_000_000, 4_000_000_000, 2 ** 34]);
  return { seconds, nanoseconds: seconds >= 0 && random(3) === 0 ? random(1_000_000_000) : 0 };
}

/** The next entry; `before` are those above it, which its links may name. */
export function randomEntry(random: Random, before: readonly TarEntry[]): RandomEntry {
  // m: a mark, r: the root, by one of its names; all else as in a tar.
  const type = pick(random, [...'000552211346mmrg']);
  const known = before.length > 0 ? pick(random, before).name : 'a';
  const below = random(3) === 0 ? `${known.replace(/\/$/, '')}/${pick(random, NAMES)}` : plainPath(random);
  const fields = {
    mode: pick(random, [0o644, 0o755, 0o600, 0o4755, 0o2775, 0o6711, 0o1777, 0]),
    uid: pick(random, [0, 0, 0, 1000, 65534, 3_000_000]),
    gid: pick(random, [0, 0, 0, 5, 100_000]),
    ...{ size: 0, mtime: timeOf(random), major: 0, minor: 0, linkName: asBytes(''), sparse: false },
    contents: Buffer.alloc(0),
    form: pick(random, ['ustar', 'gnu', 'pax'] as const),
    ...(random(4) === 0 ? { emptyXattrs: [asBytes('user.empty')] } : {}),
  };
  if (type === 'm') {
    const name = pick(random, [
      '.wh.a',
      '.wh.b',
      '.wh.\xff',
      '.wh..wh..opq',
      '.wh..wh..opq',
      '.wh..wh.plnk',
      '.wh.',
      '.wh..wh.x',
    ]);
    const holder = random(4) === 0 ? '' : `${plainPath(random)}/`;
    const contents = Buffer.from(random(8) === 0 ? 'contents' : '');
    return {
      ...fields,
      name: asBytes(dressed(random, holder + name)),
      type: '0',
      xattrs: new Map(),
      contents,
      size: contents.length,
    };
  }
  if (type === 'r') {
    return {
      ...fields,
      name: asBytes(pick(random, ['./', '.', '/', '..', 'a/..'])),
      type: '5',
      xattrs: xattrsOf(random, '5'),
    };
  }
  if (type === 'g') return { ...fields, name: asBytes(`global-${random(1000)}`), type, xattrs: new Map() };
  const name = asBytes(dressed(random, below) + (type === '5' && random(3) > 0 ? '/' : ''));
  const xattrs = random(2) === 0 ? xattrsOf(random, type) : new Map();
  if (type === '0') {
    const contents = Buffer.from(
      Array.from({ length: pick(random, [0, 1, 30, 512, 1500]) }, () => random(256)),
    );
    return { ...fields, name, type, xattrs, contents, size: contents.length };
  }
  if (type === '1') {
    const target =
      random(4) === 0
        ? dressed(random, plainPath(random))
        : pick(random, [
            known,
            known,
            `./${known}`,
            `../${known}`,
            `/${known}`,
            `c/${known}`,
            `x/../${known}`,
          ]);
    return { ...fields, name, type, xattrs, linkName: asBytes(target) };
  }
  if (type === '2') {
    const target = pick(random, [
      'a',
      'b',
      '../a',
      random(3) === 0 ? '/usr' : 'usr',
      'usr/lib',
      '..',
      '.',
      random(3) === 0 ? '/' : 'lib',
      './b/../c',
      plainPath(random),
      known,
    ]);
    return { ...fields, name, type, xattrs, linkName: asBytes(target || 'a') };
  }
  if (type === '3' || type === '4') {
    const [major, minor] = pick(random, [
      [0, 0],
      [1, 3],
      [8, 300],
      [4095, 1_048_575],
    ] as const);
    return { ...fields, name, type, xattrs, major, minor };
  }
  return { ...fields, name, type, xattrs };
}

export function tarOf(entries: readonly RandomEntry[]): Buffer {
  return Buffer.concat([...entries.map(bytesOfEntry), tarEnd()]);
}

const NO_TIME = { seconds: 0, nanoseconds: 0 };

function bytesOfEntry(entry: RandomEntry): Buffer {
  const { contents } = entry;
  if (entry.type === 'g') {
    const lines = paxLine('comment', 'of all');
    const header = tarHeader({ ...entry, size: lines.length, mtime: NO_TIME, xattrs: new Map() });
    return Buffer.concat([header, padded(lines)]);
  }
  const header =
    entry.form === 'gnu' ? gnuHeader(entry) : entry.form === 'pax' ? paxHeader(entry) : tarHeader(entry);
  return Buffer.concat([header, contents, Buffer.alloc(paddingOf(contents.length))]);
}

function padded(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(paddingOf(text.length))]);
}

/** A header of another kind before an entry's own: type and what it holds. */
function before(entry: RandomEntry, type: string, text: string): Buffer {
  const fields = { ...entry, uid: 0, gid: 0, linkName: asBytes(''), xattrs: new Map(), mtime: NO_TIME };
  return Buffer.concat([
    tarHeader({ ...fields, name: asBytes('before'), type, size: text.length }),
    padded(text),
  ]);
}

/** With its names in headers of their own, however short they are. */
function gnuHeader(entry: RandomEntry): Buffer {
  const link = entry.linkName === '' ? [] : [before(entry, 'K', `${entry.linkName}\0`)];
  return Buffer.concat([...link, before(entry, 'L', `${entry.name}\0`), tarHeader(entry)]);
}

/** With all that PAX has a word for, and attributes without a value, in an extended header. */
function paxHeader(entry: RandomEntry): Buffer {
  const { seconds, nanoseconds } = entry.mtime;
  const lines = [
    paxLine('path', entry.name),
    ...(entry.linkName === '' ? [] : [paxLine('linkpath', entry.linkName)]),
    paxLine('uid', String(entry.uid)),
    paxLine('gid', String(entry.gid)),
    paxLine('mtime', seconds < 0 ? String(seconds) : `${seconds}.${String(nanoseconds).padStart(9, '0')}`),
    ...[...entry.xattrs].map(([name, value]) => paxLine(`SCHILY.xattr.${name}`, value)),
    ...(entry.emptyXattrs ?? []).map((name) => paxLine(`SCHILY.xattr.${name}`, '')),
  ];
  // The writer's own extended header, if it has one, goes before the plain one.
  return Buffer.concat([before(entry, 'x', lines.join('')), tarHeader(entry).subarray(-BLOCK)]);
}
