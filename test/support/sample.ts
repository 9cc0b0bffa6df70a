// An image and a container on a real engine, in which each kind of change happens that a layer can record.
import type { Engine } from './engine.ts';
import { change, directory, file, link, type Step, special, symlink } from './layers.ts';
import type { Oracle } from './oracle.ts';
import type { Temporary } from './temporary.ts';

/** Tags and names of what `buildSample` makes. */
export const SAMPLE = {
  base: 'sample-base:1',
  image: 'sample:latest',
  /** Made from `image` and never started. */
  untouched: 'untouched',
  /** Ran on top of `image` and ended. */
  changed: 'changed',
} as const;

const SECOND = 1_000_000_000n;

/** Effective and permitted cap_net_raw, as `struct vfs_ns_cap_data` revision 2. */
const CAPABILITY = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';

const BASE: readonly Step[] = [
  file('etc/hello', 'hello\n', { mtime: 1_600_000_000n * SECOND }),
  file('etc/kept', 'kept\n', { mode: 0o640, owner: [0, 42] }),
  directory('again', { mode: 0o755 }),
  file('again/old', 'old\n'),
  file('again/deep/older', 'older\n'),
  directory('renamed-later', { mode: 0o710, owner: [10, 20] }),
  file('renamed-later/inside', 'moved\n'),
  file('renamed-later/more/inside', 'moved too\n'),
  file('hard/one', 'one\n'),
  link('hard/two', 'hard/one'),
  file('own/file', 'mine\n'),
  directory('own/directory'),
  file('bytes/\xff\xfe', 'not UTF-8\n'),
  file('cap', 'x', { mode: 0o755, xattrs: { 'security.capability': CAPABILITY } }),
  symlink('link', '/etc/kept'),
  symlink('dangling', 'no\xffwhere'),
  special('base-fifo', 'fifo', { mode: 0o622 }),
  directory('sticky', { mode: 0o1777 }),
  change('.', { mode: 0o755 }),
];

/** One layer each; `RUN` is `sh -c`. */
const IMAGE = [
  'rm /etc/hello',
  'rm -rf /again && mkdir /again && echo new > /again/new',
  'mv /renamed-later /renamed',
  'ln /hard/one /hard/three && echo more >> /hard/three',
  'chmod 0751 /own/file && chown 1234:5678 /own/file && chmod 2770 /own/directory && chown 4000000000:65534 /own/directory',
  'mkfifo -m 640 /fifo && cp /bin/busybox /suid && chmod 4755 /suid && mknod /null c 1 3 && mknod /disk b 7 3',
  'truncate -s 5000000 /sparse && printf data | dd of=/sparse bs=1 seek=3000000 conv=notrunc',
  `touch "/bytes/$(printf 'ff\\377')" "/bytes/$(printf 'new\\nline')" && rm "/bytes/$(printf '\\377\\376')"`,
  `touch -d '1950-02-03 04:05:06' /before-1970 && touch -d '2040-02-03 04:05:06' /after-2038`,
  `mkdir /times && touch -d '1960-01-01 00:00:00' /times && ln -s x /times-link`,
  'rm /link && mkdir /link && echo in > /link/file && rm -rf /own/directory && echo now > /own/directory',
];

const CONTAINER = [
  'rm /etc/kept /dangling',
  'rm -rf /renamed/more && mkdir /renamed/more && echo again > /renamed/more/again',
  'mv /again /moved',
  'ln /suid /bin/linked && echo >> /hard/two',
  'chmod 0700 /sticky && chown 7:8 /fifo',
  'mkfifo /pipe && mknod /zero c 1 5',
  'truncate -s 9000000 /holes && printf data | dd of=/holes bs=1 seek=8000000 conv=notrunc',
  `echo x > "/bytes/$(printf 'in\\377\\ncontainer')"`,
  `touch -d '1930-01-01 00:00:00' /ancient && touch -d '2100-01-01 00:00:00' /future`,
  `rm -rf /times && echo file > /times && touch -d '1969-12-31 23:59:58' /etc`,
  'echo end > /tmp/end',
];

export async function buildSample(engine: Engine, oracle: Oracle, temporary: Temporary): Promise<void> {
  const tree = temporary.path('sample-base');
  await oracle.write([{ directory: tree, steps: BASE }]);
  await engine.importBusybox(SAMPLE.base, { into: tree });
  const dockerfile = [`FROM ${SAMPLE.base}`, ...IMAGE.map((step) => `RUN ${step}`)].join('\n');
  await engine.build(SAMPLE.image, dockerfile);
  await engine.docker(['create', '--network', 'none', '--name', SAMPLE.untouched, SAMPLE.image, 'sh']);
  const script = CONTAINER.join(' && ');
  await engine.docker([
    'run',
    '--network',
    'none',
    '--name',
    SAMPLE.changed,
    SAMPLE.image,
    'sh',
    '-c',
    script,
  ]);
}
