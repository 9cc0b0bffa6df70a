import { describe, expect, it } from 'vitest';
import { formatLong, formatTotal } from '../../../src/cli/print/longlist.ts';
import { modeString } from '../../../src/cli/print/status.ts';
import type { Status } from '../../../src/overlay/status.ts';
import { asBytes, type ByteString } from '../../../src/sys/bytes.ts';
import { typeOf } from '../../../src/sys/file-types.ts';
import { decodeDevice, encodeDevice } from '../../../src/sys/statx.ts';
import { octalMode } from '../../../src/told/fields.ts';

const TIME = { seconds: Date.UTC(2024, 4, 1, 12, 34, 56) / 1000, nanoseconds: 5 };

function status(rest: Partial<Status>): Status {
  return {
    ino: 1n,
    mode: 0o100644,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: 0,
    blocks: 0,
    blksize: 4096,
    atime: TIME,
    mtime: TIME,
    ctime: TIME,
    ...rest,
  };
}

/** A listing of these, in order. */
function inodes(statuses: readonly Status[], { acl = -1 } = {}) {
  const tree = {
    status: (entry: number) => statuses[entry] ?? status({}),
    nodeOf: (entry: number) => entry,
    linkTarget: () => asBytes('to\n/x'),
    xattrs: (node: number): Map<ByteString, Buffer> =>
      new Map(node === acl ? [[asBytes('system.posix_acl_access'), Buffer.alloc(4)]] : []),
  };
  return { tree, items: statuses.map((_, entry) => ({ entry, shown: `n${entry}` })) };
}

describe('formatLong()', () => {
  it('aligns numbers, devices and sizes as ls does', () => {
    process.env.TZ = 'UTC';
    const { tree, items } = inodes([
      status({ mode: 0o100644, size: 5_242_884, nlink: 12 }),
      status({ mode: 0o020666, rdev: encodeDevice(1, 3) }),
      status({ mode: 0o060660, rdev: encodeDevice(511, 70_000), gid: 100_000 }),
      status({ mode: 0o120777, size: 5 }),
    ]);
    expect(formatLong(tree, items)).toBe(`\
-rw-r--r-- 12 0      0    5242884 2024-05-01 12:34 n0
crw-rw-rw-  1 0      0   1,     3 2024-05-01 12:34 n1
brw-rw----  1 0 100000 511, 70000 2024-05-01 12:34 n2
lrwxrwxrwx  1 0      0          5 2024-05-01 12:34 n3 -> to\\n/x
`);
  });

  it('marks what has an ACL', () => {
    process.env.TZ = 'UTC';
    const { tree, items } = inodes([status({}), status({})], { acl: 1 });
    expect(formatLong(tree, items)).toBe(`\
-rw-r--r--  1 0 0 0 2024-05-01 12:34 n0
-rw-r--r--+ 1 0 0 0 2024-05-01 12:34 n1
`);
  });
});

describe('formatTotal()', () => {
  it('counts 1024 bytes, rounded up, or tells people what they take', () => {
    const { tree, items } = inodes([status({ blocks: 8 }), status({ blocks: 3 })]);
    expect([formatTotal(tree, items, 'bytes'), formatTotal(tree, items, 'human')]).toEqual(['6', '5.5K']);
  });
});

describe('modeString()', () => {
  it.each<[mode: number, text: string, octal: string]>([
    [0o100644, '-rw-r--r--', '0644'],
    [0o104755, '-rwsr-xr-x', '4755'],
    [0o104644, '-rwSr--r--', '4644'],
    [0o042755, 'drwxr-sr-x', '2755'],
    [0o042745, 'drwxr-Sr-x', '2745'],
    [0o041777, 'drwxrwxrwt', '1777'],
    [0o041776, 'drwxrwxrwT', '1776'],
    [0o120777, 'lrwxrwxrwx', '0777'],
    [0o010600, 'prw-------', '0600'],
    [0o140000, 's---------', '0000'],
    [0o020666, 'crw-rw-rw-', '0666'],
    [0o060660, 'brw-rw----', '0660'],
    [0o000000, '?---------', '0000'],
  ])('%o', (mode, text, octal) => {
    expect([modeString(mode), octalMode(mode)]).toEqual([text, octal]);
  });
});

describe('typeOf()', () => {
  it('has a word for each type', () => {
    const modes = [0o100000, 0o040000, 0o120000, 0o020000, 0o060000, 0o010000, 0o140000, 0o170000];
    expect(modes.map((mode) => typeOf(mode).name)).toEqual([
      'file',
      'dir',
      'link',
      'char',
      'block',
      'fifo',
      'socket',
      'unknown',
    ]);
  });
});

describe('decodeDevice()', () => {
  it.each([
    { major: 1, minor: 3 },
    { major: 8, minor: 255 },
    { major: 511, minor: 70_000 },
    { major: 4095, minor: 0xfffff },
  ])('undoes the encoding of $major:$minor', (device) => {
    expect(decodeDevice(encodeDevice(device.major, device.minor))).toEqual(device);
  });
});
