// Sparse files longer than a number counts exactly (2^53): what is shown is true to the byte, what cannot be done is said.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem, SHARED_MEMORY } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const AT = [2n ** 53n + 4096n, 2n ** 60n + 8192n] as const;
const SIZES = AT.map((at) => at + 6n);

const WRITE = `
import os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.pwrite(fd, sys.argv[3].encode(), int(sys.argv[2]))
`;
const READ = `
import os, sys
fd, at = os.open(sys.argv[1], os.O_RDONLY), int(sys.argv[2])
print(os.pread(fd, 100, at), os.lseek(fd, 0, os.SEEK_DATA), os.lseek(fd, at, os.SEEK_HOLE), os.fstat(fd).st_size)
`;

import { stratafsForSuite } from '../support/many-commands.ts';

const stratafs = stratafsForSuite();

describeSystem('files of more than 2^53 bytes', ['root', 'fuse', 'tmpfs', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  let layers: string[] = [];
  let all = '';

  beforeAll(async () => {
    all = mkdtempSync(join(SHARED_MEMORY, 'sf-'));
    layers = ['a', 'b'].map((name) => join(all, name));
    for (const [i, layer] of layers.entries()) {
      await run('mkdir', [layer]);
      for (const [j, at] of AT.entries()) {
        const shift = i === 1 && j === 1 ? 1n : 0n;
        await run('python3', ['-c', WRITE, join(layer, `f${j}`), String(at + shift), 'tail!\n']);
      }
      writeFileSync(join(layer, 'small'), 'small\n');
    }
  });
  afterAll(() => {
    if (all !== '') rmSync(all, { recursive: true });
  });

  describe.each(['cached', 'passthrough'])('through a mount with --data %s', (data) => {
    it('are read to the last byte and keep their size', async () => {
      const mount = await mountStratafs(temporary, `lowerdir=${layers[0]}`, { args: ['--data', data] });
      for (const [i, at] of AT.entries()) {
        const seen = (place: string) => run('python3', ['-c', READ, join(place, `f${i}`), String(at)]);
        expect((await seen(mount.directory)).stdout).toBe((await seen(layers[0] ?? '')).stdout);
        expect(statSync(join(mount.directory, `f${i}`), { bigint: true }).size).toBe(SIZES[i]);
      }
      await mount.umount();
    });
  });

  it('are shown with all digits', async () => {
    const reference = `lowerdir=${layers[0]}`;
    const digits = String(SIZES[1]);
    for (const words of [
      ['stat', reference, '/f1'],
      ['ls', '-l', reference],
      ['timeline', reference],
      ['manifest', '--no-digest', reference],
    ]) {
      expect((await stratafs(words)).stdout).toMatch(new RegExp(`\\b${digits}\\b`));
    }
    for (const words of [
      ['stat', '--json', reference, '/f1'],
      ['timeline', '--format', 'jsonl', reference],
      ['diff', '--json', reference, `lowerdir=${layers[1]}`],
    ]) {
      expect((await stratafs(words)).stdout).toContain(`"size":${digits}`);
    }
  });

  it('differ where their sizes do, and are not compared where these are equal', async () => {
    const { code, stdout, stderr } = await stratafs([
      'diff',
      '--name-status',
      ...layers.map((layer) => `lowerdir=${layer}`),
    ]);
    expect([code, stdout]).toEqual([2, 'M\t/f1\n']);
    expect(stderr).toContain('Cannot read "/f0"');
    expect(stderr).toContain('file too large');
  });

  it('are refused by extract and export, which do all else', async () => {
    const reference = `lowerdir=${layers[0]}`;
    const out = temporary.path('out');
    const extracted = await stratafs(['extract', reference, '/', '-o', out]);
    expect([extracted.code, extracted.stderr.match(/file too large/g)?.length]).toEqual([5, 2]);
    expect(readFileSync(join(out, 'small'), 'latin1')).toBe('small\n');
    const tar = temporary.path('out.tar');
    const exported = await stratafs(['export', reference, '-o', tar]);
    expect([exported.code, exported.stderr.match(/file too large/g)?.length]).toEqual([5, 2]);
    expect((await run('tar', ['tf', tar])).stdout).toBe('small\n');
  });

  it('are known to a manifest by their size', async () => {
    const file = temporary.path('m.mtree');
    writeFileSync(file, (await stratafs(['manifest', '--no-digest', `lowerdir=${layers[0]}`])).stdout);
    const { stdout } = await stratafs(['diff', '--name-status', file, `lowerdir=${layers[1]}`]);
    expect(stdout).toBe('M\t/f1\n');
  });
});
