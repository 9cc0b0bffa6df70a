// The disk below a layer fails: each operation on each kind of name, with the errnos that disks and networks give. What was
// hit costs an errno and a line in the log; all else is served, and all is well again when the disk is. FAULTS sets how
// many random sets of faults are tried, SEED which.
import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { E, errnoWords } from '../../src/sys/errors.ts';
import { type DiskOperation, FailingDisk, type Fault } from '../support/failing-disk.ts';
import { mountKernel } from '../support/kernel.ts';
import * as layer from '../support/layers.ts';
import { type Field, Oracle } from '../support/oracle.ts';
import { Server } from '../support/server.ts';
import { isMounted, lowerdirReference, mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { kill, temporaryForSuite, temporaryForTest, until } from '../support/temporary.ts';
import { differences, lineOf } from '../support/tree.ts';
import { randomOf } from './diff-random.ts';

const ROUNDS = Number(process.env.FAULTS ?? 6);
const SEED = Number(process.env.SEED ?? 20260727);
const FIELDS: readonly Field[] = ['mode', 'owner', 'size', 'mtime', 'target', 'xattrs', 'sha256'];
const SIZE = 300_000;
/** Milliseconds for which a failed lookup is believed. */
const BELIEVED = 1000;

const OPERATIONS: readonly DiskOperation[] = [
  'lookup',
  'getattr',
  'readlink',
  'open',
  'read',
  'getxattr',
  'listxattr',
  'opendir',
  'readdir',
];
const ERRNOS = ['EIO', 'ENOMEM', 'ETIMEDOUT', 'ENOLINK', 'EACCES', 'EREMOTEIO', 'EUCLEAN'];

function inWords({ errno }: Fault): string {
  return errnoWords(E[errno as keyof typeof E]);
}

describeSystem('a disk that fails', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const [top, source, target] = ['top', 'source', 'target'].map((name) => temporary.path(name)) as [
    string,
    string,
    string,
  ];
  let disk: FailingDisk;
  let sound: string[];

  beforeAll(async () => {
    await oracle.write([
      {
        directory: top,
        steps: [
          layer.file('both/top', 'top'),
          layer.file('top/file', 'top'),
          layer.whiteout('low/hidden'),
          layer.directory('over'),
          layer.opaque('over'),
          layer.file('over/own', 'own'),
        ],
      },
      {
        directory: source,
        steps: [
          ...Array.from({ length: 12 }, (_, i) =>
            layer.file(`low/d${i % 4}/file-${i}`, String.fromCharCode(65 + i).repeat(SIZE + i)),
          ),
          layer.file('low/marked', 'marked', { xattrs: { 'user.kept': 'value' } }),
          layer.symlink('low/link', 'marked'),
          layer.file('low/hidden', 'HIDDEN'),
          layer.file('both/low', 'low'),
          layer.file('over/HIDDEN', 'HIDDEN'),
          layer.special('low/fifo', 'fifo'),
        ],
      },
    ]);
    disk = await FailingDisk.mount(temporary, source, target);
    const kernel = await mountKernel(oracle, temporary, [top, source]);
    sound = await kernel.dump({ fields: FIELDS });
    await kernel.umount();
  });

  describe.each(['cached', 'passthrough'])('(%s)', (data) => {
    it('is served as if it were sound while it is', async () => {
      await disk.fail([]);
      const mount = await mountStratafs(temporaryForTest(), lowerdirReference([top, target]), {
        args: ['--data', data],
      });
      expect(differences(sound, await oracle.dump(mount.directory, { fields: FIELDS }))).toBe('');
      await mount.umount();
      expect(mount.log()).toBe('');
    });

    const AFTER: readonly (readonly [Fault, path: string, seen: RegExp])[] = [
      [{ operation: 'open', path: 'low/d0/file-0', errno: 'EIO' }, '/low/d0/file-0', / !EIO$/],
      [{ operation: 'open', path: 'low/d0/file-0', errno: 'ETIMEDOUT' }, '/low/d0/file-0', / !ETIMEDOUT$/],
      [{ operation: 'read', path: 'low/d0/file-0', errno: 'EIO' }, '/low/d0/file-0', / !EIO$/],
      [
        { operation: 'read', path: 'low/d0/file-0', errno: 'EIO', from: SIZE / 2 },
        '/low/d0/file-0',
        / !EIO$/,
      ],
      [{ operation: 'readlink', path: 'low/link', errno: 'EIO' }, '/low/link', / target=!EIO$/],
      [{ operation: 'getxattr', path: 'low/marked', errno: 'EIO' }, '/low/marked', / xattr:user.kept=!EIO /],
      [{ operation: 'listxattr', path: 'low/marked', errno: 'EIO' }, '/low/marked', / xattrs!EIO /],
    ];

    // What the way of the data does not touch is asked in one of them.
    const ofData = AFTER.filter(([{ operation }]) => operation === 'open' || operation === 'read');
    it.each(data === 'cached' || process.env.FAULTS !== undefined ? AFTER : ofData)(
      'fails with its errno where it was sound before, and is sound again: %j',
      async (fault, path, seen) => {
        await disk.fail([]);
        const mount = await mountStratafs(temporaryForTest(), lowerdirReference([top, target]), {
          args: ['--data', data],
        });
        await oracle.dump(mount.directory, { fields: ['mode'] });
        await disk.fail([fault]);
        const failing = await oracle.dump(mount.directory, { fields: FIELDS });
        expect(lineOf(failing, path)).toMatch(seen);
        const others = (lines: readonly string[]) => lines.filter((line) => !line.startsWith(`${path} `));
        expect(differences(others(sound), others(failing))).toBe('');
        await disk.fail([]);
        expect(differences(sound, await oracle.dump(mount.directory, { fields: FIELDS }))).toBe('');
        await mount.umount();
        // What the kernel reads by itself fails without us.
        const told =
          data === 'passthrough' && fault.operation === 'read' ? '^$' : `^stratafs: .*${inWords(fault)}`;
        expect(mount.log()).toMatch(new RegExp(told));
      },
    );
  });

  const FIRST: readonly (readonly [Fault, paths: RegExp])[] = [
    [{ operation: 'lookup', path: 'low/d1/file-5', errno: 'EIO' }, /^\/low\/d1\/file-5$/],
    [{ operation: 'lookup', path: 'low/d1', errno: 'EIO' }, /^\/low\/d1(\/|$)/],
    [{ operation: 'opendir', path: 'low/d1', errno: 'EIO' }, /^\/low\/d1(\/|$)/],
    [{ operation: 'readdir', path: 'low/d1', errno: 'ENOMEM' }, /^\/low\/d1\//],
    [{ operation: 'readdir', path: 'low', errno: 'EIO' }, /^\/low\//],
    [{ operation: 'getattr', path: 'low/d2', errno: 'EIO' }, /^\/low\/d2(\/|$)/],
    [{ operation: 'listxattr', path: 'low/marked', errno: 'EIO' }, /^\/low\/marked$/],
    [{ operation: 'lookup', path: 'both', errno: 'EIO' }, /^\/both(\/|$)/],
  ];

  it('hides nothing else where it fails at the first look, and is sound again', async () => {
    const test = temporaryForTest();
    const mounts: (readonly [Fault, StratafsMount])[] = [];
    for (const [fault, paths] of FIRST) {
      await disk.fail([fault]);
      const mount = await mountStratafs(test, lowerdirReference([top, target]));
      const failing = await oracle.dump(mount.directory, { fields: FIELDS });
      const pathOf = (line: string) => line.slice(0, line.indexOf(' '));
      const others = (lines: readonly string[]) => lines.filter((line) => !paths.test(pathOf(line)));
      expect(differences(others(sound), others(failing)), inWords(fault)).toBe('');
      const hit = failing.filter((line) => paths.test(pathOf(line)));
      expect([fault, hit.length]).not.toEqual([fault, 0]);
      expect([fault, ...hit.filter((line) => !line.includes('!'))]).toEqual([fault]);
      mounts.push([fault, mount]);
    }
    await disk.fail([]);
    await new Promise((resolve) => setTimeout(resolve, BELIEVED));
    for (const [fault, mount] of mounts) {
      const again = await oracle.dump(mount.directory, { fields: FIELDS });
      expect([fault, differences(sound, again)]).toEqual([fault, '']);
      await mount.umount();
      expect(mount.log()).toMatch(new RegExp(inWords(fault)));
    }
  });

  it('that does not answer at all leaves no dead mount behind a server that is killed', async () => {
    await disk.fail([]);
    const test = temporaryForTest();
    const mount = await mountStratafs(test, lowerdirReference([top, target]));
    await oracle.dump(mount.directory, { fields: ['mode'] });
    disk.stop();
    const reader = spawn('cat', [`${mount.directory}/low/d0/file-0`], { stdio: 'ignore' });
    test.owns(reader.pid);
    try {
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(reader.exitCode).toBe(null);
      kill(mount.pid, 'SIGKILL');
      await until('the mount point', () => !isMounted(mount.directory));
      await until('the end of the reader', () => reader.exitCode !== null);
      expect(reader.exitCode).toBe(1);
    } finally {
      disk.resume();
    }
  });

  it(
    `costs what it hits and no more, in ${ROUNDS} sets of random faults`,
    async () => {
      const random = randomOf(SEED);
      const one = <T>(values: readonly T[]) => values[random(values.length)] as T;
      const server = new Server(temporary, oracle);
      const paths = sound.map((line) => line.slice(1, line.indexOf(' '))).filter((path) => path !== '');
      const before = await disk.fail([]);
      const whole = new Set(sound);
      let hit = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const faults = Array.from({ length: 2 + random(10) }, () => ({
          operation: one(OPERATIONS),
          path: random(2) === 0 ? `${one(paths)}*` : one(paths),
          errno: one(ERRNOS),
          ...(random(2) === 0 ? { from: random(SIZE) } : {}),
        }));
        const stack = {
          target: temporary.path('random'),
          layers: [top, target],
          dataLayers: [],
          options: {},
        };
        const early = random(2) === 0;
        await disk.fail(early ? faults : []);
        await server.during({ ...stack, dialect: 'trusted' }, async () => {
          if (!early) {
            await oracle.dump(stack.target, { fields: ['mode'] });
            await disk.fail(faults);
          }
          const lines = await oracle.dump(stack.target, { fields: FIELDS });
          const wrong = lines.filter((line) => !whole.has(line) && !line.includes('!'));
          expect({ round, faults, wrong }).toEqual({ round, faults, wrong: [] });
          // A name that is missing lies in a directory that could not be listed or looked up.
          const shown = new Set(lines.map((line) => line.slice(0, line.indexOf(' '))));
          const failed = lines
            .filter((line) => line.includes('!'))
            .map((line) => line.slice(0, line.indexOf(' ')));
          const missing = sound
            .map((line) => line.slice(0, line.indexOf(' ')))
            .filter(
              (path) =>
                !shown.has(path) && !failed.some((above) => path.startsWith(above.replace(/\/?$/, '/'))),
            );
          expect({ round, faults, missing }).toEqual({ round, faults, missing: [] });
          hit += failed.length;
        });
      }
      const injected = (await disk.fail([])) - before;
      expect(injected).toBeGreaterThan(ROUNDS / 4);
      console.info(
        `a disk that fails: ${injected} faults injected in ${ROUNDS} rounds, ${hit} names that failed`,
      );
    },
    ROUNDS * 5000 + 60_000,
  );
});
