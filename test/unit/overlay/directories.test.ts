// What may be opened as a file of a layer: the name was listed as a regular file, and something else has taken its place.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { Directories } from '../../../src/overlay/layer/directories.ts';
import { Table } from '../../../src/overlay/table.ts';
import { newDirectoryMemory } from '../../../src/overlay/table-memory.ts';
import { asBytes, cString } from '../../../src/sys/bytes.ts';
import { E } from '../../../src/sys/errors.ts';
import { close, mknod } from '../../../src/sys/libc.ts';
import { addressOf } from '../../../src/sys/memory.ts';
import { S_IFCHR, S_IFIFO } from '../../../src/sys/statx.ts';
import { itSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

const DEV_ZERO = 0x105;
const isRoot = process.getuid?.() === 0;

describe('openFile() of Directories', () => {
  const temporary = temporaryForSuite();
  const layer = temporary.directory;
  const directories = new Directories(
    new Table(newDirectoryMemory(2 ** 20)),
    [{ kind: 'directory', path: asBytes(layer) }],
    0,
    4,
  );
  const [root = 0] = directories.roots;
  const server = createServer();
  afterAll(() => {
    directories.close();
    server.close();
  });

  function opened(name: string): number {
    const fd = directories.openFile(root, cString(asBytes(name)));
    if (fd >= 0) close(fd);
    return Math.min(fd, 0);
  }

  it('opens a regular file', () => {
    writeFileSync(`${layer}/file`, 'x');
    expect(opened('file')).toBe(0);
  });

  it('refuses a fifo, without waiting for its other end', () => {
    mknod(cString(asBytes(`${layer}/fifo`)), S_IFIFO | 0o600, 0);
    expect(opened('fifo')).toBe(-E.ENXIO);
  });

  it('refuses a socket', async () => {
    await new Promise<void>((resolve) => server.listen(`${layer}/socket`, resolve));
    expect(opened('socket')).toBe(-E.ENXIO);
  });

  it('refuses a directory', () => {
    mkdirSync(`${layer}/directory`);
    expect(opened('directory')).toBe(-E.ENXIO);
  });

  it('refuses a link', () => {
    symlinkSync('file', `${layer}/link`);
    expect(opened('link')).toBe(-E.ELOOP);
  });

  itSystem('refuses a device, by name and by address', ['root'], () => {
    expect(mknod(cString(asBytes(`${layer}/zero`)), S_IFCHR | 0o666, DEV_ZERO)).toBe(0);
    const name = cString(asBytes('zero'));
    expect(opened('zero')).toBe(-E.ENXIO);
    expect(directories.openFileAt(root, addressOf(name))).toBe(-E.ENXIO);
  });

  it.skipIf(isRoot)(
    'says of a file that may not be read that it may not be read (as an ordinary user only)',
    () => {
      writeFileSync(`${layer}/closed`, 'x', { mode: 0 });
      expect(opened('closed')).toBe(-E.EACCES);
    },
  );
});
