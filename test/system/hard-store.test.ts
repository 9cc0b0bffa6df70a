// The store moves underneath a mount: files cut, replaced, removed or locked, a layer taken away, a disk that fails. Each
// costs what it hit, by an errno and a line in the log; everything else is served, and never the bytes of another file.
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import * as layer from '../support/layers.ts';
import { mountNewDisk } from '../support/loop-disk.ts';
import { Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForSuite, temporaryForTest } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

const SIZE = 300_000;
const WAYS = ['cached', 'passthrough'] as const;

describeSystem('a store that moves underneath', ['root', 'fuse', 'python', 'ext4', 'build'], () => {
  const suite = temporaryForSuite();
  const oracle = new Oracle(suite);

  async function mounted(temporary: Temporary, data: string): Promise<[StratafsMount, string, string]> {
    const [top, lowest] = [temporary.path('top'), temporary.path('lowest')];
    await oracle.write([
      { directory: top, steps: [layer.file('top/file', 'A'.repeat(SIZE)), layer.file('kept', 'kept')] },
      {
        directory: lowest,
        steps: [
          layer.file('low/file', 'B'.repeat(SIZE)),
          layer.file('low/other', 'C'.repeat(SIZE)),
          layer.file('low/deep/er/file', 'deep'),
          layer.symlink('low/link', 'file'),
        ],
      },
    ]);
    const mount = await mountStratafs(temporary, lowerdirReference([top, lowest]), {
      args: ['--data', data],
    });
    return [mount, top, lowest];
  }

  /** `EIO`, or the content in short: which bytes, and how many. */
  async function content(path: string): Promise<string> {
    try {
      const bytes = await readFile(path);
      return `${[...new Set(bytes.toString('latin1'))].join('')}*${bytes.length}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'no errno';
    }
  }

  const replace = (path: string, content: string) => {
    writeFileSync(`${path}~`, content);
    renameSync(`${path}~`, path);
  };

  const moved = (path: string, put: () => unknown) => {
    renameSync(path, `${path}~`);
    put();
  };

  const FAULTS: readonly (readonly [name: string, fault: (path: string) => void])[] = [
    ['replaced', (path) => replace(path, 'x'.repeat(SIZE))],
    ['removed', (path) => rmSync(path)],
    ['replaced by a directory', (path) => moved(path, () => mkdirSync(path))],
    ['replaced by a link out of the layer', (path) => moved(path, () => symlinkSync('/etc/passwd', path))],
    ['replaced by a fifo', (path) => moved(path, () => spawnSync('mkfifo', [path]))],
  ];

  describe.each(WAYS)('(%s)', (data) => {
    it.each(FAULTS)('answers EIO for a file that was %s, and says so', async (_name, fault) => {
      const temporary = temporaryForTest();
      const [mount, , lowest] = await mounted(temporary, data);
      await oracle.dump(mount.directory, { fields: ['size'] });
      fault(`${lowest}/low/file`);
      expect(await content(`${mount.directory}/low/file`)).toBe('EIO');
      expect(await content(`${mount.directory}/low/other`)).toBe(`C*${SIZE}`);
      expect(await content(`${mount.directory}/top/file`)).toBe(`A*${SIZE}`);
      expect(mount.log()).toMatch(/^stratafs: (READ|OPEN) failed: open "low\/file" in layer ".*\/lowest"/m);
      expect(await mount.umount()).toBe(0);
    });

    it('answers for a file that was cut with its own bytes or EIO', async () => {
      const temporary = temporaryForTest();
      const [mount, , lowest] = await mounted(temporary, data);
      const file = await open(`${mount.directory}/low/other`);
      await file.read(Buffer.alloc(4096), 0, 4096, 0);
      await oracle.dump(mount.directory, { fields: ['size'] });
      truncateSync(`${lowest}/low/file`, 10);
      truncateSync(`${lowest}/low/other`, 5000);
      expect(await content(`${mount.directory}/low/file`)).toBe('EIO');
      const late = await file.read(Buffer.alloc(4096), 0, 4096, 200_000).then(
        ({ bytesRead }) => bytesRead,
        (error: NodeJS.ErrnoException) => error.code,
      );
      // A file that was open before the kernel reads by itself, as through its own overlay.
      expect(late).toBe(data === 'cached' ? 'EIO' : 0);
      await file.close();
      expect(await content(`${mount.directory}/top/file`)).toBe(`A*${SIZE}`);
      expect(mount.log()).toMatch(/"low\/file" in layer ".*\/lowest", which was cut short/);
      expect(await mount.umount()).toBe(0);
    });

    it('answers EIO for what was in a layer that was taken away, and goes on', async () => {
      const temporary = temporaryForTest();
      const [mount, , lowest] = await mounted(temporary, data);
      expect(await readdir(`${mount.directory}/low`)).toEqual(['deep', 'file', 'link', 'other']);
      rmSync(lowest, { recursive: true });
      expect(await content(`${mount.directory}/low/file`)).toBe('EIO');
      await expect(readdir(`${mount.directory}/low/deep`)).rejects.toMatchObject({ code: 'EIO' });
      expect(await content(`${mount.directory}/top/file`)).toBe(`A*${SIZE}`);
      expect(await content(`${mount.directory}/kept`)).toBe('kept*4');
      expect(mount.log().split('\n').length).toBeLessThan(20);
      expect(await mount.umount()).toBe(0);
    });
  });

  it('goes on where the disk of the log is full, and tells each fault once', async () => {
    const temporary = temporaryForTest();
    const [top, log] = [temporary.path('top'), temporary.path('log')];
    await oracle.write([{ directory: top, steps: [layer.file('a', 'a'), layer.file('b', 'b')] }]);
    for (const place of ['/dev/full', log]) {
      const words = ['--log', place, '--data', 'cached'];
      const mount = await mountStratafs(temporary, lowerdirReference([top]), { args: words });
      await readdir(mount.directory);
      replace(`${top}/a`, 'x');
      for (let i = 0; i < 50; i += 1) expect(await content(`${mount.directory}/a`)).toBe('EIO');
      expect(await content(`${mount.directory}/b`)).toBe('b*1');
      expect(await mount.umount()).toBe(0);
    }
    const lines = (await readFile(log, 'latin1')).split('\n').filter(Boolean);
    expect(lines.map((line) => line.slice(25))).toEqual([
      `READ failed: open "a" in layer "${top}", which was replaced: input/output error`,
    ]);
  });

  it('shows of a disk that fails what the disk itself shows, errno by errno', async () => {
    const temporary = temporaryForTest();
    const [image, disk] = [temporary.path('image'), temporary.path('disk')];
    await mountNewDisk(temporary, { image, disk }, '64M', ['mkfs.ext4', '-q', '-b', '4096', '-I', '256']);
    const steps = Array.from({ length: 60 }, (_, i) =>
      layer.file(`d${i}/file`, String.fromCharCode(65 + (i % 26)).repeat(500_000)),
    );
    await oracle.write([{ directory: `${disk}/layer`, steps }]);
    await succeed('umount', [disk]);
    await succeed('mount', ['-o', 'loop,ro,noload', image, disk]);
    const mount = await mountStratafs(temporary, lowerdirReference([`${disk}/layer`]), {
      args: ['--data', 'cached'],
    });
    await succeed('truncate', ['-s', '24M', image]);
    const drop = () => writeFileSync('/proc/sys/vm/drop_caches', '3');
    drop();
    const fields = ['mode', 'size', 'sha256', 'mtime'] as const;
    const ours = await oracle.dump(mount.directory, { fields });
    drop();
    const theirs = await oracle.dump(`${disk}/layer`, { fields });
    expect(differences(theirs, ours)).toBe('');
    const failed = theirs.filter((line) => line.includes('EIO')).length;
    expect(failed).toBeGreaterThan(5);
    expect(failed).toBeLessThan(110);
    console.info(`a failing disk: ${failed} of ${theirs.length} names with EIO`);
    expect(mount.log()).toMatch(/input\/output error/);
    expect(await mount.umount()).toBe(0);
  });
});
