// A machine's files by its own paths: what is read as one, and that something else in its place is not.
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { withMachine } from '../../../../src/store/machine/machine.ts';
import type * as beneath from '../../../../src/sys/beneath.ts';
import { asBytes, cString } from '../../../../src/sys/bytes.ts';
import { mknod, O } from '../../../../src/sys/libc.ts';
import { S_IFIFO } from '../../../../src/sys/statx.ts';
import { temporaryForTest } from '../../../support/temporary.ts';

/** Called before a file is opened to be read, after its type was asked. */
let meanwhile = () => {};
vi.mock('../../../../src/sys/beneath.ts', async (original) => {
  const real = await original<typeof beneath>();
  return {
    ...real,
    openAsRoot(...[directory, path, flags]: Parameters<typeof beneath.openAsRoot>) {
      if (!(flags & O.PATH)) meanwhile();
      return real.openAsRoot(directory, path, flags);
    },
  };
});

const FILE = asBytes('/etc/file');

function machine() {
  const temporary = temporaryForTest();
  mkdirSync(temporary.path('etc'));
  const file = temporary.path('etc/file');
  const fifo = temporary.path('etc/fifo');
  mknod(cString(asBytes(fifo)), S_IFIFO | 0o600, 0);
  return { temporary, file, fifo, read: () => withMachine(temporary.directory, (its) => its.read(FILE)) };
}

describe('read() of a machine', () => {
  it('reads a file, through absolute links and links above its root', () => {
    const { temporary, file, read } = machine();
    writeFileSync(temporary.path('real'), 'contents');
    for (const target of ['/real', '../../../../real']) {
      symlinkSync(target, `${file}-new`);
      renameSync(`${file}-new`, file);
      expect(read()?.toString()).toBe('contents');
    }
  });

  it('reads no fifo', () => {
    const { file, fifo, read } = machine();
    renameSync(fifo, file);
    expect(read()).toBeUndefined();
  });

  it('reads no fifo that has taken the place of a file since its type was asked', () => {
    const { file, fifo, read } = machine();
    writeFileSync(file, 'contents');
    meanwhile = () => renameSync(fifo, file);
    try {
      expect(read()).toBeUndefined();
    } finally {
      meanwhile = () => {};
    }
  });
});
