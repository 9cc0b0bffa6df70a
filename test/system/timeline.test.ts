// `stratafs timeline`: the body file as The Sleuth Kit's own mactime reads it, against what lstat says of the layers.

import { type BigIntStats, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { directory, file, link, opaque, special, symlink, whiteout } from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const day = 86_400_000_000_000n;

/** Path in the layer (latin1), what it is called in the output, and its state. */
type Expected = readonly [layer: 'top' | 'low', path: string, shown: string];

const LOW = [
  directory('etc', { mtime: 10_000n * day }),
  file('etc/pipe|and|pipe', 'x', { mode: 0o4755, owner: [7, 8], mtime: 11_000n * day + 999_999_999n }),
  file('etc/new\nline|1|2|3', 'x', { mtime: 12_000n * day, atime: 12_001n * day }),
  file('percent%41%7c%zz', 'x', { mtime: 13_000n * day }),
  file('back\\slash\\174', 'x'),
  file(' blanks  and, "quotes"', 'x'),
  file('#hash', 'x', { mtime: 0n }),
  file('\xff\xfe', 'no UTF-8'),
  file('\xc3\xa9t\xc3\xa9', 'UTF-8'),
  file('\x1b[2J', 'x'),
  symlink('link', 'a|b\n%41'),
  special('fifo', 'fifo', { mode: 0o1600 }),
  file('one', 'twice'),
  link('two', 'one'),
  directory('gone', { mode: 0o1777 }),
  directory('gone/sub'),
  file('gone/sub/secret (deleted)', 'secret'),
  directory('covered'),
  file('covered/old', 'old'),
  file('version', 'older', { mtime: 14_000n * day }),
];
const TOP = [
  whiteout('gone'),
  directory('covered'),
  opaque('covered'),
  file('covered/new', 'new'),
  file('version', 'newer', { mtime: 15_000n * day }),
];

const SHOWN: readonly Expected[] = [
  ['top', '', '/'],
  ['low', 'etc', '/etc'],
  ['low', 'etc/pipe|and|pipe', '/etc/pipe\\174and\\174pipe'],
  ['low', 'etc/new\nline|1|2|3', '/etc/new\\nline\\1741\\1742\\1743'],
  ['low', 'percent%41%7c%zz', '/percent%41%7c%zz'],
  ['low', 'back\\slash\\174', '/back\\\\slash\\\\174'],
  ['low', ' blanks  and, "quotes"', '/ blanks  and, "quotes"'],
  ['low', '#hash', '/#hash'],
  ['low', '\xff\xfe', '/\\377\\376'],
  ['low', '\xc3\xa9t\xc3\xa9', '/\xc3\xa9t\xc3\xa9'],
  ['low', '\x1b[2J', '/\\033[2J'],
  ['low', 'link', '/link -> a\\174b\\n%41'],
  ['low', 'fifo', '/fifo'],
  ['low', 'one', '/one'],
  ['low', 'two', '/two'],
  ['top', 'gone', '/gone (whiteout)'],
  ['low', 'gone', '/gone (deleted)'],
  ['low', 'gone/sub', '/gone/sub (deleted)'],
  ['low', 'gone/sub/secret (deleted)', '/gone/sub/secret (deleted) (deleted)'],
  ['top', 'covered', '/covered'],
  ['top', 'covered/new', '/covered/new'],
  ['low', 'covered/old', '/covered/old (deleted)'],
  ['top', 'version', '/version'],
  ['low', 'version', '/version (shadowed)'],
];

describeSystem('stratafs timeline', ['root', 'python', 'mactime', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const directories = { top: temporary.path('top'), low: temporary.path('low') };
  const reference = `lowerdir=${directories.top}:${directories.low}`;

  beforeAll(async () => {
    await oracle.write([
      { directory: directories.low, steps: LOW },
      { directory: directories.top, steps: TOP },
    ]);
  });

  /** Events of what `expected` names: `time,size,macb,mode,uid,gid,inode,"name"`, as mactime -d -y writes them. */
  function eventsOf(expected: readonly Expected[]): string[] {
    return expected.flatMap(([layer, path, shown]) => {
      const bytes = Buffer.concat([Buffer.from(`${directories[layer]}/`), Buffer.from(path, 'latin1')]);
      const status = lstatSync(bytes, { bigint: true });
      const inode = `${status.ino}-${layer === 'top' ? 2 : 1}`;
      const rest = [modeOf(status), status.uid, status.gid, inode, `"${shown.replaceAll('"', '""')}"`];
      return macbOf(status).map(([time, macb]) => [timeOf(time), status.size, macb, ...rest].join(','));
    });
  }

  it('gives mactime every event of every version, whatever its name', async () => {
    const body = temporary.path('body');
    const { code, stderr } = await stratafs(['timeline', '--shadowed', reference], { stdoutFile: body });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const read = await succeed('mactime', ['-b', body, '-d', '-y', '-z', 'UTC']);
    const [heading, ...events] = read.split('\n').filter(Boolean);
    expect(heading).toBe('Date,Size,Type,Mode,UID,GID,Meta,File Name');
    expect(events.toSorted()).toEqual(eventsOf(SHOWN).toSorted());
  });

  it('tells the same events in its own forms', async () => {
    const { stdout } = await stratafs(['timeline', '--shadowed', '--format', 'jsonl', reference]);
    const events = jsonRecords<{ time: string; macb: string; path: string; layer: number }>(stdout);
    const names = new Map<string, number>();
    for (const { path } of events) names.set(path, (names.get(path) ?? 0) + 1);
    // Two have an older version, or a whiteout, of the same path.
    expect(names.size).toBe(SHOWN.length - 2);
    const nanoseconds = events.filter(({ path, macb }) => path.includes('pipe') && macb.startsWith('m'));
    expect(nanoseconds.map(({ time }) => time)).toEqual(['2000-02-13T00:00:00.999999999Z']);
    expect(events.map(({ time }) => time)).toEqual(events.map(({ time }) => time).toSorted());
  });

  describe('with more lines than it holds', () => {
    const many = temporary.path('many');
    const timeline = (folder: string) =>
      stratafs(['timeline', '--format', 'csv', `lowerdir=${many}`], { env: { TMPDIR: folder } });

    beforeAll(() => {
      mkdirSync(many);
      for (let i = 0; i < 8000; i += 1) writeFileSync(join(many, `${i}-${'n'.repeat(240)}`), '');
    });

    it('sorts them in a file that is gone after', async () => {
      const folder = temporary.path('tmp');
      mkdirSync(folder);
      const { code, stdout } = await timeline(folder);
      const times = stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.slice(0, line.indexOf(',')));
      expect([code, times.length > 8000, readdirSync(folder)]).toEqual([0, true, []]);
      expect(times).toEqual(times.toSorted());
    });

    it('says where there is no room for that', async () => {
      const folder = temporary.path('full');
      mkdirSync(folder);
      await succeed('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]);
      expect(await timeline(folder)).toEqual({
        code: 2,
        signal: null,
        stdout: '',
        stderr: `stratafs: Cannot sort in "${folder}": no space left on device; set TMPDIR\n`,
      });
    });
  });
});

function timeOf(seconds: bigint): string {
  if (seconds === 0n) return '0000-00-00T00:00:00Z';
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

/** Times are whole seconds there, and equal ones are one event. */
function macbOf(status: BigIntStats): [seconds: bigint, macb: string][] {
  const times = [status.mtimeNs, status.atimeNs, status.ctimeNs, status.birthtimeNs].map(
    (ns) => ns / 1_000_000_000n,
  );
  return [...new Set(times)].map((time) => [
    time,
    times.map((other, i) => (other === time ? 'macb'[i] : '.')).join(''),
  ]);
}

/** As TSK: the type twice, then the rights as ls(1). */
function modeOf({ mode }: BigIntStats): string {
  const type = '?pc?d?b?r?l?h'.charAt(Number(mode >> 12n));
  const rights = [6n, 3n, 0n].map((shift) => {
    const bits = Number((mode >> shift) & 7n);
    return [(bits & 4) !== 0 ? 'r' : '-', (bits & 2) !== 0 ? 'w' : '-', (bits & 1) !== 0 ? 'x' : '-'];
  });
  const set = (who: number, bit: bigint, letter: string) => {
    const part = rights[who] as string[];
    if ((mode & bit) !== 0n) part[2] = part[2] === 'x' ? letter : letter.toUpperCase();
  };
  set(0, 0o4000n, 's');
  set(1, 0o2000n, 's');
  set(2, 0o1000n, 't');
  return `${type}/${type}${rights.flat().join('')}`;
}
