// A container that runs: the kernel's own writable overlay changes the upper directory while we serve it. What it shows,
// we show within a second; what stays the same object stays open; nothing is ever half one file and half another.
import { spawn } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectBelow, patience } from '../support/bounds.ts';
import { FakeStore } from '../support/fake-store.ts';
import type { Operation } from '../support/layers.ts';
import * as layer from '../support/layers.ts';
import { type Field, Oracle } from '../support/oracle.ts';
import { mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';
import { usageOf } from '../support/usage.ts';

/** Milliseconds in which a change must show. */
const SOON = patience(1000);
const SECONDS = Number(process.env.SOAK_SECONDS ?? 1);
/** The kernel remembers the numbers that files had before it copied them up, and what it calls itself. */
const FIELDS: readonly Field[] = ['mode', 'owner', 'size', 'rdev', 'mtime', 'nlink', 'target', 'sha256'];

describeSystem('a running container', ['root', 'fuse', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const running = temporary.path('running');
  let mount: StratafsMount;

  beforeAll(async () => {
    const store = new FakeStore(temporary.path('docker'));
    const image = store.image({ names: ['base:1'], layers: ['base'] });
    const id = store.container({ name: 'live', image, state: { Running: true } });
    const mountId = store.read(`image/overlay2/layerdb/mounts/${id}/mount-id`);
    const [upper, init, base] = [mountId, `${mountId}-init`, FakeStore.cacheId(['base'])].map((name) =>
      store.path(`overlay2/${name}/diff`),
    );
    await oracle.write([
      {
        directory: base ?? '',
        steps: [
          layer.file('etc/conf', 'from the image'),
          layer.file('etc/kept', 'kept'),
          layer.file('bin/tool', 'tool'),
          layer.file('deep/er/still/file', 'deep'),
          layer.directory('tmp', { mode: 0o1777 }),
          layer.symlink('link', 'etc/conf'),
        ],
      },
    ]);
    const workdir = temporary.path('work');
    mkdirSync(workdir);
    await oracle.mount({
      target: running,
      layers: [init ?? '', base ?? ''],
      options: { upperdir: upper ?? '', workdir, index: 'off' },
    });
    mount = await mountStratafs(temporary, 'container:live', { root: store.root });
  });
  afterAll(async () => {
    expect(await mount.umount()).toBe(0);
    expect(mount.log()).toBe('');
    await oracle.umount(running);
  });

  const at = (path: string) => `${mount.directory}/${path}`;

  const shown = (path: string) =>
    expect.poll(() => stat(at(path)).then(() => path), { timeout: SOON }).toBe(path);

  async function agree(): Promise<void> {
    const start = performance.now();
    const expected = await oracle.dump(running, { fields: FIELDS });
    for (;;) {
      const found = differences(expected, await oracle.dump(mount.directory, { fields: FIELDS }));
      if (found === '') return;
      if (performance.now() - start > SOON) throw new Error(found);
    }
  }

  it('is shown as it is', async () => {
    await agree();
  });

  const CHANGES: readonly (readonly [name: string, operations: readonly Operation[]])[] = [
    ['a file in a directory of the image', [{ do: 'write', path: 'bin/new', at: 0, data: 'new' }]],
    ['a file of the image', [{ do: 'write', path: 'etc/conf', at: 0, data: 'FROM' }]],
    ['the same file again, in place', [{ do: 'write', path: 'etc/conf', at: 2, data: 'XX' }]],
    [
      'its mode and owner',
      [
        { do: 'chmod', path: 'etc/conf', mode: 0o600 },
        { do: 'chown', path: 'etc/conf', uid: 5, gid: 6 },
      ],
    ],
    ['a name that goes', [{ do: 'remove', path: 'bin/tool' }]],
    [
      'a directory deep down',
      [
        { do: 'mkdir', path: 'deep/er/still/made' },
        { do: 'write', path: 'deep/er/still/made/file', at: 0, data: 'x' },
      ],
    ],
    ['a directory made anew', [{ do: 'remake', path: 'deep/er' }]],
    ['a rename', [{ do: 'rename', from: 'etc/kept', to: 'tmp/kept' }]],
    [
      'a link, and a link by name',
      [
        { do: 'link', path: 'tmp/twin', to: 'tmp/kept' },
        { do: 'symlink', path: 'tmp/link', target: 'kept' },
      ],
    ],
    ['a file cut short', [{ do: 'truncate', path: 'etc/conf', size: 3 }]],
    [
      'a directory that becomes a file',
      [
        { do: 'remove', path: 'deep/er' },
        { do: 'write', path: 'deep/er', at: 0, data: 'file' },
      ],
    ],
  ];

  it.each(CHANGES)('shows within a second %s', async (_name, operations) => {
    expect(await oracle.change(running, operations)).toEqual([]);
    await agree();
  });

  describe('while it changes', () => {
    it('goes on with files that are open, also removed ones', async () => {
      writeFileSync(`${running}/tmp/log`, 'one\n');
      await shown('tmp/log');
      const file = await open(at('tmp/log'));
      writeFileSync(`${running}/tmp/log`, 'two\n', { flag: 'a' });
      await expect.poll(async () => (await file.stat()).size, { timeout: SOON }).toBe(8);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(100), 0, 100, 0);
      expect(buffer.toString('latin1', 0, bytesRead)).toBe('one\ntwo\n');
      rmSync(`${running}/tmp/log`);
      writeFileSync(`${running}/tmp/log`, 'another');
      await expect.poll(() => readFile(at('tmp/log'), 'latin1'), { timeout: SOON }).toBe('another');
      const again = await file.read(Buffer.alloc(100), 0, 100, 0);
      expect(again.buffer.toString('latin1', 0, again.bytesRead)).toBe('one\ntwo\n');
      await file.close();
    });

    it('lists what stays once, and only once', async () => {
      const names = Array.from({ length: 2000 }, (_, i) => `stays-${String(i).padStart(20, '0')}`);
      mkdirSync(`${running}/many`);
      for (const name of names) writeFileSync(`${running}/many/${name}`, '');
      const restless = spawn('sh', ['-c', CHURN, 'sh', `${running}/many`], { stdio: 'ignore' });
      temporary.owns(restless.pid);
      await shown('many');
      for (const end = Date.now() + SECONDS * 500; Date.now() < end; ) {
        const listed = (await readdir(at('many'))).filter((name) => name.startsWith('stays-'));
        expect(listed.sort()).toEqual(names);
      }
      restless.kill('SIGKILL');
    });

    it('never shows half of one file and half of another', async () => {
      // Each file is as long as its number says, and holds nothing but that.
      const write = (n: number) => {
        const digit = String(n % 10);
        writeFileSync(`${running}/tmp/.next`, digit.repeat(5000 + (n % 10)));
        renameSync(`${running}/tmp/.next`, `${running}/tmp/turns`);
      };
      write(0);
      await shown('tmp/turns');
      let turns = 0;
      let reads = 0;
      const timer = setInterval(() => write(++turns), 5);
      try {
        for (const end = Date.now() + SECONDS * 500; Date.now() < end; reads += 1) {
          const text = await readFile(at('tmp/turns'), 'latin1');
          expect([new Set(text).size, text.length]).toEqual([1, 5000 + Number(text[0])]);
        }
      } finally {
        clearInterval(timer);
      }
      console.info(`a running container: ${reads} reads during ${turns} replacements`);
      await expect
        .poll(async () => (await readFile(at('tmp/turns'), 'latin1'))[0], { timeout: SOON })
        .toBe(String(turns % 10));
    });

    it('needs no more memory for it', async () => {
      const churn = async (times: number) => {
        for (let i = 0; i < times; i += 1) {
          writeFileSync(`${running}/many/changing`, String(i));
          rmSync(`${running}/many/changing`);
          expect((await readdir(at('many'))).length).toBeGreaterThanOrEqual(2000);
        }
      };
      await churn(25);
      const before = usageOf(mount.pid).kilobytes;
      await churn(SECONDS * 20);
      expectBelow(30_000, usageOf(mount.pid).kilobytes - before);
      await agree();
    });
  });
});

const CHURN = 'cd "$1"; i=0; while :; do i=$((i + 1)); : >"a-$i"; : >"z-$i"; rm "a-$i" "z-$i"; done';
