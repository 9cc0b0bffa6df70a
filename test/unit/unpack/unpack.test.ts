// What unpacking makes of a tar, rule by rule. test/system/unpacking.test.ts asks a real engine whether it is so.
import { describe, expect, it } from 'vitest';
import { RECORDED_ROOT } from '../../../src/overlay/recorded/recorded-layer.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import type { TarEntry } from '../../../src/tar/entry.ts';
import type { Below } from '../../../src/unpack/implied.ts';
import { CONTAINERD_RULES, MOBY_RULES, type UnpackingRules } from '../../../src/unpack/rules.ts';
import { ContentsPlaces } from '../../../src/unpack/tar-split.ts';
import { UnpackedTar } from '../../../src/unpack/unpack.ts';

const EMPTY: TarEntry = {
  ...{ name: asBytes(''), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0, size: 0 },
  ...{ mtime: { seconds: 7, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
};

interface Given {
  readonly n: string;
  readonly t?: string;
  /** Link target. */
  readonly l?: string;
  readonly mode?: number;
  /** Owner and group. */
  readonly by?: readonly [number, number];
  readonly at?: number;
  readonly size?: number;
  readonly dev?: readonly [number, number];
  readonly x?: Readonly<Record<string, string>>;
}

function entryOf(given: Given): TarEntry {
  const [uid, gid] = given.by ?? [0, 0];
  const [major, minor] = given.dev ?? [0, 0];
  const xattrs = new Map(Object.entries(given.x ?? {}).map(([key, value]) => [asBytes(key), asBytes(value)]));
  return {
    ...EMPTY,
    ...{ name: asBytes(given.n), linkName: asBytes(given.l ?? ''), type: given.t ?? '0', uid, gid },
    ...{ mode: given.mode ?? (given.t === '5' ? 0o755 : 0o644), size: given.size ?? 0, major, minor, xattrs },
    mtime: { seconds: given.at ?? 7, nanoseconds: 0 },
  };
}

function unpack(
  entries: readonly Given[],
  rules: UnpackingRules = MOBY_RULES.trusted,
  below?: Below,
): UnpackedTar {
  const unpacked = new UnpackedTar(rules, below);
  for (const given of entries) unpacked.add(entryOf(given));
  unpacked.end();
  return unpacked;
}

const FORMS = new Map([
  [0o10, '-'],
  [0o04, 'd'],
  [0o12, 'l'],
  [0o02, 'c'],
  [0o06, 'b'],
  [0o01, 'p'],
]);

/**
 * A line a name, in byte order: its form and mode, owner, time (`?` where it is that of the unpacking), `xN` links where
 * not 1, `#N` the entry that has its contents, target or device, attributes. Then what was refused.
 */
function told(unpacked: UnpackedTar): string[] {
  const { layer } = unpacked;
  const lines: string[] = [];
  const tell = (path: string, number: number) => {
    const { mode, uid, gid, mtime, touched, links, linkTarget, xattrs, major, minor } = layer.object(number);
    const form = FORMS.get(mode >> 12) ?? '?';
    const words = [path, `${form}${(mode & 0o7777).toString(8)}`, `${uid}:${gid}`];
    words.push(touched ? '?' : String(mtime.seconds));
    if (links > 1) words.push(`x${links}`);
    if (form === '-') words.push(`#${layer.get(number, 'source')}`);
    if (form === 'l') words.push(`-> ${linkTarget}`);
    if (form === 'c' || form === 'b') words.push(`${major}:${minor}`);
    for (const [key, value] of xattrs) {
      const isPlain = /^[ -~]*$/.test(value);
      words.push(`${key}=${isPlain ? value : Buffer.from(value, 'latin1').toString('hex')}`);
    }
    lines.push(words.join(' '));
  };
  const walk = (path: string, directory: number) => {
    for (const [name, number] of [...layer.names(directory)].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const full = path === '' ? name : `${path}/${name}`;
      tell(full, number);
      if (layer.isDirectory(number)) walk(full, number);
    }
  };
  const root = layer.object(RECORDED_ROOT);
  if (root.mode !== 0o40755 || root.uid + root.gid > 0 || root.xattrs.size > 0 || !root.touched) {
    tell('/', RECORDED_ROOT);
  }
  walk('', RECORDED_ROOT);
  for (const { path, reason } of unpacked.refusals) lines.push(`refused ${path}: ${reason}`);
  return lines;
}

/** An access list in hex, as the kernel hands it out: tag, permissions, id of each entry. */
function acl(...entries: readonly (readonly [tag: number, permissions: number, id?: number])[]): string {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(2, 0);
  for (const [i, [tag, permissions, id = 0xffffffff]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * i);
    bytes.writeUInt16LE(permissions, 6 + 8 * i);
    bytes.writeUInt32LE(id, 8 + 8 * i);
  }
  return bytes.toString('latin1');
}
const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');

const USER_5 = (user: number, group: number, mask: number, other: number) =>
  acl([1, user], [2, 6, 5], [4, group], [16, mask], [32, other]);

const CASES: readonly [rule: string, entries: readonly Given[], expected: readonly string[]][] = [
  [
    'an entry has its mode, owner, time and contents',
    [{ n: 'f', mode: 0o4755, by: [1, 2], size: 3 }],
    ['f -4755 1:2 7 #1'],
  ],
  [
    'devices, fifos and links',
    [
      { n: 'c', t: '3', dev: [1, 3] },
      { n: 'b', t: '4', dev: [8, 300] },
      { n: 'p', t: '6' },
      { n: 'l', t: '2', l: '/x', mode: 0o600 },
    ],
    ['b b644 0:0 7 8:300', 'c c644 0:0 7 1:3', 'l l777 0:0 7 -> /x', 'p p644 0:0 7'],
  ],
  ['a global header is passed over', [{ n: 'a/b', t: 'g' }], []],
  ['the root is passed over by its dot', [{ n: './', t: '5', mode: 0o700, by: [1, 1] }], []],
  ['the root is applied by its slash', [{ n: '/', t: '5', mode: 0o700, by: [1, 1] }], ['/ d700 1:1 7']],
  [
    'names that lead above the root lie below it',
    [{ n: '../../a' }, { n: '/b/../c' }],
    ['a -644 0:0 7 #1', 'c -644 0:0 7 #2'],
  ],
  [
    'directories that nothing tells of are made',
    [{ n: 'a/b/c' }],
    ['a d755 0:0 ?', 'a/b d755 0:0 ?', 'a/b/c -644 0:0 7 #1'],
  ],
  [
    'the entry of a directory that is there alters it and keeps what is in it',
    [
      { n: 'd/f' },
      { n: 'd/', t: '5', mode: 0o700, by: [3, 3], x: { 'user.a': '1' } },
      { n: 'd', t: '5', x: { 'user.b': '2' } },
    ],
    ['d d755 0:0 7 user.a=1 user.b=2', 'd/f -644 0:0 7 #1'],
  ],
  [
    'a later file replaces an earlier one',
    [
      { n: 'a', size: 1 },
      { n: '/a', size: 2, x: { 'user.b': '1' } },
    ],
    ['a -644 0:0 7 #2 user.b=1'],
  ],
  ['a file replaces a directory and all in it', [{ n: 'd/e/f' }, { n: 'd' }], ['d -644 0:0 7 #2']],
  ['a directory replaces a file', [{ n: 'd' }, { n: 'd/', t: '5' }], ['d d755 0:0 7']],
  [
    'a directory replaces a link to one',
    [{ n: 'e/', t: '5' }, { n: 'd', t: '2', l: 'e' }, { n: 'd/', t: '5' }, { n: 'd/f' }],
    ['d d755 0:0 7', 'd/f -644 0:0 7 #4', 'e d755 0:0 7'],
  ],
  [
    'names lead through links of the layer, whose directories are then touched',
    [
      { n: 'usr/', t: '5' },
      { n: 'usr/lib/', t: '5' },
      { n: 'lib', t: '2', l: 'usr/lib' },
      { n: 'lib/foo' },
      { n: 'bin', t: '2', l: '/usr/../../usr' },
      { n: 'bin/x/y' },
    ],
    [
      'bin l777 0:0 7 -> /usr/../../usr',
      'lib l777 0:0 7 -> usr/lib',
      'usr d755 0:0 7',
      'usr/lib d755 0:0 7',
      'usr/lib/foo -644 0:0 7 #4',
      'usr/x d755 0:0 ?',
      'usr/x/y -644 0:0 7 #6',
    ],
  ],
  [
    'a directory that a link to nothing names is made, as newer versions do',
    [{ n: 'l', t: '2', l: 'a/b' }, { n: 'l/c/f' }],
    ['a d755 0:0 ?', 'a/b d755 0:0 ?', 'a/b/c d755 0:0 ?', 'a/b/c/f -644 0:0 7 #2', 'l l777 0:0 7 -> a/b'],
  ],
  [
    'links in a circle, files in the way',
    [{ n: 'l', t: '2', l: 'm' }, { n: 'm', t: '2', l: 'l' }, { n: 'l/x/y' }, { n: 'f' }, { n: 'f/g' }],
    [
      'f -644 0:0 7 #4',
      'l l777 0:0 7 -> m',
      'm l777 0:0 7 -> l',
      'refused l/x/y: find a directory: too many levels of symbolic links',
      'refused f/g: find a directory: not a directory',
    ],
  ],
  [
    'a hard link gives its file its own owner, mode, time and attributes, and takes capabilities',
    [
      { n: 'a', size: 1, mode: 0o4755, x: { 'security.capability': 'c', 'user.a': '1' } },
      { n: 'b', t: '1', l: './a', mode: 0o600, by: [5, 6], at: 9, x: { 'user.b': '2' } },
    ],
    ['a -600 5:6 9 x2 #1 user.a=1 user.b=2', 'b -600 5:6 9 x2 #1 user.a=1 user.b=2'],
  ],
  [
    'a hard link that leads through a link, above the root, or from it',
    [
      { n: 'd/f' },
      { n: 'l', t: '2', l: 'd' },
      { n: '1', t: '1', l: 'l/f' },
      { n: '2', t: '1', l: '../d/f' },
      { n: '3', t: '1', l: '/d/f' },
    ],
    [
      '1 -644 0:0 7 x4 #1',
      '2 -644 0:0 7 x4 #1',
      '3 -644 0:0 7 x4 #1',
      'd d755 0:0 ?',
      'd/f -644 0:0 7 x4 #1',
      'l l777 0:0 7 -> d',
    ],
  ],
  [
    'a hard link to a symbolic link gives it an owner, and nothing else',
    [
      { n: 'l', t: '2', l: 'f' },
      { n: 'm', t: '1', l: 'l', by: [5, 0], at: 9 },
    ],
    ['l l777 5:0 7 x2 -> f', 'm l777 5:0 7 x2 -> f'],
  ],
  [
    'a hard link whose target as written leads nowhere has no mode and no time of its own',
    [
      { n: 'f', mode: 0o4711 },
      { n: 'g', t: '1', l: 'none/../f', mode: 0o600, at: 9 },
    ],
    ['f -711 0:0 7 x2 #1', 'g -711 0:0 7 x2 #1'],
  ],
  [
    'a hard link to nothing, to a directory, to itself',
    [
      { n: 'd/', t: '5' },
      { n: 'a', t: '1', l: 'none' },
      { n: 'b', t: '1', l: 'd' },
      { n: 'c' },
      { n: 'c', t: '1', l: 'c' },
    ],
    [
      'd d755 0:0 7',
      'refused a: link a file: no such file or directory',
      'refused b: link a directory: operation not permitted',
      'refused c: link a file: no such file or directory',
    ],
  ],
  [
    'the contents stay with the name that is left',
    [
      { n: 'a', size: 1 },
      { n: 'd/b', t: '1', l: 'a' },
      { n: '/a', t: '5' },
    ],
    ['a d755 0:0 7', 'd d755 0:0 ?', 'd/b -644 0:0 7 #1'],
  ],
  [
    'whiteouts are devices 0:0, with the owner of their entry, and a later entry replaces them',
    [{ n: 'd/.wh.gone', by: [3, 4] }, { n: '.wh.back' }, { n: 'back' }, { n: 'dev', t: '3' }],
    ['back -644 0:0 7 #3', 'd d755 0:0 ?', 'd/gone c0 3:4 ? 0:0', 'dev c644 0:0 7 0:0'],
  ],
  [
    'a whiteout of what is there, of nothing, or of the directory itself',
    [{ n: 'a' }, { n: '.wh.a' }, { n: '.wh.' }, { n: '.wh..' }, { n: '.wh...' }],
    [
      'a -644 0:0 7 #1',
      'refused .wh.a: make a file: file already exists',
      'refused .wh.: make a whiteout: file already exists',
      'refused .wh..: make a whiteout: file already exists',
      'refused .wh...: make a whiteout: file already exists',
    ],
  ],
  [
    'opaque marks, before and after the entry of the directory, of the root, through a link, of a file',
    [
      { n: 'd/.wh..wh..opq' },
      { n: 'd', t: '5', mode: 0o700 },
      { n: '.wh..wh..opq' },
      { n: 'l', t: '2', l: 'e' },
      { n: 'e/', t: '5' },
      { n: 'l/.wh..wh..opq' },
      { n: 'f' },
      { n: 'f/.wh..wh..opq' },
    ],
    [
      '/ d755 0:0 ? trusted.overlay.opaque=y',
      'd d700 0:0 7 trusted.overlay.opaque=y',
      'e d755 0:0 7 trusted.overlay.opaque=y',
      'f -644 0:0 7 #7',
      'l l777 0:0 7 -> e',
      'refused f/.wh..wh..opq: find a directory: not a directory',
    ],
  ],
  [
    "names of AUFS's own are whiteouts like others",
    [{ n: '.wh..wh.plnk/', t: '5' }, { n: '.wh..wh.aufs' }],
    ['.wh.aufs c0 0:0 ? 0:0', '.wh.plnk c0 0:0 ? 0:0'],
  ],
  [
    'attributes that a kind of file takes not are passed over',
    [
      { n: 'l', t: '2', l: 'x', x: { 'user.a': '1', 'trusted.a': '2' } },
      { n: 'p', t: '6', x: { 'user.a': '1', 'none.a': '2' } },
      { n: 'd', t: '5', x: { 'trusted.overlay.opaque': 'y', 'user.overlay.opaque': 'y' } },
    ],
    [
      'd d755 0:0 7 trusted.overlay.opaque=y user.overlay.opaque=y',
      'l l777 0:0 7 -> x trusted.a=2',
      'p p644 0:0 7',
    ],
  ],
  [
    'an access list is kept with the mode of its header in it',
    [{ n: 'f', mode: 0o640, x: { 'system.posix_acl_access': USER_5(7, 7, 7, 7) } }],
    [`f -640 0:0 7 #1 system.posix_acl_access=${hex(USER_5(6, 7, 4, 0))}`],
  ],
  [
    'an access list that says no more than a mode is not kept',
    [{ n: 'f', mode: 0o640, x: { 'system.posix_acl_access': acl([1, 7], [4, 7], [32, 7]) } }],
    ['f -640 0:0 7 #1'],
  ],
  [
    'what is made below a default list has it',
    [
      { n: 'd', t: '5', x: { 'system.posix_acl_default': USER_5(7, 5, 7, 5) } },
      { n: 'd/f', mode: 0o600 },
      { n: 'd/l', t: '2', l: 'x' },
      { n: 'd/.wh.w' },
      { n: 'd/e/g', mode: 0o777 },
    ],
    [
      `d d755 0:0 7 system.posix_acl_default=${hex(USER_5(7, 5, 7, 5))}`,
      `d/e d755 0:0 ? system.posix_acl_access=${hex(USER_5(7, 5, 5, 5))} system.posix_acl_default=${hex(USER_5(7, 5, 7, 5))}`,
      `d/e/g -777 0:0 7 #5 system.posix_acl_access=${hex(USER_5(7, 5, 7, 7))}`,
      `d/f -600 0:0 7 #2 system.posix_acl_access=${hex(USER_5(6, 5, 0, 0))}`,
      'd/l l777 0:0 7 -> x',
      `d/w c0 0:0 ? 0:0 system.posix_acl_access=${hex(USER_5(0, 5, 0, 0))}`,
    ],
  ],
  [
    'a default list of a file, and a list that is none',
    [
      { n: 'f', x: { 'system.posix_acl_default': USER_5(7, 5, 7, 5) } },
      { n: 'g', x: { 'system.posix_acl_access': 'none' } },
    ],
    [
      'f -644 0:0 ? #1',
      'g -644 0:0 ? #2',
      'refused f: set "system.posix_acl_default": permission denied',
      'refused g: set "system.posix_acl_access": invalid argument',
    ],
  ],
  [
    'a directory that nothing tells of has the bit of a setgid one, and root for an owner',
    [{ n: 'd', t: '5', mode: 0o2775, by: [0, 9] }, { n: 'd/e/f' }],
    ['d d2775 0:9 7', 'd/e d2755 0:0 ?', 'd/e/f -644 0:0 7 #2'],
  ],
  [
    'times before 1970 are brought there, but of a symbolic link',
    [
      { n: 'f', at: -5 },
      { n: 'd', t: '5', at: -5 },
      { n: 'l', t: '2', l: 'x', at: -5 },
      { n: 'late', at: 2 ** 34 },
    ],
    ['d d755 0:0 0', 'f -644 0:0 0 #1', 'l l777 0:0 -5 -> x', 'late -644 0:0 0 #4'],
  ],
  [
    'times of directories are set at the end, by the last entry, through what their names lead to then',
    [
      { n: 'e', t: '5', at: 5 },
      { n: 'd', t: '5', at: 3 },
      { n: './d/', t: '5', at: 4 },
      { n: '/d', t: '2', l: 'e' },
    ],
    ['d l777 0:0 7 -> e', 'e d755 0:0 4'],
  ],
  [
    'numbers that no user has leave an owner as it is',
    [{ n: 'f', by: [2 ** 32 - 1, 7] }],
    ['f -644 0:7 7 #1'],
  ],
  [
    'a name too long, a path too long, a type that is none',
    [{ n: 'x'.repeat(256) }, { n: 'y/'.repeat(2100) }, { n: 'z', t: '7' }],
    [
      `refused ${'x'.repeat(256)}: make a file: name too long`,
      `refused ${'y/'.repeat(2100).slice(0, -1)}: find a directory: name too long`,
      'refused z: make a file of type "7": invalid argument',
    ],
  ],
];

describe('UnpackedTar, by the rules of moby', () => {
  it.each(CASES)('%s', (_, entries, expected) => {
    expect(told(unpack(entries))).toEqual(expected);
  });

  it('keeps whiteouts by their names for AUFS', () => {
    const entries = [{ n: 'd/.wh..wh..opq' }, { n: 'a' }, { n: '.wh.a', mode: 0o444 }];
    expect(told(unpack(entries, MOBY_RULES.aufs))).toEqual([
      '.wh.a -444 0:0 7 #3',
      'a -644 0:0 7 #2',
      'd d755 0:0 ?',
      'd/.wh..wh..opq -644 0:0 7 #1',
    ]);
  });

  it('applies the entry of the root, and bounds the times of links, where the rules say so', () => {
    const rules = {
      ...MOBY_RULES.trusted,
      skipsRoot: 'never',
      boundsLinkTimes: true,
      impliedMode: 0o700,
    } as const;
    const entries = [
      { n: './', t: '5', mode: 0o711 },
      { n: 'd/l', t: '2', l: 'x', at: -5 },
    ];
    expect(told(unpack(entries, rules))).toEqual(['/ d711 0:0 7', 'd d700 0:0 ?', 'd/l l777 0:0 0 -> x']);
  });

  it('knows the directories of a name, however they were found', () => {
    const { layer } = unpack([{ n: 'a/b/c' }]);
    expect([layer.directory('a/b'), layer.directory('a/b/c'), layer.directory('b')].map(Boolean)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

/** Rules in which containerd and moby differ; test/system/containerd-import.test.ts asks a real one. */
const CONTAINERD_CASES: readonly [
  rule: string,
  base: boolean,
  entries: readonly Given[],
  expected: readonly string[],
][] = [
  [
    'the root is passed over, however it is written',
    false,
    [
      { n: '/', t: '5', mode: 0o700 },
      { n: './', t: '5', mode: 0o711 },
    ],
    [],
  ],
  [
    'a directory that is implied is made like the one below',
    false,
    [{ n: 'data/.wh.x' }, { n: 'data/new/f' }, { n: 'other/f' }],
    [
      'data d2750 1000:1001 ? user.k=v',
      'data/new d755 0:1001 ?',
      'data/new/f -644 0:0 7 #2',
      'data/x c0 0:0 ? 0:0',
      'other d755 0:0 ?',
      'other/f -644 0:0 7 #3',
    ],
  ],
  [
    'a mark in the base layer leaves nothing, and takes away what it names',
    true,
    [{ n: 'd/f' }, { n: 'd/g' }, { n: 'd/.wh.f' }, { n: '.wh.nothing' }, { n: 'e/.wh.h' }],
    ['d d755 0:0 ?', 'd/g -644 0:0 7 #2', 'e d755 0:0 ?'],
  ],
  [
    'an opaque mark in the base layer takes away what no entry told of',
    true,
    [
      { n: 'd/', t: '5' },
      { n: 'd/told/', t: '5' },
      { n: 'd/told/f' },
      { n: 'd/implied/g' },
      { n: 'd/.wh..wh..opq' },
    ],
    ['d d755 0:0 7', 'd/told d755 0:0 7', 'd/told/f -644 0:0 7 #3'],
  ],
  [
    'attributes trusted.* are passed over',
    false,
    [{ n: 'f', x: { 'trusted.overlay.opaque': 'y', 'user.a': 'b' } }],
    ['f -644 0:0 7 #1 user.a=b'],
  ],
  [
    "a hard link's mode and time count whatever its name leads to",
    false,
    [
      { n: 'd/f', mode: 0o600 },
      { n: 'l', t: '2', l: 'd' },
      { n: 'x', t: '1', l: 'l/f', mode: 0o640, at: 9 },
    ],
    ['d d755 0:0 ?', 'd/f -640 0:0 9 x2 #1', 'l l777 0:0 7 -> d', 'x -640 0:0 9 x2 #1'],
  ],
  [
    'times before 1970 are brought to it, those of links too',
    false,
    [
      { n: 'f', at: -9 },
      { n: 'l', t: '2', l: 'f', at: -9 },
    ],
    ['f -644 0:0 0 #1', 'l l777 0:0 0 -> f'],
  ],
  [
    'a mark that names nothing is refused',
    true,
    [{ n: '.wh..' }],
    ['refused .wh..: remove what a mark names: invalid argument'],
  ],
];

describe('UnpackedTar by the rules of containerd', () => {
  const below: Below = (path) =>
    path === 'data'
      ? {
          mode: 0o2750,
          uid: 1000,
          gid: 1001,
          xattrs: new Map([
            ['user.k', asBytes('v')],
            ['trusted.overlay.opaque', asBytes('y')],
          ]),
        }
      : undefined;

  it.each(CONTAINERD_CASES)('%s', (_, base, entries, expected) => {
    expect(told(unpack(entries, base ? CONTAINERD_RULES.base : CONTAINERD_RULES.layer, below))).toEqual(
      expected,
    );
  });
});

describe('ContentsPlaces', () => {
  it('finds the contents of each entry where they lie at the end, or nowhere', () => {
    const places = new ContentsPlaces(
      unpack([
        { n: 'd/', t: '5' },
        { n: 'l', t: '2', l: 'd' },
        { n: 'l/f', size: 1 },
        { n: 'a', size: 1 },
        { n: 'b', t: '1', l: 'a' },
        { n: '/a', size: 1 },
        { n: '.wh.gone', size: 1 },
        { n: 'x', size: 1 },
        { n: '/x', t: '5' },
      ]),
    );
    expect(Array.from({ length: 9 }, (_, index) => places.path(index) ?? '-').join(' ')).toBe(
      '- - d/f b - a - - -',
    );
  });
});
