// Two layers with one of everything that a copy of their merged tree has to keep.
import { device, directory, file, link, opaque, special, symlink, whiteout } from './layers.ts';
import type { Field } from './oracle.ts';

/** All that a tar can hold, and a copy. */
export const FIELDS: readonly Field[] = [
  'mode',
  'owner',
  'size',
  'rdev',
  'mtime',
  'identity',
  'target',
  'xattrs',
  'sha256',
  'map',
];

const LONG = 'n'.repeat(255);
const second = 1_000_000_000n;

/** user::rw-, user:1000:r--, group::r--, mask::r--, other::--- (linux/posix_acl_xattr.h). */
const ACL = [
  ...[
    '\x02\0\0\0',
    '\x01\0\x06\0\xff\xff\xff\xff',
    '\x02\0\x04\0\xe8\x03\0\0',
    '\x04\0\x04\0\xff\xff\xff\xff',
  ],
  ...['\x10\0\x04\0\xff\xff\xff\xff', '\x20\0\0\0\xff\xff\xff\xff'],
].join('');

/** Lowest first. */
export const LAYERS = [
  [
    directory('gone'),
    file('gone/file', 'x'),
    directory('kept', { mode: 0o1777, mtime: 5n * second }),
    file('kept/old', 'old'),
    directory('covered'),
    file('covered/below', 'x'),
    file('twin', 'twice', { mode: 0o4755 }),
  ],
  [
    whiteout('gone'),
    directory('kept', { mode: 0o2750, owner: [7, 8], mtime: 1234567890n * second + 123456789n }),
    file('kept/new', 'new', { owner: [3_000_000, 4_294_967_293], mtime: 9_000_000_000n * second }),
    directory('covered'),
    opaque('covered'),
    file('covered/here', 'x'.repeat(511)),
    file('before', 'x'.repeat(512), { mtime: -5n * second - 250_000_000n }),
    file('odd\xff\xfe\n', 'x'.repeat(513)),
    file(`${LONG}\x80`.slice(1), 'long and no UTF-8'),
    directory(`deep-${LONG.slice(5)}`),
    directory(`deep-${LONG.slice(5)}/${LONG}`),
    file(`deep-${LONG.slice(5)}/${LONG}/${LONG}`, 'deep'),
    symlink('link', `${LONG}/${LONG}\xff`),
    symlink('short', 'kept'),
    link('another', 'odd\xff\xfe\n'),
    link('symlink-again', 'short'),
    file('zeros', '\0'.repeat(300_000)),
    file('empty', ''),
    file('listed', 'x', { mode: 0o640, xattrs: { 'system.posix_acl_access': ACL } }),
    directory('inherits', { mode: 0o750, xattrs: { 'system.posix_acl_default': ACL } }),
    file('sparse', {
      size: 300_000_000,
      data: [
        [4096, 'x'.repeat(5000)],
        [100_000_000, 'y'],
      ],
    }),
    file('hole', { size: 1_000_000 }),
    file(`sparse-${LONG.slice(7)}`, { size: 1_000_000, data: [[999_999, 'z']] }),
    file('marked', 'x', { xattrs: { 'user.note': 'a\0b\n', 'user.a=b%': 'c', 'trusted.deep': '\xff' } }),
    file('capable', 'x', {
      xattrs: { 'security.capability': '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0' },
    }),
    link('capable-again', 'capable'),
    special('fifo', 'fifo', { mode: 0o600 }),
    link('fifo-again', 'fifo'),
    device('char', 'char', [10, 200], { owner: [1, 2] }),
    device('block', 'block', [259, 70_000]),
  ],
];
