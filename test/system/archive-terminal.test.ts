// What a terminal shows while a compressed archive is read from its start to its end for the first time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { asBytes } from '../../src/sys/bytes.ts';
import type { TarEntry } from '../../src/tar/entry.ts';
import { tarHeader } from '../../src/tar/write.ts';
import { succeed } from '../support/command.ts';
import { savedMembers, tarOf } from '../support/fake-archive.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const RUNNER = fileURLToPath(new URL('../support/oracle/on_terminal.py', import.meta.url));
/** GiB that the archive becomes, of these the first that takes long enough for a line: that waits half a second. */
const SIZES = [1, 2, 4, 16];
const PIECE = 64 << 20;

/** A docker-archive of several gzip members behind a file of zeros. */
function archiveOf(gibibytes: number): Buffer {
  const zeros = gzipSync(Buffer.alloc(PIECE));
  const entry: TarEntry = {
    ...{ name: asBytes('zeros'), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0 },
    ...{ mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
    size: gibibytes * 2 ** 30,
  };
  const pieces = Array.from({ length: entry.size / PIECE }, () => zeros);
  const image = tarOf(...savedMembers({ tags: ['app:1'], layers: ['base'] }));
  return Buffer.concat([gzipSync(tarHeader(entry)), ...pieces, gzipSync(image)]);
}

/** What a terminal is shown by these words about an archive that is long enough for it. */
async function shownOf(
  words: (archive: string) => readonly string[],
  undo: () => Promise<unknown> = async () => {},
) {
  const path = temporaryForTest().path('app.tar.gz');
  let shown = { code: -1, terminal: '', other: '' };
  for (const size of SIZES) {
    writeFileSync(path, archiveOf(size));
    const command = [RUNNER, 'err', process.execPath, BUILT_COMMAND, ...words(path)];
    shown = JSON.parse(await succeed('python3', command)) as typeof shown;
    await undo();
    if (shown.terminal !== '') break;
  }
  return shown;
}

function expectTold(terminal: string): void {
  const lines = terminal.split('\r\x1b[K');
  expect(lines[1]).toMatch(/^reading the archive: [\d.]+\wB of [\d.]+\wB, [\d.]+\wB\/s$/);
  expect(lines.at(-1)).toBe('');
}

describeSystem('a compressed archive on a terminal', ['python', 'build'], () => {
  it('is told how far it is read, and nothing of that is left behind', async () => {
    const { code, terminal, other } = await shownOf((archive) => ['ls', archive, '/']);
    expect([code, other]).toEqual([0, 'base\n']);
    expectTold(terminal);
  });
});

describeSystem('a compressed archive that is mounted from a terminal', ['fuse', 'python', 'build'], () => {
  it('is told how far it is read, before the server leaves the terminal', async () => {
    const directory = temporaryForTest().path('mnt');
    mkdirSync(directory);
    const { code, terminal, other } = await shownOf(
      (archive) => ['mount', archive, directory],
      () => succeed(process.execPath, [BUILT_COMMAND, 'umount', directory]),
    );
    expect([code, other]).toEqual([0, '']);
    expectTold(terminal);
  });
});
