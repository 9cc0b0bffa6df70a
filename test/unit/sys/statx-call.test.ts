// What stands in for statx(2) under a filter of system calls tells what it tells, but for the birth time and the mount.
import { linkSync, mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { asBytes, cString } from '../../../src/sys/bytes.ts';
import { E } from '../../../src/sys/errors.ts';
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_STATX_DONT_SYNC,
  AT_SYMLINK_NOFOLLOW,
  close,
  O,
  open,
} from '../../../src/sys/libc.ts';
import { STATX, STATX_BASIC_STATS, STATX_SIZE } from '../../../src/sys/statx.ts';
import { STAT_LAYOUT, statx, statxByStat } from '../../../src/sys/statx-call.ts';
import { factText, printFacts, structFacts } from '../../support/c-facts.ts';
import { describeSystem } from '../../support/system.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

const layout = STAT_LAYOUT;
const { mask, attributes, blocks, btime, mountId } = STATX;
/** After the blocks, which of the attributes are known. */
const KNOWN = blocks + 2;
const NOT_TOLD = new Set([
  ...[mask, attributes, attributes + 1, KNOWN, KNOWN + 1, btime, btime + 1, btime + 2],
  ...Array.from({ length: STATX_SIZE / 4 - mountId }, (_, i) => mountId + i),
]);

describe.skipIf(layout === undefined)('statxByStat()', () => {
  const temporary = temporaryForSuite();

  beforeAll(() => {
    writeFileSync(temporary.path('file'), 'x'.repeat(5000), { mode: 0o640 });
    truncateSync(temporary.path('file'), 2 ** 33 + 1);
    linkSync(temporary.path('file'), temporary.path('name'));
    utimesSync(temporary.path('file'), -1.5, 2 ** 32 + 0.25);
    mkdirSync(temporary.path('directory'), { mode: 0o1755 });
    symlinkSync('file', temporary.path('link'));
  });

  /** The words of the answer, or a negative errno. */
  function told(by: typeof statxByStat, path: string, flags: number, directory = AT_FDCWD): unknown {
    const words = new Uint32Array(STATX_SIZE / 4).fill(7);
    const error = by(directory, cString(asBytes(path)), flags, words);
    if (error < 0) return error;
    expect((words[STATX.mask] as number) & STATX_BASIC_STATS).toBe(STATX_BASIC_STATS);
    return words.map((word, i) => (NOT_TOLD.has(i) ? 0 : word));
  }
  const byStatx: typeof statxByStat = (directory, path, flags, words) =>
    statx(directory, path, flags, STATX_BASIC_STATS, words);

  it.each([
    ['a file of a hole, with two names', 'file', AT_SYMLINK_NOFOLLOW],
    ['a directory', 'directory', 0],
    ['a link', 'link', AT_SYMLINK_NOFOLLOW],
    ['what a link leads to', 'link', 0],
    ['a device', '/dev/null', 0],
    ['a file that is not there', 'none', 0],
    ['a path through a file', 'file/none', 0],
  ])('tells of %s', (_, name, flags) => {
    const path = name.startsWith('/') ? name : temporary.path(name);
    expect(told(statxByStat, path, flags)).toEqual(told(byStatx, path, flags));
  });

  it('tells of what is open', () => {
    const directory = open(cString(asBytes(temporary.directory)), O.PATH | O.DIRECTORY);
    expect(told(statxByStat, '', AT_EMPTY_PATH, directory)).toEqual(
      told(byStatx, '', AT_EMPTY_PATH, directory),
    );
    expect(told(statxByStat, '', 0, directory)).toBe(-E.ENOENT);
    expect(told(statxByStat, '', AT_EMPTY_PATH | AT_STATX_DONT_SYNC, directory)).toBe(-E.ENOSYS);
    close(directory);
  });
});

describeSystem('struct stat', ['compiler'], () => {
  const temporary = temporaryForSuite();
  it.skipIf(layout === undefined)('lies as the C compiler says', () => {
    const facts = layout === undefined ? [] : structFacts({ stat: { ...layout } });
    expect(factText(facts)).toBe(printFacts(temporary, ['sys/stat.h'], facts));
  });
});
