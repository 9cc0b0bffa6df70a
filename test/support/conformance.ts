// The conformance suite: layers that hold one of everything, probes that look at a mount of them, and what a mount that is
// not the kernel's is known not to do. A driver is put through it by one call of `conforms` for each case.
import { join } from 'node:path';
import { expect } from 'vitest';
import { succeed } from './command.ts';
import * as layer from './layers.ts';
import type { Oracle } from './oracle.ts';

/** Probes of `oracle/probe_files.py` and `probe_rights.py`; a recorded one answers the same on every machine. */
export const CASES = [
  { probe: 'dots', isRecorded: true },
  { probe: 'seekdir', isRecorded: true },
  { probe: 'names', isRecorded: true },
  { probe: 'errors', isRecorded: true },
  { probe: 'data', isRecorded: true },
  { probe: 'holes', isRecorded: true },
  { probe: 'statfs', isRecorded: false },
  { probe: 'births', isRecorded: false },
  { probe: 'identity', isRecorded: true },
  { probe: 'writes', isRecorded: true },
  { probe: 'xattrs', isRecorded: true },
  { probe: 'users', isRecorded: true },
  { probe: 'programs', isRecorded: true },
  { probe: 'devices', isRecorded: true },
  { probe: 'extras', isRecorded: true },
] as const;

export type Case = (typeof CASES)[number];

/** What a driver says in place of a line of the kernel's: `{ holes: { 'kernel line': 'its line' } }`. */
export type Limits = Readonly<Partial<Record<Case['probe'], Readonly<Record<string, string>>>>>;

/** The kernel's answer is what was recorded of it, and the subject's is the same but for its limits. */
export async function conforms(
  oracle: Oracle,
  { probe, isRecorded }: Case,
  mounts: { readonly kernel: string; readonly subject: string },
  limits: Limits = {},
): Promise<void> {
  const expected = await oracle.probe(mounts.kernel, probe);
  if (isRecorded) {
    const file = new URL(`../system/conformance/${probe}.txt`, import.meta.url).pathname;
    await expect(`${expected.join('\n')}\n`).toMatchFileSnapshot(file);
  }
  const known = new Map(Object.entries(limits[probe] ?? {}));
  expect(expected).toEqual(expect.arrayContaining([...known.keys()]));
  const actual = await oracle.probe(mounts.subject, probe);
  expect(actual).toEqual(expected.map((line) => known.get(line) ?? line));
}

const SECOND = 1_000_000_000n;
const LONG = 'n'.repeat(255);
const NOBODY = 0xffff_ffff;

/** Tags of `struct posix_acl_xattr_entry`. */
const [OWNER, USER, OWNING_GROUP, GROUP, MASK, OTHER] = [1, 2, 4, 8, 16, 32] as const;

/** The value of an ACL attribute; entries are [tag, permissions, id]. */
export function acl(...entries: readonly (readonly [number, number, number?])[]): string {
  const buffer = Buffer.alloc(4 + entries.length * 8);
  buffer.writeUInt32LE(2, 0);
  for (const [i, [tag, permissions, id = NOBODY]] of entries.entries()) {
    buffer.writeUInt16LE(tag, 4 + i * 8);
    buffer.writeUInt16LE(permissions, 6 + i * 8);
    buffer.writeUInt32LE(id, 8 + i * 8);
  }
  return buffer.toString('latin1');
}

/** Bytes that look random and are always the same. */
function noise(length: number): string {
  const buffer = Buffer.alloc(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    buffer[i] = state >>> 16;
  }
  return buffer.toString('latin1');
}

const TOP: readonly layer.Step[] = [
  layer.directory('merged', { mtime: 7n }),
  layer.file('merged/file', 'contents', { mode: 0o644, xattrs: { 'user.a': 'b' }, mtime: -SECOND }),
  layer.file('merged/plain', 'plain'),
  layer.file('merged/marked', 'x', {
    xattrs: {
      'user.a': 'b',
      'user.empty': '',
      'user.long': 'l'.repeat(300),
      'trusted.a': 'secret',
      'trusted.overlay.opaque': 'y',
      'trusted.overlay.overlay.x': 'escaped',
      'trusted.overlay': 'no mark',
      'user.overlay.opaque': 'y',
      [`user.${'n'.repeat(250)}`]: 'longest',
    },
  }),
  layer.file(`merged/${LONG}`, 'long'),
  layer.file('merged/\xff\xfe', '12'),
  layer.file('merged/new\nline', '123'),
  layer.file('merged/caf\xc3\xa9', '1234'),
  layer.file('merged/cafe\xcc\x81', '12345'),
  layer.file('merged/CASE', '123456'),
  layer.file('merged/case', '1234567'),
  layer.file('merged/.wh.aufs', '12345678'),
  layer.symlink('merged/link', 'file', { xattrs: { 'trusted.a': 'l' } }),
  layer.symlink('merged/dangling', '../none'),
  layer.symlink('merged/loop', 'loop'),
  layer.symlink('merged/longest', '/'.padEnd(4095, 'l')),
  layer.special('merged/fifo', 'fifo', { xattrs: { 'trusted.a': 'f' } }),
  layer.special('merged/socket', 'socket'),
  layer.device('merged/zero', 'char', [1, 5], { mode: 0o666 }),
  layer.device('merged/null', 'char', [1, 3], { mode: 0o666 }),
  layer.device('merged/disk', 'block', [511, 1_048_575]),
  layer.device('merged/no-device', 'char', [250, 77]),
  layer.file('merged/one', 'linked'),
  layer.directory('pure'),
  layer.link('pure/two', 'merged/one'),
  layer.directory('pure/inside/deeper'),
  layer.directory('pure/empty-directory'),
];

const MIDDLE: readonly layer.Step[] = [
  layer.file('merged/big', noise(3_000_001)),
  layer.file('merged/empty'),
  layer.file('merged/sparse', {
    size: 5_000_000,
    data: [
      [1 << 20, 'x'.repeat(70_000)],
      [4_000_000, 'y'],
    ],
  }),
  layer.file('merged/all-hole', { size: 1 << 20 }),
  layer.file('merged/huge', { size: 5_000_100_000, data: [[5_000_000_000, 'z']] }),
  layer.directory('merged/sub'),
];

const allButOthers = acl([OWNER, 7], [USER, 5, 1000], [OWNING_GROUP, 0], [MASK, 7], [OTHER, 0]);
const RIGHTS: readonly layer.Step[] = [
  layer.directory('rights', { mode: 0o755 }),
  layer.file('rights/acl-user', 'a', {
    owner: [0, 2000],
    xattrs: {
      'system.posix_acl_access': acl([OWNER, 6], [USER, 4, 1000], [OWNING_GROUP, 0], [MASK, 4], [OTHER, 0]),
    },
  }),
  layer.file('rights/acl-group', 'a', {
    xattrs: {
      'system.posix_acl_access': acl([OWNER, 6], [OWNING_GROUP, 0], [GROUP, 4, 2000], [MASK, 7], [OTHER, 0]),
    },
  }),
  layer.file('rights/acl-none', 'a', {
    owner: [0, 1000],
    // The group has no more than nothing, though the mode's group bits, which are the mask, say otherwise.
    xattrs: {
      'system.posix_acl_access': acl([OWNER, 6], [USER, 0, 1000], [OWNING_GROUP, 0], [MASK, 6], [OTHER, 4]),
    },
  }),
  layer.file('rights/mode-600', 'a', { mode: 0o600, owner: [1001, 1000] }),
  layer.file('rights/mode-644', 'a', { mode: 0o644 }),
  layer.directory('rights/closed', { mode: 0o700, owner: [1000, 1000] }),
  layer.file('rights/closed/file', 'a', { mode: 0o644 }),
  layer.directory('rights/acl-closed', {
    xattrs: { 'system.posix_acl_access': allButOthers, 'system.posix_acl_default': allButOthers },
  }),
  layer.file('rights/acl-closed/file', 'a', { mode: 0o644 }),
  layer.file('programs/secret', 'told by a capability', { mode: 0o600 }),
  layer.file('programs/script', '#!/bin/sh\necho script ran\n', { mode: 0o755 }),
  layer.file('programs/not-executable', '#!/bin/sh\n', { mode: 0o644 }),
];

const NAMES = 20_000;

/** Writes the layers below `directory` and answers them, top first. */
export async function writeConformanceLayers(oracle: Oracle, directory: string): Promise<string[]> {
  const layers = ['top', 'middle', 'lowest'].map((name) => join(directory, name));
  const [top = '', middle = '', lowest = ''] = layers;
  const whiteouts = Array.from({ length: 2000 }, (_, i) => layer.whiteout(`many/low-${i * 10 + 1}`));
  await oracle.write([
    { directory: top, steps: [...TOP, ...whiteouts] },
    { directory: middle, steps: [...MIDDLE, layer.directory('many')] },
    { directory: lowest, steps: [...RIGHTS, layer.directory('many'), layer.file('merged/low', 'x')] },
  ]);
  for (const [at, prefix] of [
    [middle, 'mid'],
    [lowest, 'low'],
  ] as const) {
    const names = `seq -f ${prefix}-%.0f 1 ${NAMES} | xargs touch`;
    await succeed('sh', ['-c', names], { cwd: join(at, 'many') });
  }
  const programs = join(lowest, 'programs');
  const copies = [
    ['id', '0755'],
    ['id-suid', '4755'],
    ['id-sgid', '2755'],
  ];
  for (const [name, mode] of copies) {
    await succeed('cp', ['/usr/bin/id', join(programs, name ?? '')]);
    await succeed('chmod', [mode ?? '', join(programs, name ?? '')]);
  }
  await succeed('cp', ['/bin/cat', join(programs, 'cat-capable')]);
  await succeed('setcap', ['cap_dac_override=ep', join(programs, 'cat-capable')]);
  return layers;
}
