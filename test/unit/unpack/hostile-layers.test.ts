// Tars of layers that were made to deceive: each comes to a tree that lies within the layer, to refusals that name the entry, or to
// damage in words. Every form goes through the whole reader: blob, headers, unpacking, contents by place.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { BlobBytes } from '../../../src/blob/blob.ts';
import { BlobCache } from '../../../src/blob/cache.ts';
import { RECORDED_ROOT } from '../../../src/overlay/recorded/recorded-layer.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { Errno, errnoWords } from '../../../src/sys/errors.ts';
import { S_IFMT, S_IFREG } from '../../../src/sys/statx.ts';
import type { TarEntry } from '../../../src/tar/entry.ts';
import { paxLine } from '../../../src/tar/pax.ts';
import { tarEnd, tarHeader } from '../../../src/tar/write.ts';
import { type BlobLayer, readBlobLayer } from '../../../src/unpack/blob-layer.ts';
import { MOBY_RULES } from '../../../src/unpack/rules.ts';
import { blocksOf, type FakeMember, tarOf, textMember } from '../../support/fake-archive.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { inMemory } from '../blob/bytes.ts';

const NAMES = Number(process.env.NAMES ?? 20_000);
const GIB = 2 ** 30;

async function read(blob: Buffer | BlobBytes): Promise<BlobLayer> {
  return readBlobLayer(Buffer.isBuffer(blob) ? inMemory(blob) : blob, {
    ...{ cache: new BlobCache(), rules: MOBY_RULES.trusted, salvages: true },
    spools: { directory: temporaryForTest().directory, limit: 1 << 30, used: 0 },
  });
}

const FORMS = new Map([
  [0o04, 'd'],
  [0o12, 'l'],
  [0o02, 'c'],
  [0o06, 'b'],
  [0o01, 'p'],
]);

/** A line a name in byte order: of a file its size and first bytes, of a link where it leads; then refusals and damage. */
function told({ layer, contents, refusals, damage, trailing }: BlobLayer): string[] {
  const lines: string[] = [];
  const tell = (path: string, number: number) => {
    const { mode, links, linkTarget, size, major, minor } = layer.object(number);
    const type = mode & S_IFMT;
    const form = FORMS.get(mode >> 12);
    const words = [path.length > 60 ? `${path.length} bytes` : path];
    if (links > 1 && form !== 'd') words.push(`x${links}`);
    if (type === S_IFREG) {
      words.push(String(size), startOf(contents, number));
    } else words.push(form ?? '?');
    if (form === 'l') words.push(`-> ${linkTarget}`);
    if (form === 'c' || form === 'b') words.push(`${major}:${minor}`);
    lines.push(words.join(' '));
  };
  const walk = (path: string, directory: number) => {
    for (const [name, number] of [...layer.names(directory)].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const full = path === '' ? name : `${path}/${name}`;
      if (layer.isDirectory(number)) walk(full, number);
      else tell(full, number);
    }
  };
  walk('', RECORDED_ROOT);
  for (const { path, reason } of refusals)
    lines.push(`refused ${path.length > 60 ? path.length : path}: ${reason}`);
  if (damage !== undefined) lines.push(`damage: ${damage.message}`);
  if (trailing > 0) lines.push(`${trailing} bytes follow`);
  return lines;
}

function startOf(contents: BlobLayer['contents'], number: number): string {
  const room = Buffer.alloc(8);
  try {
    return JSON.stringify(room.toString('latin1', 0, contents.read(number, 0, room)));
  } catch (error) {
    if (error instanceof Errno) return errnoWords(error.errno);
    throw error;
  }
}

function file(name: string, text = name): FakeMember {
  return textMember(name, text);
}

function link(name: string, linkName: string, type = '2'): FakeMember {
  return { name, linkName, type };
}

/** An extended header as anybody may write it. */
function pax(...lines: readonly (readonly [key: string, value: string])[]): FakeMember {
  const text = lines.map(([key, value]) => paxLine(key, value)).join('');
  return { name: 'pax', type: 'x', contents: Buffer.from(text, 'latin1') };
}

function long(type: 'L' | 'K', name: string): FakeMember {
  return { name: '././@LongLink', type, contents: Buffer.from(`${name}\0`, 'latin1') };
}

const DEEP = `${'d'.repeat(200)}/`.repeat(20);
const SPARSE = [
  ['GNU.sparse.major', '0'],
  ['GNU.sparse.minor', '1'],
] as const;

const SPARSE_1 = [
  ['GNU.sparse.major', '1'],
  ['GNU.sparse.minor', '0'],
] as const;

type Case = readonly [form: string, blob: Buffer, expected: readonly string[]];

const CASES: readonly Case[] = [
  [
    'names with ..',
    tarOf(file('../../a'), file('b/../../c'), file('d/..'), file('ok')),
    ['a 7 "../../a"', 'c 9 "b/../../"', 'ok 2 "ok"'],
  ],
  [
    'absolute names',
    tarOf(file('/etc/passwd'), file('//x//y'), file('ok')),
    ['etc/passwd 11 "/etc/pas"', 'ok 2 "ok"', 'x/y 6 "//x//y"'],
  ],
  [
    'links out, and entries through them',
    tarOf(link('l', '/etc'), link('m', '../..'), file('l/a'), file('m/b')),
    ['b 3 "m/b"', 'l l -> /etc', 'm l -> ../..', 'refused l/a: find a directory: no such file or directory'],
  ],
  [
    'hard links to nothing',
    tarOf(link('a', 'nothing', '1'), link('b', '/etc/passwd', '1'), link('c', '../x', '1'), file('ok')),
    [
      'ok 2 "ok"',
      'refused a: link a file: no such file or directory',
      'refused b: link a file: no such file or directory',
      'refused c: link a file: no such file or directory',
    ],
  ],
  [
    'hard links in circles',
    tarOf(link('a', 'b', '1'), link('b', 'a', '1'), link('c', 'c', '1'), file('ok')),
    [
      'ok 2 "ok"',
      'refused a: link a file: no such file or directory',
      'refused b: link a file: no such file or directory',
      'refused c: link a file: no such file or directory',
    ],
  ],
  [
    'symbolic links in circles, and entries through them',
    tarOf(link('a', 'b'), link('b', 'a'), file('a/f'), file('ok')),
    ['a l -> b', 'b l -> a', 'ok 2 "ok"', 'refused a/f: find a directory: too many levels of symbolic links'],
  ],
  [
    'devices and pipes',
    tarOf(
      { name: 'null', type: '3', major: 1, minor: 3 },
      { name: 'sda', type: '4', major: 8 },
      { name: 'p', type: '6' },
    ),
    ['null c 1:3', 'p p', 'sda b 8:0'],
  ],
  [
    'duplicated entries',
    tarOf(
      file('a', 'first'),
      file('a', 'second'),
      file('d/x'),
      file('d', 'file'),
      { name: 'a/', type: '5' },
      file('a/b'),
    ),
    ['a/b 3 "a/b"', 'd 4 "file"'],
  ],
  [
    'names that are no UTF-8',
    tarOf(file('caf\xe9/\xff\xfe', 'bytes'), link('l\x80', '\xc3\x28')),
    ['caf\xe9/\xff\xfe 5 "bytes"', 'l\x80 l -> \xc3\x28'],
  ],
  [
    'GNU long names and targets',
    tarOf(long('L', `${DEEP}f`), file('short', 'long'), long('K', 't'.repeat(150)), link('l', 'short')),
    [
      '4021 bytes 4 "long"',
      'l l -> tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt',
    ],
  ],
  [
    'a GNU name that is longer than a path may be',
    tarOf(
      long('L', `${'e'.repeat(255)}/`.repeat(40)),
      file('short'),
      long('L', 'n'.repeat(256)),
      file('s'),
      file('ok'),
    ),
    [
      'ok 2 "ok"',
      'refused 10239: find a directory: name too long',
      'refused 256: make a file: name too long',
    ],
  ],
  [
    'a GNU name of 2 MiB',
    tarOf(file('ok'), long('L', 'n'.repeat(2 << 20)), file('short')),
    ['ok 2 "ok"', 'damage: an extended header is too large'],
  ],
  ['a GNU name without an entry', tarOf(file('ok'), long('L', 'name')), ['ok 2 "ok"']],
  [
    'a PAX size that is less than the header says',
    tarOf(pax(['size', '2']), { name: 'a', contents: Buffer.alloc(512, 'a') }, file('b')),
    ['a 2 "aa"', 'b 1 "b"'],
  ],
  [
    'a PAX size past the end',
    tarOf(file('ok'), pax(['size', String(2 ** 52)]), file('a')),
    [
      'a 4503599627370496 "a\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"',
      'ok 2 "ok"',
      'damage: it is cut off',
    ],
  ],
  [
    'a PAX size that is negative',
    tarOf(file('ok'), pax(['size', '-1']), file('a')),
    ['ok 2 "ok"', 'damage: a size is negative'],
  ],
  [
    'PAX owners, times and names at their ends',
    tarOf(
      pax(['uid', String(2 ** 32 - 2)], ['gid', '0'], ['mtime', '-99999999999'], ['path', 'p']),
      file('a'),
      pax(['mtime', '9999999999999.999999999999']),
      file('b'),
    ),
    ['b 1 "b"', 'p 1 "a"'],
  ],
  [
    'a PAX owner that is none',
    tarOf(file('ok'), pax(['uid', '9'.repeat(18)]), file('a')),
    ['ok 2 "ok"', 'damage: an extended header has a number that is none'],
  ],
  [
    'a PAX name with a zero byte',
    tarOf(file('ok'), pax(['path', 'a\0b']), file('a')),
    ['ok 2 "ok"', 'damage: an extended header has a name with a zero byte'],
  ],
  [
    'sparse runs past the end',
    tarOf(
      file('ok'),
      pax(...SPARSE, ['GNU.sparse.size', '10'], ['GNU.sparse.map', '8,5']),
      file('a', 'hello'),
    ),
    [
      'a 10 input/output error',
      'ok 2 "ok"',
      'damage: a map of a sparse file has places out of order or past its end',
    ],
  ],
  [
    'sparse runs over each other',
    tarOf(
      file('ok'),
      pax(...SPARSE, ['GNU.sparse.size', '99'], ['GNU.sparse.map', '0,3,2,2']),
      file('a', 'hello'),
    ),
    [
      'a 99 input/output error',
      'ok 2 "ok"',
      'damage: a map of a sparse file has places out of order or past its end',
    ],
  ],
  [
    'sparse runs that are not what is stored',
    tarOf(
      file('ok'),
      pax(...SPARSE, ['GNU.sparse.size', '99'], ['GNU.sparse.map', '0,3']),
      file('a', 'hello'),
    ),
    ['a 99 input/output error', 'ok 2 "ok"', 'damage: a map of a sparse file does not fit its data'],
  ],
  [
    'a sparse file of a petabyte',
    tarOf(
      pax(...SPARSE, ['GNU.sparse.size', '999999999999999'], ['GNU.sparse.map', '0,2,900000000000000,3']),
      file('a', 'hello'),
      file('ok'),
    ),
    ['a 999999999999999 "he\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"', 'ok 2 "ok"'],
  ],
  [
    'a sparse map that does not end before the next entry',
    tarOf(file('ok'), pax(...SPARSE_1, ['GNU.sparse.realsize', '99']), file('a', '2\n0\n3\n5\n'), file('b')),
    [
      'a 99 input/output error',
      'b 1 input/output error',
      'ok 2 "ok"',
      'damage: a map of a sparse file is cut off',
    ],
  ],
  [
    'a sparse map that does not end before the last block',
    tarOf(file('ok'), pax(...SPARSE_1, ['GNU.sparse.realsize', '99']), file('a', '2\n0\n3\n5\n')),
    ['a 99 input/output error', 'ok 2 "ok"', 'damage: a map of a sparse file is cut off'],
  ],
  [
    'a sparse map of which the end is missing',
    tarOf(file('ok'), pax(...SPARSE_1, ['GNU.sparse.realsize', '99']), file('a', '2\n0\n')).subarray(
      0,
      -1534,
    ),
    ['a 99 input/output error', 'ok 2 "ok"', 'damage: it is cut off'],
  ],
  [
    'two gzip members',
    Buffer.concat([
      gzipSync(tarOf(file('a'), file('b')).subarray(0, 700)),
      gzipSync(tarOf(file('a'), file('b')).subarray(700)),
    ]),
    ['a 1 "a"', 'b 1 "b"'],
  ],
  [
    'garbage after gzip',
    Buffer.concat([gzipSync(tarOf(file('a'))), Buffer.from('garbage')]),
    ['a 1 "a"', '7 bytes follow'],
  ],
  [
    'garbage after the end mark',
    Buffer.concat([tarOf(file('a')), Buffer.from('garbage'.repeat(200))]),
    ['a 1 "a"'],
  ],
  ['a second tar after the end mark', Buffer.concat([tarOf(file('a')), tarOf(file('b'))]), ['a 1 "a"']],
  ['nothing but zeros', Buffer.alloc(5000), []],
];

describe('readBlobLayer() of hostile tars', () => {
  it.each(CASES)('%s', async (_, blob, expected) => {
    const layer = await read(blob);
    expect(told(layer)).toEqual(expected);
    layer.contents.close();
  });

  /** In base 256, as GNU tar writes sizes that octal digits cannot say. */
  function gnuHeader(entry: TarEntry): Buffer {
    const header = tarHeader({ ...entry, size: 0 });
    header.fill(0, 124, 136);
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(entry.size), 128);
    header.write('        ', 148, 'latin1');
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return header;
  }

  it.each([
    ['PAX', tarHeader],
    ['GNU', gnuHeader],
  ] as const)('a file of 8 GiB and what follows it are read by place: a size by %s', async (_, header) => {
    const size = 8 * GIB + 5;
    const large: TarEntry = {
      ...{ name: asBytes('large'), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0, size },
      ...{ mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
    };
    const head = header(large);
    const tail = Buffer.concat([Buffer.from('tail!'), Buffer.alloc(507), blocksOf(file('after')), tarEnd()]);
    const tailAt = head.length + 8 * GIB;
    const layer = await read(holed(head, tailAt, tail));
    expect(told(layer)).toEqual(['after 5 "after"', `large ${size} "${'\\u0000'.repeat(8)}"`]);
    const room = Buffer.alloc(10);
    const number = layer.layer.find(RECORDED_ROOT, 'large');
    expect(layer.contents.read(number, 8 * GIB - 1, room)).toBe(6);
    expect(room.toString('latin1', 0, 6)).toBe('\0tail!');
  });

  it(`${NAMES} names in one directory are all there`, async () => {
    const names = Array.from({ length: NAMES }, (_, index) => `d/${index}`);
    const tar = Buffer.concat([...names.map((name) => blocksOf(file(name, ''))), tarEnd()]);
    const { layer, entries, damage } = await read(gzipSync(tar, { level: 1 }));
    expect([entries, damage]).toEqual([NAMES, undefined]);
    const directory = layer.directory('d') ?? 0;
    expect([...layer.names(directory)].length).toBe(NAMES);
    expect(names.filter((name) => layer.find(directory, name.slice(2)) === 0)).toEqual([]);
  });
});

/** Bytes, zeros that are nowhere, bytes. What is read in large pieces has anything in place of the zeros. */
function holed(head: Buffer, tailAt: number, tail: Buffer): BlobBytes {
  const size = tailAt + tail.length;
  return {
    size,
    read(offset, room) {
      const count = Math.min(room.length, size - offset);
      if (count < 65_536) room.fill(0, 0, count);
      for (const [at, bytes] of [
        [0, head],
        [tailAt, tail],
      ] as const) {
        const from = Math.max(offset, at);
        const to = Math.min(offset + count, at + bytes.length);
        if (from < to) room.set(bytes.subarray(from - at, to - at), from - offset);
      }
      return count;
    },
  };
}
