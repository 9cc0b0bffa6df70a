// ls, cat and stat over plain directories, as anyone may use them: `lowerdir=`, no privilege, no store.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonRecords } from '../../support/json-lines.ts';
import { missing } from '../../support/system.ts';
import { stratafs } from './memory.ts';

/** Node has zones of its own, ls(1) those of the system, which may have none. */
const ZONE = missing(['zones']) === undefined ? 'Asia/Kolkata' : 'UTC';

const directory = mkdtempSync(join(tmpdir(), 'sf-look-'));
const top = join(directory, 'top');
const lower = join(directory, 'lower');
const REF = `lowerdir=${top}:${lower}`;
const BIG = Buffer.alloc(700_000, 'stratafs\n');

/** Where a latin1 string is wanted as the bytes of a path. */
function raw(...parts: string[]): Buffer {
  return Buffer.from(parts.join('/'), 'latin1');
}

beforeAll(() => {
  for (const path of [
    'top/etc',
    'lower/etc/app',
    'lower/bin',
    'lower/empty',
    'lower/files',
    'lower/special',
  ]) {
    mkdirSync(join(directory, path), { recursive: true });
  }
  writeFileSync(join(top, 'etc/conf'), 'new\n');
  writeFileSync(join(lower, 'etc/conf'), 'old, and hidden\n');
  writeFileSync(join(lower, 'etc/app/one'), '1\n');
  writeFileSync(join(lower, 'bin/sh'), 'sh\n');
  chmodSync(join(lower, 'bin/sh'), 0o4755);
  linkSync(join(lower, 'bin/sh'), join(lower, 'bin/ash'));
  symlinkSync('/etc/app', join(lower, 'absolute'));
  symlinkSync('nowhere', join(lower, 'dangling'));
  symlinkSync('loop', join(lower, 'loop'));
  writeFileSync(join(lower, 'files/big'), BIG);
  // Whatever the umask is.
  chmodSync(join(lower, 'files/big'), 0o644);
  chmodSync(join(top, 'etc/conf'), 0o644);
  chmodSync(join(lower, 'etc/app'), 0o755);
  writeFileSync(join(lower, 'files/.hidden'), '');
  writeFileSync(raw(lower, 'files', 'bad\xffname'), 'bad\n');
  writeFileSync(join(lower, 'files/new\nline'), '');
  writeFileSync(join(lower, 'files/esc\x1b[2J'), '');
  writeFileSync(join(lower, 'files/back\\slash'), '');
  writeFileSync(join(lower, 'files/é\u202e'), '');
  symlinkSync('bad\ntarget', join(lower, 'files/link'));
  // Node takes a negative number for "now"; a Date it takes as it is.
  utimesSync(join(lower, 'files/big'), new Date(-315_521_755_000), new Date(-315_521_755_000));
  utimesSync(join(lower, 'files/.hidden'), 4_102_444_800, 4_102_444_800);
  spawnSync('mkfifo', [join(lower, 'special/fifo')]);
  gnu.one = gnuLs('-1');
  gnu.all = gnuLs('-1A');
  gnu.long = gnuLs('-nA');
  gnu.human = gnuLs('-nhA');
  gnu.stat = gnuStat(join(lower, 'bin/sh'));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** GNU ls in the form ours has. Two differences: it escapes a space, and lets bidi controls through. */
function gnuLs(...options: string[]): string {
  const ls = spawnSync('ls', ['-b', '--time-style=long-iso', ...options], {
    cwd: join(lower, 'files'),
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: ZONE },
  });
  return ls.stdout.toString().replaceAll('\\ ', ' ').replaceAll('\u202e', '\\342\\200\\256');
}

const STAT_FORM = [
  '  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F',
  ' Inode: %-10i\tLinks: %h',
  'Access: (%a/%A)  Uid: %u   Gid: %g',
  'Access: %x',
  'Modify: %y',
  'Change: %z',
].join('\n');

function gnuStat(file: string): string {
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  return spawnSync('stat', ['-c', STAT_FORM, file], { env }).stdout.toString();
}

/** Asked before the first tree: a tree reserves so much address space that a process with several cannot fork. */
const gnu = { one: '', all: '', long: '', human: '', stat: '' };

describe('stratafs ls', () => {
  it('lists the merged root in byte order, one name a line', async () => {
    expect(await stratafs(['ls', REF])).toMatchObject({
      code: 0,
      out: 'absolute\nbin\ndangling\nempty\netc\nfiles\nloop\nspecial\n',
      err: '',
    });
  });

  it('lists a merged directory through a link that is absolute in the image', async () => {
    expect((await stratafs(['ls', REF, 'etc', '/absolute'])).out).toBe(
      '/absolute:\none\n\netc:\napp\nconf\n',
    );
  });

  it.each([
    ['-1', 'one'],
    ['-1A', 'all'],
    ['-lA', 'long'],
    ['-lhA', 'human'],
  ] as const)('prints with %s what GNU ls prints', async (options, expected) => {
    process.env.TZ = ZONE;
    const { out } = await stratafs(['ls', options, REF, '/files']);
    expect(gnu[expected]).toContain('bad\\377name');
    expect(out).toBe(gnu[expected]);
  });

  it('has the dots with -a, the root being its own parent', async () => {
    expect((await stratafs(['ls', '-a', REF, '/empty', '/'])).out).toBe(
      '/:\n.\n..\nabsolute\nbin\ndangling\nempty\netc\nfiles\nloop\nspecial\n\n/empty:\n.\n..\n',
    );
  });

  it('goes down with -R, a heading before each directory', async () => {
    expect((await stratafs(['ls', '-R', REF, 'etc', 'empty'])).out).toBe(
      'empty:\n\netc:\napp\nconf\n\netc/app:\none\n',
    );
  });

  it('names itself with -d, files before directories', async () => {
    expect((await stratafs(['ls', '-d', REF, 'etc', '/bin/sh', 'absolute'])).out).toBe(
      '/bin/sh\nabsolute\netc\n',
    );
    expect((await stratafs(['ls', REF, '/empty', '/bin/sh'])).out).toBe('/bin/sh\n\n/empty:\n');
  });

  it('shows a link itself with -l, its directory with a slash after it', async () => {
    expect((await stratafs(['ls', '-l', REF, '/absolute'])).out).toMatch(
      /^lrwxrwxrwx .* \/absolute -> \/etc\/app\n$/,
    );
    expect((await stratafs(['ls', '-l', REF, '/absolute/'])).out).toMatch(/^total \d+\n-rw-.* one\n$/);
  });

  it('fills the width of a terminal, unless told -1', async () => {
    expect((await stratafs(['ls', REF], 40)).out).toBe(
      'absolute  dangling  etc    loop\nbin       empty     files  special\n',
    );
    expect((await stratafs(['ls', '-1', REF, 'bin'], 40)).out).toBe('ash\nsh\n');
  });

  it('prints JSON lines with --json', async () => {
    const { out } = await stratafs(['ls', '--json', REF, '/etc', '/dangling']);
    const lines = jsonRecords<{ mtime: string }>(out);
    const uid = process.getuid?.();
    const { ino, size, mtimeMs } = lstatSync(join(top, 'etc/conf'));
    expect(lines).toMatchObject([
      { path: '/dangling', type: 'link', mode: '0777', target: 'nowhere', size: 7, layer: 1 },
      { path: '/etc/app', type: 'dir', mode: '0755', uid, layer: 1 },
      { path: '/etc/conf', type: 'file', mode: '0644', nlink: 1, uid, size, ino: String(ino), layer: 2 },
    ]);
    expect(Number(lines[2]?.mtime)).toBeCloseTo(mtimeMs / 1000, 3);
  });

  it('gives the exact bytes of names that are not UTF-8', async () => {
    const { out } = await stratafs(['ls', '--json', REF, '/files']);
    const odd = out.split('\n').find((line) => line.includes('pathB64'));
    expect(JSON.parse(odd ?? '')).toMatchObject({
      path: '/files/bad\ufffdname',
      pathB64: Buffer.from('/files/bad\xffname', 'latin1').toString('base64'),
    });
    expect(out).toContain('"path":"/files/é\\u202e"');
  });

  it('tells of what it cannot open, lists the rest, and ends with 5', async () => {
    expect(await stratafs(['ls', REF, 'nope\n', 'bin', 'bin/sh/', 'loop/x'])).toMatchObject({
      code: 5,
      out: 'bin:\nash\nsh\n',
      err: [
        `stratafs: Cannot open "bin/sh/" in ${REF}: not a directory\n`,
        `stratafs: Cannot open "loop/x" in ${REF}: too many levels of symbolic links\n`,
        `stratafs: Cannot open "nope\\n" in ${REF}: no such file or directory\n`,
      ].join(''),
    });
  });
});

describe('stratafs cat', () => {
  it('prints files byte for byte, one after the other', async () => {
    const { code, bytes, err } = await stratafs(['cat', REF, 'files/big', '/etc/conf', '/absolute/../conf']);
    expect([code, err]).toEqual([0, '']);
    expect(bytes.equals(Buffer.concat([BIG, Buffer.from('new\nnew\n')]))).toBe(true);
  });

  it('goes on past what it cannot read, and ends with 5', async () => {
    expect(await stratafs(['cat', REF, 'nope', 'bin', 'bin/sh', 'dangling', 'loop'])).toMatchObject({
      code: 5,
      out: 'sh\n',
      err: [
        `stratafs: Cannot read "nope" in ${REF}: no such file or directory\n`,
        `stratafs: Cannot read "bin" in ${REF}: is a directory\n`,
        `stratafs: Cannot read "dangling" in ${REF}: no such file or directory\n`,
        `stratafs: Cannot read "loop" in ${REF}: too many levels of symbolic links\n`,
      ].join(''),
    });
  });

  it('opens no fifo of the host', async () => {
    expect(await stratafs(['cat', REF, 'special/fifo'])).toMatchObject({
      code: 5,
      out: '',
      err: `stratafs: Cannot read "special/fifo" in ${REF}: is a fifo\n`,
    });
  });
});

describe('stratafs stat', () => {
  it('prints what stat(1) prints, then the layer', async () => {
    process.env.TZ = 'UTC';
    const { out } = await stratafs(['stat', REF, '/bin/sh']);
    expect(out).toBe(`  File: /bin/sh\n${gnu.stat} Layer: 1 of 2, plain\nSource: ${lower}/bin/sh\n`);
  });

  it('shows a link, and with -L what it leads to', async () => {
    const link = (await stratafs(['stat', REF, '/absolute'])).out.split('\n');
    expect([link[0], link.at(-2)]).toEqual(['  File: /absolute -> /etc/app', `Source: ${lower}/absolute`]);
    const target = (await stratafs(['stat', '-L', REF, '/absolute'])).out.split('\n');
    expect([target[0], target.at(-2)]).toEqual(['  File: /absolute', `Source: ${lower}/etc/app`]);
  });

  it('names the top layer as the source of a merged directory', async () => {
    const { out } = await stratafs(['stat', REF, '/etc', '/']);
    expect(out.match(/^( Layer|Source): .*$/gm)).toEqual([
      ' Layer: 2 of 2, plain',
      `Source: ${top}/etc`,
      ' Layer: 2 of 2, plain',
      `Source: ${top}`,
    ]);
  });

  it('prints JSON with times to the nanosecond', async () => {
    const { out } = await stratafs(['stat', '--json', REF, 'files/big']);
    const { ino, ctimeNs, blocks } = lstatSync(join(lower, 'files/big'), { bigint: true });
    expect(jsonRecords(out)).toEqual([
      {
        t: 'entry',
        path: '/files/big',
        type: 'file',
        mode: '0644',
        nlink: 1,
        uid: process.getuid?.(),
        gid: process.getgid?.(),
        size: BIG.length,
        mtime: '-315521755.000000000',
        ino: String(ino),
        layer: 1,
        blocks: Number(blocks),
        blksize: 4096,
        atime: expect.stringMatching(/^-?\d+\.\d{9}$/),
        ctime: `${ctimeNs / 1_000_000_000n}.${String(ctimeNs % 1_000_000_000n).padStart(9, '0')}`,
        xattrs: [],
        source: join(lower, 'files/big'),
      },
    ]);
  });

  it('goes on past a path that is not there, and ends with 5', async () => {
    const { code, out, err } = await stratafs(['stat', REF, 'nope', '/empty']);
    expect([code, out.split('\n')[0], err]).toEqual([
      5,
      '  File: /empty',
      `stratafs: Cannot open "nope" in ${REF}: no such file or directory\n`,
    ]);
  });
});
