import { describe, expect, it } from 'vitest';
import { formatColumns } from '../../../src/cli/print/columns.ts';
import { humanSize } from '../../../src/cli/print/size.ts';
import { formatTable } from '../../../src/cli/print/table.ts';
import { ago, fullTime, humanDuration, shortTime } from '../../../src/cli/print/time.ts';
import { jsonTime } from '../../../src/told/fields.ts';

describe('humanSize()', () => {
  it.each<[bytes: number, shown: string]>([
    [0, '0B'],
    [12, '12B'],
    [999, '999B'],
    [1000, '1kB'],
    [1234, '1.23kB'],
    [12_345, '12.3kB'],
    [100_000, '100kB'],
    [1_982_437, '1.98MB'],
    [187_000_000, '187MB'],
    [999_600_000, '1GB'],
    [1_500_000_000, '1.5GB'],
    [2.5e18, '2500PB'],
  ])('%d bytes are %s', (bytes, shown) => {
    expect(humanSize(bytes)).toBe(shown);
  });
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('humanDuration()', () => {
  it.each<[milliseconds: number, shown: string]>([
    [-5 * DAY, 'Less than a second'],
    [999, 'Less than a second'],
    [1 * SECOND, '1 second'],
    [59 * SECOND, '59 seconds'],
    [119 * SECOND, 'About a minute'],
    [2 * MINUTE, '2 minutes'],
    [59 * MINUTE, '59 minutes'],
    [60 * MINUTE, 'About an hour'],
    [89 * MINUTE, 'About an hour'],
    [90 * MINUTE, '2 hours'],
    [47 * HOUR, '47 hours'],
    [48 * HOUR, '2 days'],
    [13 * DAY, '13 days'],
    [14 * DAY, '2 weeks'],
    [59 * DAY, '8 weeks'],
    [60 * DAY, '2 months'],
    [729 * DAY, '24 months'],
    [730 * DAY, '2 years'],
  ])('%d ms are %s', (milliseconds, shown) => {
    expect(humanDuration(milliseconds)).toBe(shown);
  });
});

describe('ago()', () => {
  const now = Date.UTC(2024, 4, 15);
  it.each<[created: string | undefined, shown: string]>([
    ['2024-05-01T00:00:00Z', '2 weeks ago'],
    ['2024-05-14T23:58:59.123456789Z', 'About a minute ago'],
    ['1970-01-01T00:00:00Z', '54 years ago'],
    ['0001-01-01T00:00:00Z', 'N/A'],
    ['yesterday', 'N/A'],
    [undefined, 'N/A'],
  ])('%s is %s', (created, shown) => {
    expect(ago(created, now)).toBe(shown);
  });
});

describe('shortTime(), fullTime() and jsonTime()', () => {
  it.each<[zone: string, seconds: number, nanoseconds: number, short: string, full: string, json: string]>([
    ['UTC', 0, 0, '1970-01-01 00:00', '1970-01-01 00:00:00.000000000 +0000', '0.000000000'],
    ['UTC', -1, 999_999_999, '1969-12-31 23:59', '1969-12-31 23:59:59.999999999 +0000', '-1.999999999'],
    [
      'UTC',
      4_102_444_800,
      7,
      '2100-01-01 00:00',
      '2100-01-01 00:00:00.000000007 +0000',
      '4102444800.000000007',
    ],
    ['Asia/Kolkata', 0, 1, '1970-01-01 05:30', '1970-01-01 05:30:00.000000001 +0530', '0.000000001'],
    ['America/St_Johns', 0, 1, '1969-12-31 20:30', '1969-12-31 20:30:00.000000001 -0330', '0.000000001'],
    ['UTC', 9e15, 5, '9000000000000000', '9000000000000000.000000005', '9000000000000000.000000005'],
  ])('in %s, %d s and %d ns', (zone, seconds, nanoseconds, short, full, json) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      const time = { seconds, nanoseconds };
      expect([shortTime(time), fullTime(time), jsonTime(time)]).toEqual([short, full, json]);
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });
});

describe('formatTable()', () => {
  it('pads as docker does: ten wide at least, three spaces, nothing after the last', () => {
    const rows = [
      ['registry.example.com:5000/team/app', 'v1.2-long', '1.98MB'],
      ['a', '1', '2B'],
    ];
    expect(formatTable(['REPOSITORY', 'TAG', 'SIZE'], rows)).toBe(
      [
        'REPOSITORY                           TAG         SIZE',
        'registry.example.com:5000/team/app   v1.2-long   1.98MB',
        'a                                    1           2B',
        '',
      ].join('\n'),
    );
  });

  it('is the heading alone where there is nothing', () => {
    expect(formatTable(['REPOSITORY', 'TAG', 'SIZE'], [])).toBe('REPOSITORY   TAG       SIZE\n');
  });

  it('counts characters, not UTF-16 units', () => {
    expect(formatTable(['A', 'B'], [['🙂🙂🙂🙂🙂🙂🙂🙂', 'x']])).toBe('A          B\n🙂🙂🙂🙂🙂🙂🙂🙂   x\n');
  });
});

describe('formatColumns()', () => {
  const names = ['bin', 'boot', 'dev', 'etc', 'home', 'lib', 'media', 'mnt', 'opt', 'proc', 'root'];
  it.each<[width: number, text: string]>([
    [80, 'bin  boot  dev  etc  home  lib  media  mnt  opt  proc  root\n'],
    [30, 'bin   etc   media  proc\nboot  home  mnt    root\ndev   lib   opt\n'],
    [3, `${names.join('\n')}\n`],
  ])('goes down, then across, in %d characters', (width, text) => {
    expect(formatColumns(names, width)).toBe(text);
  });

  it('prints nothing for no names', () => {
    expect(formatColumns([], 80)).toBe('');
  });
});
