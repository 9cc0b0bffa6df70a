// `--data`: when the server has the kernel ask for no more opens, and that what is read stays the same.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILT_COMMAND, mountStratafs } from '../support/stratafs.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const SIZE = 3 << 20;
const content = Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 12)) & 0xff));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describeSystem('--data', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const directory = mkdtempSync(join(tmpdir(), 'stratafs-data-'));
  const mount = join(directory, 'mnt');

  beforeAll(() => {
    for (const name of ['top', 'low', 'mnt']) mkdirSync(join(directory, name));
    writeFileSync(join(directory, 'low', 'large'), content);
    for (let i = 0; i < 200; i++) writeFileSync(join(directory, 'low', `small-${i}`), `${i}\n`);
    const reference = `lowerdir=${directory}/top:${directory}/low`;
    const made = spawnSync(process.execPath, [BUILT_COMMAND, 'mount', reference, mount], {
      encoding: 'utf8',
    });
    expect(made).toMatchObject({ status: 0, stderr: '' });
  });

  afterAll(() => {
    spawnSync('umount', ['-l', mount]);
    rmSync(directory, { recursive: true });
  });

  it('reads the same through an open from before and one from after many small files', () => {
    const before = openSync(join(mount, 'large'), 'r');
    try {
      const half = Buffer.alloc(SIZE / 2);
      expect(readSync(before, half, 0, half.length, 0)).toBe(half.length);
      for (let i = 0; i < 400; i++)
        expect(readFileSync(join(mount, `small-${i % 200}`), 'utf8')).toBe(`${i % 200}\n`);
      expect(sha256(readFileSync(join(mount, 'large')))).toBe(sha256(content));
      const rest = Buffer.alloc(SIZE / 2);
      expect(readSync(before, rest, 0, rest.length, SIZE / 2)).toBe(rest.length);
      expect(sha256(Buffer.concat([half, rest]))).toBe(sha256(content));
    } finally {
      closeSync(before);
    }
    // From here on nothing is in use any more.
    for (let i = 0; i < 200; i++) expect(readFileSync(join(mount, `small-${i}`), 'utf8')).toBe(`${i}\n`);
    expect(sha256(readFileSync(join(mount, 'large')))).toBe(sha256(content));
  });

  describe.each([
    { data: 'auto', rounds: 1, mode: 'passthrough for large files' },
    { data: 'auto', rounds: 3, mode: 'cached (small files were opened again and again)' },
    { data: 'large', rounds: 3, mode: 'passthrough for large files' },
    { data: 'small', rounds: 1, mode: 'cached' },
  ])('--data $data, 200 small files read $rounds times', ({ data, rounds, mode }) => {
    let log = '';

    beforeAll(async () => {
      const reference = `lowerdir=${directory}/top:${directory}/low`;
      const mounted = await mountStratafs(temporary, reference, { args: ['--data', data, '--debug'] });
      const listed = readdirSync(mounted.directory).filter((name) => name !== 'large');
      // In no order that anybody could guess: what is pushed may arrive after whoever opens it, who then asks for it.
      const names = listed.map((_, i) => listed[(i * 37) % listed.length] as string);
      for (const name of Array.from({ length: rounds }, () => names).flat())
        expect(await readFile(join(mounted.directory, name), 'utf8')).toBe(
          `${name.slice('small-'.length)}\n`,
        );
      expect(sha256(await readFile(join(mounted.directory, 'large')))).toBe(sha256(content));
      await mounted.umount();
      log = mounted.log();
    });

    itSystem('ends as told', ['passthrough'], () =>
      expect(log.trimEnd().split('\n').at(-1)).toBe(`stratafs: data: ${mode}`),
    );

    if (mode === 'passthrough for large files')
      itSystem('reads nothing by request: small files come with their first open', ['passthrough'], () => {
        expect(log.split('\n').filter((line) => line.startsWith('READ '))).toEqual([]);
        expect(log.split('\n').filter((line) => line.startsWith('OPEN ')).length).toBe(rounds * 200 + 1);
      });
  });
});
