import { describe, expect, it } from 'vitest';
import type { OPCODE } from '../../../src/fuse/abi.ts';
import { Session, type SessionOptions } from '../../../src/fuse/session.ts';
import { E, Errno } from '../../../src/sys/errors.ts';
import { FS_IOC } from '../../../src/sys/inode-flags.ts';
import {
  bytes,
  errnoOf,
  exchange,
  initIn,
  payloadOf,
  readIn,
  request,
  rows,
  show,
  words,
} from './messages.ts';
import { CONTENT, SmallTree } from './smallTree.ts';

interface Setup {
  readonly tree: SmallTree;
  readonly session: Session;
  readonly bugs: string[];
}

function start(options: Partial<SessionOptions> = {}): Setup {
  const tree = new SmallTree();
  const bugs: string[] = [];
  const onBug = (error: unknown, opcode: number) => bugs.push(`${opcode}: ${(error as Error).message}`);
  const session = new Session(tree, { data: 'cached', onBug, ...options });
  exchange(session, request('FUSE_INIT', initIn()));
  return { tree, session, bugs };
}

const FOREVER = 'ca 9a 3b 00 00 00 00'; // of 00 ca 9a 3b …: 1,000,000,000 seconds

/** `fuse_attr` of the small tree: word n is 0xa0 + n but for these. */
function attributes(ino: string, mode: string): string {
  return `
    ${ino}              ino
    a2 00 00 00 a3 00 00 00  size
    a4 00 00 00 a5 00 00 00  blocks
    a6 00 00 00 a7 00 00 00  atime
    a8 00 00 00 a9 00 00 00  mtime
    aa 00 00 00 ab 00 00 00  ctime
    ac 00 00 00 ad 00 00 00 ae 00 00 00  nanoseconds
    ${mode}                  mode
    b0 00 00 00 b1 00 00 00 b2 00 00 00  nlink, uid, gid
    78 56 34 12 b4 00 00 00 b5 00 00 00  rdev, blksize, flags`;
}

const FILE_3 = attributes('13 00 00 00 00 00 00 00', 'a4 81 00 00');
const ETC = attributes('12 00 00 00 02 01 00 00', 'ed 41 00 00');

function entry(node: string, attr: string): string {
  return `
    ${node}                  nodeid
    00 00 00 00 00 00 00 00  generation
    00 ${FOREVER}  entry_valid
    00 ${FOREVER}  attr_valid
    00 00 00 00 00 00 00 00  nanoseconds of both
    ${attr}`;
}

const GETFLAGS = FS_IOC.FS_IOC_GETFLAGS;

describe('Session, byte for byte', () => {
  it('answers INIT with what it takes of the offer', () => {
    const session = new Session(new SmallTree(), { data: 'cached', onBug: () => {} });
    const reply = exchange(
      session,
      bytes(`
        68 00 00 00 1a 00 00 00  len 104, opcode INIT
        02 00 00 00 00 00 00 00  unique
        00 00 00 00 00 00 00 00  nodeid
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  uid, gid, pid
        07 00 00 00 2d 00 00 00  7.45
        00 00 02 00 fb ff ff f3  max_readahead, flags
        ff 07 00 00 00 00 00 00  flags2
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  unused
      `),
    );
    expect(show(reply)).toBe(
      rows(`
        50 00 00 00 00 00 00 00  len 80, no error
        02 00 00 00 00 00 00 00  unique
        07 00 00 00 2d 00 00 00  7.45
        00 00 00 01 01 20 d6 41  max_readahead 16 MiB; flags
        40 00 30 00 00 10 00 00  max_background 64, congestion_threshold 48, max_write 4096
        01 00 00 00 00 01 00 00  time_gran 1, max_pages 256
        40 00 00 00 00 00 00 00  flags2: NO_EXPORT_SUPPORT; max_stack_depth
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  unused
      `),
    );
    expect(session.started).toBe(true);
  });

  it('answers LOOKUP with the entry', () => {
    const reply = exchange(start().session, request('FUSE_LOOKUP', 'file\0'));
    expect(show(reply)).toBe(
      rows(`
        90 00 00 00 00 00 00 00  len 144, no error
        07 00 00 00 00 00 00 00  unique
        ${entry('03 00 00 00 00 00 00 00', FILE_3)}
      `),
    );
  });

  it('lets the kernel remember that a name is not there', () => {
    const reply = exchange(start().session, request('FUSE_LOOKUP', 'nosuch\0'));
    expect(show(reply)).toBe(
      rows(`
        90 00 00 00 00 00 00 00  len 144, no error
        07 00 00 00 00 00 00 00  unique
        00 00 00 00 00 00 00 00  nodeid 0
        00 00 00 00 00 00 00 00  generation
        00 ${FOREVER}  entry_valid
        ${'00 '.repeat(104).trim()}  all else
      `),
    );
  });

  it('answers GETATTR', () => {
    const reply = exchange(start().session, request('FUSE_GETATTR', words(0, 0, 0, 0), { node: 3 }));
    expect(show(reply)).toBe(
      rows(`
        78 00 00 00 00 00 00 00  len 120, no error
        07 00 00 00 00 00 00 00  unique
        00 ${FOREVER}  attr_valid
        00 00 00 00 00 00 00 00  nanoseconds, dummy
        ${FILE_3}
      `),
    );
  });

  it('answers READDIR with . and .. first, then the entries at their offsets, padding zeroed', () => {
    const reply = exchange(start().session, request('FUSE_READDIR', readIn(0, 4096)));
    expect(show(payloadOf(reply))).toBe(
      rows(`
        11 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00 04 00 00 00  ino, offset 1, 1 byte, directory
        2e 00 00 00 00 00 00 00  .
        11 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 02 00 00 00 04 00 00 00  the root is its own parent
        2e 2e 00 00 00 00 00 00  ..
        12 00 00 00 02 01 00 00 03 00 00 00 00 00 00 00 03 00 00 00 04 00 00 00  offset 3
        65 74 63 00 00 00 00 00  etc
        13 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00 04 00 00 00 08 00 00 00  regular
        66 69 6c 65 00 00 00 00  file
        14 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 04 00 00 00 08 00 00 00
        67 6f 6e 65 00 00 00 00  gone
        15 00 00 00 00 00 00 00 06 00 00 00 00 00 00 00 04 00 00 00 0a 00 00 00  link
        6c 69 6e 6b 00 00 00 00  link
      `),
    );
  });

  it('answers READDIRPLUS with node 0 for dots and for names that cannot be looked up', () => {
    const reply = exchange(start().session, request('FUSE_READDIRPLUS', readIn(1, 4096)));
    const nothing = `${'00 '.repeat(128).trim()}  no entry`;
    const link = attributes('15 00 00 00 00 00 00 00', 'ff a1 00 00');
    expect(show(payloadOf(reply))).toBe(
      rows(`
        ${nothing}
        11 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 02 00 00 00 04 00 00 00
        2e 2e 00 00 00 00 00 00  ..
        ${entry('02 00 00 00 00 00 00 00', ETC)}
        12 00 00 00 02 01 00 00 03 00 00 00 00 00 00 00 03 00 00 00 04 00 00 00
        65 74 63 00 00 00 00 00  etc
        ${entry('03 00 00 00 00 00 00 00', FILE_3)}
        13 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00 04 00 00 00 08 00 00 00
        66 69 6c 65 00 00 00 00  file
        ${nothing}
        14 00 00 00 00 00 00 00 05 00 00 00 00 00 00 00 04 00 00 00 08 00 00 00
        67 6f 6e 65 00 00 00 00  gone
        ${entry('05 00 00 00 00 00 00 00', link)}
        15 00 00 00 00 00 00 00 06 00 00 00 00 00 00 00 04 00 00 00 0a 00 00 00
        6c 69 6e 6b 00 00 00 00  link
      `),
    );
  });

  it('gives a hard link the node of its file', () => {
    const reply = exchange(start().session, request('FUSE_LOOKUP', 'a\0', { node: 2 }));
    expect(payloadOf(reply).readUInt32LE(0)).toBe(3);
  });

  it('answers STATX with the time of birth, where there is one', () => {
    const { session } = start();
    const reply = payloadOf(
      exchange(session, request('FUSE_STATX', words(0, 0, 0, 0, 0, 0xfff), { node: 3 })),
    );
    expect(show(reply)).toBe(
      rows(`
        00 ${FOREVER}  attr_valid
        ${'00 '.repeat(24).trim()}  nanoseconds, flags, spare
        ff 0f 00 00 b4 00 00 00  mask: basic and btime; blksize
        00 00 00 00 00 00 00 00  attributes
        b0 00 00 00 b1 00 00 00 b2 00 00 00 a4 81 00 00  nlink, uid, gid, mode
        13 00 00 00 00 00 00 00  ino
        a2 00 00 00 a3 00 00 00  size
        a4 00 00 00 a5 00 00 00  blocks
        00 00 00 00 00 00 00 00  attributes_mask
        a6 00 00 00 a7 00 00 00 ac 00 00 00 00 00 00 00  atime
        fe ff ff ff ff ff ff ff 00 65 cd 1d 00 00 00 00  btime: -2 s and half a second
        aa 00 00 00 ab 00 00 00 ae 00 00 00 00 00 00 00  ctime
        a8 00 00 00 a9 00 00 00 ad 00 00 00 00 00 00 00  mtime
        56 04 00 00 78 23 01 00  rdev: major 0x456, minor 0x12378
        ${'00 '.repeat(120).trim()}  dev and spare
      `),
    );
    const without = payloadOf(
      exchange(session, request('FUSE_STATX', words(0, 0, 0, 0, 0, 0xfff), { node: 2 })),
    );
    expect(without.readUInt32LE(32)).toBe(0x7ff);
  });
});

describe('Session', () => {
  it.each<[string, keyof typeof OPCODE, Uint8Array | string, number, string]>([
    ['a link', 'FUSE_READLINK', '', 5, 'etc'],
    ['a part of a file', 'FUSE_READ', readIn(2, 5), 3, '23456'],
    ['the end of a file', 'FUSE_READ', readIn(8, 4096), 3, '89'],
    ['past the end', 'FUSE_READ', readIn(100, 4096), 3, ''],
    ['further than a number is exact', 'FUSE_READ', words(0, 0, 7, 2 ** 28, 4096, 0, 0, 0, 0, 0), 3, 'x'],
    ['beside that', 'FUSE_READ', words(0, 0, 8, 2 ** 28, 4096, 0, 0, 0, 0, 0), 3, ''],
    ['an attribute', 'FUSE_GETXATTR', Buffer.concat([words(64, 0), Buffer.from('user.a\0')]), 3, 'alpha'],
    [
      'an empty attribute',
      'FUSE_GETXATTR',
      Buffer.concat([words(64, 0), Buffer.from('user.empty\0')]),
      3,
      '',
    ],
    ['names of attributes', 'FUSE_LISTXATTR', words(64, 0), 3, 'user.a\0user.empty\0'],
    ['a directory past its end', 'FUSE_READDIR', readIn(6, 4096), 1, ''],
    ['a directory past all offsets', 'FUSE_READDIRPLUS', readIn(2 ** 40, 4096), 1, ''],
  ])('reads %s', (_, opcode, payload, node, expected) => {
    const reply = exchange(start().session, request(opcode, payload, { node }));
    expect([errnoOf(reply), payloadOf(reply).toString('latin1')]).toEqual([0, expected]);
  });

  it.each<[string, Uint8Array, number]>([
    ['LOOKUP of a name of 256 bytes', request('FUSE_LOOKUP', `${'n'.repeat(256)}\0`), E.ENAMETOOLONG],
    ['LOOKUP of no name', request('FUSE_LOOKUP', '\0'), E.EINVAL],
    ['LOOKUP without NUL', request('FUSE_LOOKUP', 'etc'), E.EINVAL],
    ['LOOKUP of a name that is listed only', request('FUSE_LOOKUP', 'gone\0'), E.EPERM],
    ['LOOKUP in a file', request('FUSE_LOOKUP', 'x\0', { node: 3 }), E.ENOTDIR],
    ['READDIR of a file', request('FUSE_READDIR', readIn(0, 4096), { node: 3 }), E.ENOTDIR],
    ['READDIR with no room for one entry', request('FUSE_READDIR', readIn(0, 24)), E.EINVAL],
    ['READ of a directory', request('FUSE_READ', readIn(0, 4096)), E.EISDIR],
    ['READ of a link', request('FUSE_READ', readIn(0, 4096), { node: 5 }), E.EINVAL],
    ['READ of more than was agreed', request('FUSE_READ', readIn(0, 2 ** 20 + 1), { node: 3 }), E.EINVAL],
    ['READ that is cut', request('FUSE_READ', words(0, 0, 0), { node: 3 }), E.EINVAL],
    ['READLINK of a file', request('FUSE_READLINK', '', { node: 3 }), E.EINVAL],
    ['LSEEK past the data', request('FUSE_LSEEK', words(0, 0, 0, 2 ** 29, 3, 0), { node: 3 }), E.ENXIO],
    ['LSEEK past all offsets', request('FUSE_LSEEK', words(0, 0, 0, 2 ** 31, 3, 0), { node: 3 }), E.ENXIO],
    [
      'READ past all offsets',
      request('FUSE_READ', words(0, 0, 0, 2 ** 31, 1, 0, 0, 0, 0, 0), { node: 3 }),
      E.EINVAL,
    ],
    ['LSEEK from the end', request('FUSE_LSEEK', words(0, 0, 0, 0, 2, 0), { node: 3 }), E.EINVAL],
    [
      'GETXATTR that is not there',
      request('FUSE_GETXATTR', Buffer.concat([words(64, 0), Buffer.from('user.b\0')])),
      E.ENODATA,
    ],
    [
      'GETXATTR into too little',
      request('FUSE_GETXATTR', Buffer.concat([words(4, 0), Buffer.from('user.a\0')])),
      E.ERANGE,
    ],
    ['LISTXATTR into too little', request('FUSE_LISTXATTR', words(4, 0)), E.ERANGE],
    ['GETXATTR without a name', request('FUSE_GETXATTR', words(4, 0)), E.EINVAL],
    ['OPENDIR', request('FUSE_OPENDIR', words(0, 0)), E.ENOSYS],
    ['OPEN in cached mode', request('FUSE_OPEN', words(0, 0), { node: 3 }), E.ENOSYS],
    ['INTERRUPT', request('FUSE_INTERRUPT', words(5, 0), { node: 0 }), E.ENOSYS],
    ['ACCESS', request('FUSE_ACCESS', words(4, 0)), E.ENOSYS],
    ['FLUSH', request('FUSE_FLUSH', words(0, 0, 0, 0, 0, 0), { node: 3 }), E.ENOSYS],
    ['IOCTL', request('FUSE_IOCTL', words(0, 0, 0, 0, 0, 0, 0, 0), { node: 3 }), E.ENOTTY],
    ['IOCTL of half a request', request('FUSE_IOCTL', words(0, 0, 0, 0), { node: 3 }), E.EINVAL],
    [
      'IOCTL into too little',
      request('FUSE_IOCTL', words(0, 0, 0, GETFLAGS, 0, 0, 0, 2), { node: 3 }),
      E.EINVAL,
    ],
    ['IOCTL of what has no flags', request('FUSE_IOCTL', words(0, 0, 0, GETFLAGS, 0, 0, 0, 4)), E.ENOTTY],
    ['WRITE', request('FUSE_WRITE', words(0, 0), { node: 3 }), E.EROFS],
    ['UNLINK', request('FUSE_UNLINK', 'file\0'), E.EROFS],
    ['an opcode without a meaning here', request('FUSE_BMAP', words(0, 0, 512, 0), { node: 3 }), E.ENOSYS],
    ['node 0', request('FUSE_GETATTR', words(0, 0, 0, 0), { node: 0 }), E.EIO],
    ['a node that is not there', request('FUSE_GETATTR', words(0, 0, 0, 0), { node: 8 }), E.EIO],
    ['a length that is not its own', Buffer.concat([request('FUSE_GETATTR'), words(0)]), E.EIO],
  ])('refuses %s', (_, message, errno) => {
    expect(errnoOf(exchange(start().session, message))).toBe(errno);
  });

  it.each([
    ['FORGET', request('FUSE_FORGET', words(1, 0), { node: 3 })],
    ['BATCH_FORGET', request('FUSE_BATCH_FORGET', words(1, 0, 3, 0, 1, 0))],
    ['NOTIFY_REPLY', request('FUSE_NOTIFY_REPLY')],
    ['less than a header', Buffer.alloc(39)],
  ])('answers nothing to %s', (_, message) => {
    expect(exchange(start().session, message)).toHaveLength(0);
  });

  it("answers an inode's flags in as many bytes as the kernel asks for", () => {
    const { session } = start();
    const ask = (command: number, size: number) =>
      payloadOf(
        exchange(session, request('FUSE_IOCTL', words(0, 0, 0, command, 0, 0, 0, size), { node: 3 })),
      );
    expect([
      ...new Uint32Array(ask(GETFLAGS, 4).buffer.slice(ask(GETFLAGS, 4).byteOffset)).slice(0, 5),
    ]).toEqual([0, 0, 0, 0, 3]);
    expect(ask(FS_IOC.FS_IOC_FSGETXATTR, 28)).toHaveLength(16 + 28);
  });

  it('knows . and .. without asking the file system', () => {
    const { session } = start();
    const node = (name: string) =>
      payloadOf(exchange(session, request('FUSE_LOOKUP', name, { node: 2 }))).readUInt32LE(0);
    expect([node('.\0'), node('..\0')]).toEqual([2, 1]);
  });

  it('answers sizes where none was given', () => {
    const { session } = start();
    const value = request('FUSE_GETXATTR', Buffer.concat([words(0, 0), Buffer.from('user.a\0')]));
    const list = request('FUSE_LISTXATTR', words(0, 0));
    expect(show(payloadOf(exchange(session, value)))).toBe(rows('05 00 00 00 00 00 00 00'));
    expect(show(payloadOf(exchange(session, list)))).toBe(rows('12 00 00 00 00 00 00 00'));
  });

  it("tells the file system the caller's user", () => {
    const message = request('FUSE_GETXATTR', Buffer.concat([words(64, 0), Buffer.from('user.uid\0')]), {
      uid: 1000,
    });
    expect(payloadOf(exchange(start().session, message)).toString()).toBe('1000');
  });

  it('answers an LSEEK beyond 4 GiB in two words', () => {
    const reply = exchange(start().session, request('FUSE_LSEEK', words(0, 0, 0, 0, 4, 0), { node: 3 }));
    expect(show(payloadOf(reply))).toBe(rows('05 00 00 00 02 00 00 00'));
  });

  it('fills a directory reply with whole records only, and goes on where it stopped', () => {
    const { session } = start();
    const names: string[] = [];
    const sizes: number[] = [];
    for (let offset = 0; ; ) {
      const records = payloadOf(exchange(session, request('FUSE_READDIR', readIn(offset, 70))));
      if (records.length === 0) break;
      sizes.push(records.length);
      for (let at = 0; at < records.length; at += 32) {
        offset = records.readUInt32LE(at + 8);
        names.push(records.toString('latin1', at + 24, at + 24 + records.readUInt32LE(at + 16)));
      }
    }
    expect([names, sizes]).toEqual([
      ['.', '..', 'etc', 'file', 'gone', 'link'],
      [64, 64, 64],
    ]);
  });

  it('answers with the errno a request threw', () => {
    const { tree, session, bugs } = start();
    tree.failure = new Errno(E.ESTALE, 'read');
    expect(errnoOf(exchange(session, request('FUSE_READ', readIn(0, 10), { node: 3 })))).toBe(E.ESTALE);
    expect(bugs).toEqual([]);
  });

  it('answers EIO to any other throw, tells of it once, and serves on', () => {
    const { tree, session, bugs } = start();
    const message = request('FUSE_READ', readIn(0, 10), { node: 3 });
    tree.failure = new TypeError('boom');
    expect(errnoOf(exchange(session, message))).toBe(E.EIO);
    tree.failure = undefined;
    expect(payloadOf(exchange(session, message))).toEqual(CONTENT);
    expect(bugs).toEqual(['15: boom']);
  });

  it('serves on where loading ahead throws, and tells of it', () => {
    const { tree, session, bugs } = start();
    const loadAhead = () => {
      throw new TypeError('boom');
    };
    Object.assign(tree, { loadAhead });
    expect(session.useIdleMoment()).toBe(false);
    expect(bugs).toEqual(['0: boom']);
  });

  it.each([
    ['more than was asked for', () => 11, E.EIO],
    ['no number', () => Number.NaN, E.EIO],
    ['an error the kernel would not take', () => -4000, E.EIO],
    ['an errno', () => -E.ENXIO, E.ENXIO],
  ])('does not pass on %s', (_, read, errno) => {
    const { tree, session } = start();
    tree.read = read;
    expect(errnoOf(exchange(session, request('FUSE_READ', readIn(0, 10), { node: 3 })))).toBe(errno);
  });

  it('counts requests by opcode, unknown ones at 0', () => {
    const { session } = start();
    exchange(session, request('FUSE_GETATTR', words(0, 0, 0, 0)));
    const unknown = request('FUSE_GETATTR');
    unknown.writeUInt32LE(4096, 4);
    exchange(session, unknown);
    expect([session.counts[0], session.counts[3], session.counts[26]]).toEqual([1, 1, 1]);
  });

  it('shows each request and its reply to a tracer', () => {
    const seen: string[] = [];
    const { session } = start({
      trace: (message, length, reply, replied) =>
        seen.push(`${message.words[1]} ${length} ${reply.words[1]} ${replied}`),
    });
    exchange(session, request('FUSE_FORGET', words(1, 0), { node: 3 }));
    exchange(session, request('FUSE_READLINK', '', { node: 5 }));
    expect(seen).toEqual(['26 104 0 80', '2 48 0 0', '5 40 0 19']);
  });

  it('lets names and attributes of a live tree expire', () => {
    const { session } = start({ timeoutSeconds: 1.25 });
    const reply = payloadOf(exchange(session, request('FUSE_LOOKUP', 'file\0')));
    expect(show(reply.subarray(16, 40))).toBe(
      rows(`
        01 00 00 00 00 00 00 00  entry_valid
        01 00 00 00 00 00 00 00  attr_valid
        80 b2 e6 0e 80 b2 e6 0e  250,000,000 ns
      `),
    );
  });
});

describe('INIT', () => {
  function init(payload: Uint8Array, options: Partial<SessionOptions> = {}): Buffer {
    const session = new Session(new SmallTree(), { data: 'cached', onBug: () => {}, ...options });
    return exchange(session, request('FUSE_INIT', payload));
  }

  it('asks a kernel with a newer major number to come again', () => {
    const reply = init(words(8, 0, 0, 0));
    expect([errnoOf(reply), payloadOf(reply).readUInt32LE(0)]).toEqual([0, 7]);
  });

  it.each([
    ['an older major number', words(6, 45, 0, 0)],
    ['7.22', words(7, 22, 0, 0)],
    ['no version at all', words()],
  ])('refuses %s', (_, payload) => {
    expect(errnoOf(init(payload))).toBe(E.EPROTO);
  });

  it('takes only what is offered, from a kernel whose request is shorter', () => {
    const reply = payloadOf(init(words(7, 31, 128 << 10, (1 << 13) | (1 << 14))));
    expect([reply.readUInt32LE(4), reply.readUInt32LE(12), reply.readUInt32LE(32)]).toEqual([31, 1 << 13, 0]);
  });

  it('asks for passthrough and a stack depth of 1 where files are to be passed through', () => {
    const backing = { open: () => 1, close: () => 0 };
    const reply = payloadOf(init(initIn(), { data: 'passthrough', backing }));
    expect([reply.readUInt32LE(32), reply.readUInt32LE(36)]).toEqual([(1 << 5) | (1 << 6), 1]);
  });

  it('lets the kernel drop pages of a live tree whose files changed', () => {
    const reply = payloadOf(init(initIn(), { isLive: true }));
    expect(reply.readUInt32LE(12) & (1 << 12)).toBe(1 << 12);
  });

  it('answers opens itself where the kernel would ask again after ENOSYS', () => {
    const session = new Session(new SmallTree(), { data: 'cached', onBug: () => {} });
    exchange(session, request('FUSE_INIT', words(7, 23, 0, 1 << 13)));
    const open = payloadOf(exchange(session, request('FUSE_OPEN', words(0, 0), { node: 3 })));
    const opendir = payloadOf(exchange(session, request('FUSE_OPENDIR', words(0, 0))));
    expect(show(open)).toBe(rows('00 00 00 00 00 00 00 00 22 00 00 00 00 00 00 00  KEEP_CACHE, NOFLUSH'));
    expect(show(opendir)).toBe(
      rows('00 00 00 00 00 00 00 00 0a 00 00 00 00 00 00 00  KEEP_CACHE, CACHE_DIR'),
    );
  });
});
