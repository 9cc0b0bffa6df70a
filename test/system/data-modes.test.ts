// `--data auto`: what is read stays the same when the server stops asking for opens.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';

const SIZE = 3 << 20;
const content = Buffer.from(Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 12)) & 0xff));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describeSystem('--data auto', ['root', 'fuse', 'build'], () => {
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
      for (let i = 0; i < 200; i++) expect(readFileSync(join(mount, `small-${i}`), 'utf8')).toBe(`${i}\n`);
      expect(sha256(readFileSync(join(mount, 'large')))).toBe(sha256(content));
      const rest = Buffer.alloc(SIZE / 2);
      expect(readSync(before, rest, 0, rest.length, SIZE / 2)).toBe(rest.length);
      expect(sha256(Buffer.concat([half, rest]))).toBe(sha256(content));
    } finally {
      closeSync(before);
    }
    expect(sha256(readFileSync(join(mount, 'large')))).toBe(sha256(content));
  });
});
