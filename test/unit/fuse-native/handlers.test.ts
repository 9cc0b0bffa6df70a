import type { Handlers, Stat } from 'fuse-native';
import { beforeEach, describe, expect, it } from 'vitest';
import { OPCODE } from '../../../src/fuse/abi.ts';
import { handlersOf } from '../../../src/fuse-native/handlers.ts';
import { Paths } from '../../../src/fuse-native/paths.ts';
import { E, Errno } from '../../../src/sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../../src/sys/statx.ts';
import { type MemoryEntry, MemoryTree } from './memoryTree.ts';

const FILE = S_IFREG | 0o644;
const log: string[] = [];
const bugs: unknown[] = [];
const traced: unknown[] = [];

beforeEach(() => {
  for (const told of [log, bugs, traced]) told.length = 0;
});

function serve(entries: readonly MemoryEntry[], { uid = 0, tree = new MemoryTree(entries) } = {}) {
  const { handlers, xattrs } = handlersOf(tree, {
    uid,
    log: (message) => log.push(message),
    onBug: (error, opcode) => bugs.push([error, opcode]),
    trace: (...told) => traced.push(told),
  });
  return { ...callers(handlers), xattrs };
}

/** The callbacks as functions that answer what was called back. */
function callers(handlers: Handlers) {
  const { open } = handlers;
  const answer = (ask: (reply: (...values: unknown[]) => void) => void): unknown[] => {
    const answers: unknown[][] = [];
    ask((...values) => answers.push(values));
    expect(answers.length).toBe(1);
    return answers[0] ?? [];
  };
  return {
    getattr: (path: string) => answer((reply) => handlers.getattr(path, reply)) as [number, Stat],
    readdir: (path: string) => answer((reply) => handlers.readdir(path, reply)) as [number, string[], Stat[]],
    readlink: (path: string) => answer((reply) => handlers.readlink(path, reply)),
    read: (path: string, buffer: Buffer, offset: number) =>
      answer((reply) => handlers.read(path, 0, buffer, buffer.length, offset, reply)),
    statfs: () => answer((reply) => handlers.statfs('/', reply)),
    open: open && ((path: string) => answer((reply) => open(path, 0, reply))),
  };
}

const inodeAt = (served: ReturnType<typeof serve>, path: string) => served.getattr(path)[1].ino;

describe('a path', () => {
  const long = 'n'.repeat(255);
  const wide = '\u20ac'.repeat(85);
  const { getattr } = serve([
    { path: '/a' },
    { path: '/file', mode: FILE },
    { path: '/broken', mode: FILE, errno: E.EPERM },
    { path: `/${long}` },
    { path: `/${Buffer.from(wide).toString('latin1')}` },
    { path: '/a/caf\xc3\xa9' },
    { path: '/a/caf\xc3\xa9/\xf0\x9f\x98\x80', mode: FILE },
  ]);

  it.each([
    ['/', 0],
    ['/a', 0],
    ['/a/caf\u00e9/\u{1f600}', 0],
    [`/${long}`, 0],
    [`/${wide}`, 0],
    ['/missing', -E.ENOENT],
    ['/missing/x', -E.ENOENT],
    ['/a/missing/x/y', -E.ENOENT],
    ['/file/x', -E.ENOTDIR],
    ['/broken', -E.EPERM],
    [`/${long}n`, -E.ENAMETOOLONG],
    [`/${wide}n`, -E.ENAMETOOLONG],
    [`/${'\u20ac'.repeat(1000)}`, -E.ENAMETOOLONG],
    ['/\ufffd', -E.EILSEQ],
    ['/a/x\ufffd', -E.EILSEQ],
  ])('%j is answered %i', (path, status) => {
    expect(getattr(path)[0]).toBe(status);
  });

  it('costs one look-up where its directory was met before', () => {
    const deep = ['/a', '/a/b', '/a/b/c', '/a/b/c/x', '/a/b/c/y'].map((path) => ({ path }));
    const tree = new MemoryTree(deep);
    const served = serve([], { tree });
    expect(served.getattr('/a/b/c/x')[0]).toBe(0);
    expect(tree.lookups).toBe(4);
    expect(served.getattr('/a/b/c/y')[0]).toBe(0);
    expect(tree.lookups).toBe(5);
  });

  it('is found after more directories than are remembered', () => {
    const directories = ['/a', '/b', '/c', '/a/x', '/b/x', '/c/x'].map((path) => ({ path }));
    const tree = new MemoryTree(directories);
    const paths = new Paths(tree, 2);
    const found = () => ['/a/x', '/b/x', '/c/x', '/a/y'].map((path) => paths.find(path));
    expect([found(), found()]).toEqual([
      [5, 6, 7, -E.ENOENT],
      [5, 6, 7, -E.ENOENT],
    ]);
    // With all remembered it would be 11.
    expect(tree.lookups).toBe(15);
  });
});

describe('getattr', () => {
  it('tells the whole status', () => {
    const entry = { path: '/f', mode: FILE, ino: 5n, size: 6_000_000_000n, rdev: 0xfff0_0105, time: 0n };
    expect(serve([entry]).getattr('/f')).toEqual([
      0,
      {
        mode: FILE,
        uid: 0,
        gid: 0,
        size: 6_000_000_000,
        nlink: 0,
        ino: 5,
        rdev: 0xfff0_0105,
        blksize: 0,
        blocks: 0,
        atime: 0,
        mtime: 0,
        ctime: 0,
      },
    ]);
  });

  it.each([
    ['cuts times to milliseconds', 1_700_000_000_123_999_999n, 1_700_000_000_123],
    ['keeps times past 2^32 seconds', 5_000_000_000_000_000_000n, 5_000_000_000_000],
    ['shows a time before 1970 as 1970', -1n, 0],
    ['shows a time long before 1970 as 1970', -5_000_000_000_000_000_000n, 0],
  ])('%s', (_name, time, milliseconds) => {
    const [, { atime, mtime, ctime }] = serve([{ path: '/f', time }]).getattr('/f');
    expect([atime, mtime, ctime]).toEqual([milliseconds, milliseconds, milliseconds]);
  });

  it('stands in for inode numbers of more than 32 bits, one for one, and says so once', () => {
    const served = serve([
      { path: '/small', ino: 0xefff_ffffn },
      { path: '/large', ino: (1n << 56n) | 5n },
      { path: '/other', ino: (2n << 56n) | 5n },
      { path: '/link', ino: (1n << 56n) | 5n },
      { path: '/in-the-range', ino: 0xf000_0000n },
    ]);
    const paths = ['/small', '/large', '/other', '/link', '/in-the-range', '/large'];
    const expected = [0xefff_ffff, 0xf000_0000, 0xf000_0001, 0xf000_0000, 0xf000_0002, 0xf000_0000];
    expect(paths.map((path) => inodeAt(served, path))).toEqual(expected);
    expect(served.readdir('/')[2].map(({ ino }) => ino)).toEqual([1, 1, ...expected.slice(0, -1)]);
    expect(log).toEqual([
      'Cannot show all inode numbers: fuse-native has 32 bits for them; larger ones are stood in for',
    ]);
  });
});

describe('readdir', () => {
  it('lists the dots and all names, with types and inode numbers', () => {
    const served = serve([
      { path: '/d', ino: 10n },
      { path: '/d/caf\xc3\xa9', mode: FILE, ino: 11n },
      { path: '/d/l', mode: S_IFLNK | 0o777, ino: 12n },
    ]);
    const [status, names, stats] = served.readdir('/d');
    expect(status).toBe(0);
    expect(names).toEqual(['.', '..', 'caf\u00e9', 'l']);
    expect(stats.map(({ ino, mode }) => [ino, mode])).toEqual([
      [10, S_IFDIR],
      [1, S_IFDIR],
      [11, S_IFREG],
      [12, S_IFLNK],
    ]);
  });

  it('lists an empty directory', () => {
    expect(serve([{ path: '/d' }]).readdir('/d')[1]).toEqual(['.', '..']);
  });

  it.each([
    ['no UTF-8', '\xff'],
    ['cut off', 'x\xe2\x82'],
    ['a surrogate', '\xed\xa0\x80'],
    ['longer than need be', '\xc0\xaf'],
    ['beyond Unicode', '\xf4\x90\x80\x80'],
    ['what stands for all of these', '\xef\xbf\xbd'],
  ])('leaves out a name that is %s, and says so once', (_kind, name) => {
    const served = serve([{ path: '/d' }, { path: `/d/${name}` }, { path: '/d/\xc3\xa9' }]);
    expect(served.readdir('/d')[1]).toEqual(['.', '..', '\u00e9']);
    expect(served.readdir('/d')[1]).toEqual(['.', '..', '\u00e9']);
    expect(log).toEqual([`Cannot show 1 of the names in "/d", as "${name}": fuse-native takes only UTF-8`]);
    expect(served.getattr(`/d/${Buffer.from(name, 'latin1').toString()}`)[0]).toBe(-E.EILSEQ);
  });
});

describe('readlink', () => {
  it.each([
    ['a target', '/etc/\xc3\xa9', [0, '/etc/\u00e9']],
    ['the longest target', 'l'.repeat(4095), [0, 'l'.repeat(4095)]],
    ['a target that is no UTF-8', '\xff', [-E.EILSEQ]],
  ])('answers %s', (_name, data, expected) => {
    expect(serve([{ path: '/l', mode: S_IFLNK, data }]).readlink('/l')).toEqual(expected);
  });
});

describe('read', () => {
  it('answers how many bytes there were', () => {
    const { read } = serve([{ path: '/f', mode: FILE, data: 'contents' }]);
    const buffer = Buffer.alloc(5);
    expect(read('/f', buffer, 0)).toEqual([5]);
    expect(buffer.toString()).toBe('conte');
    expect(read('/f', buffer, 6)).toEqual([2]);
    expect(buffer.toString('latin1', 0, 2)).toBe('ts');
    expect(read('/f', buffer, 8)).toEqual([0]);
    expect(read('/none', buffer, 0)).toEqual([-E.ENOENT]);
  });
});

describe('open', () => {
  it('is left to libfuse where no open can fail', () => {
    expect(serve([]).open).toBeUndefined();
  });

  it('fails where the file cannot be opened, or not be read as it is', () => {
    const entries: MemoryEntry[] = [{ path: '/good' }, { path: '/bad' }, { path: '/short' }];
    const tree = new MemoryTree(entries, (node) => {
      if (node === 3) throw new Errno(E.EIO, 'open');
      return node !== 4;
    });
    const { open } = serve(entries, { tree });
    expect(open?.('/good')).toEqual([0, 0]);
    expect(open?.('/bad')).toEqual([-E.EIO]);
    expect(log).toEqual([]);
    expect(open?.('/short')).toEqual([-E.EIO]);
    expect(log).toEqual(['Cannot open "/short": its data are not as long as its size']);
  });
});

describe('statfs', () => {
  it('shows no more than 2^32 - 1 of anything', () => {
    const most = 2 ** 32 - 1;
    expect(serve([]).statfs()).toEqual([
      0,
      {
        bsize: 4096,
        frsize: 4096,
        blocks: most,
        bfree: most,
        bavail: most,
        files: 1000,
        ffree: 1000,
        namemax: 255,
      },
    ]);
  });
});

describe('extended attributes', () => {
  const xattrs = { 'user.a': 'value', 'user.\xff': 'x', 'trusted.t': 't' };
  const entries = [{ path: '/f', mode: FILE, xattrs }];

  it.each([
    ['the length', 'user.a', 0, 5],
    ['a value that fits', 'user.a', 5, 5],
    ['never more than there is room for', 'user.a', 4, -E.ERANGE],
    ['that there is none', 'user.b', 10, -E.ENODATA],
    ['a name that is no UTF-8', 'user.\ufffd', 10, -E.EILSEQ],
  ])('are answered with %s', (_name, name, room, expected) => {
    expect(serve(entries).xattrs.value('/f', name, Buffer.alloc(room))).toBe(expected);
  });

  it('are listed but for names that cannot be asked for', () => {
    const names = (room: number, uid: number) => {
      const out = Buffer.alloc(room);
      const length = serve(entries, { uid }).xattrs.names('/f', out);
      return [length, out.toString('latin1')];
    };
    expect(names(0, 0)).toEqual([17, '']);
    expect(names(17, 0)).toEqual([17, 'user.a\0trusted.t\0']);
    expect(names(16, 0)).toEqual([-E.ERANGE, '\0'.repeat(16)]);
    expect(names(7, 1000)).toEqual([7, 'user.a\0']);
  });
});

describe('a throw', () => {
  const bug = new TypeError('a bug');
  const entries = [
    { path: '/bug', mode: FILE, bug },
    { path: '/directory', bug },
  ];

  it('that is no Errno is EIO, and told with the request it came from', () => {
    const { getattr, readdir, readlink, read, xattrs } = serve(entries);
    expect([
      getattr('/bug'),
      readdir('/directory'),
      readlink('/bug'),
      read('/bug', Buffer.alloc(1), 0),
      [xattrs.value('/bug', 'user.a', Buffer.alloc(0))],
      [xattrs.names('/bug', Buffer.alloc(0))],
    ]).toEqual(Array.from({ length: 6 }, () => [-E.EIO]));
    const { FUSE_GETATTR, FUSE_READDIR, FUSE_READLINK, FUSE_READ, FUSE_GETXATTR, FUSE_LISTXATTR } = OPCODE;
    const opcodes = [FUSE_GETATTR, FUSE_READDIR, FUSE_READLINK, FUSE_READ, FUSE_GETXATTR, FUSE_LISTXATTR];
    expect(bugs).toEqual(opcodes.map((opcode) => [bug, opcode]));
  });

  it('that is an Errno is that errno, and no bug', () => {
    const { getattr } = serve([{ path: '/f', bug: new Errno(E.ELOOP, 'look') }]);
    expect(getattr('/f')).toEqual([-E.ELOOP]);
    expect(bugs).toEqual([]);
  });

  it('is EIO where it comes from the look-up too', () => {
    expect(serve(entries).getattr('/directory/x')).toEqual([-E.EIO]);
    expect(bugs).toEqual([[bug, OPCODE.FUSE_GETATTR]]);
  });
});

describe('the trace', () => {
  it('is told of each request and its outcome', () => {
    const { getattr, read } = serve([{ path: '/f', mode: FILE, data: 'contents' }]);
    getattr('/f');
    getattr('/none');
    read('/f', Buffer.alloc(3), 0);
    expect(traced).toEqual([
      [OPCODE.FUSE_GETATTR, '/f', 0],
      [OPCODE.FUSE_GETATTR, '/none', -E.ENOENT],
      [OPCODE.FUSE_READ, '/f', 3],
    ]);
  });
});
