import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAccounts } from '../../../src/cli/print/account-names.ts';
import { elasticText, formatTable } from '../../../src/cli/print/table.ts';
import { VerifyPrinter } from '../../../src/cli/print/verify-printer.ts';
import { wholeProgram } from '../../../src/cli/program.ts';
import { partReference } from '../../../src/cli/words/path-of-reference.ts';
import { ownWords } from '../../../src/cli/words/words.ts';
import { cpPlaces } from '../../../src/copy/cp-places.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { layoutMembers, savedMembers, tarOf } from '../../support/fake-archive.ts';
import { memoryTerminal, stratafs } from './memory.ts';

let layer: string;
let ref: string;
beforeAll(() => {
  layer = mkdtempSync(join(tmpdir(), 'habits-'));
  ref = `lowerdir=${layer}`;
  mkdirSync(join(layer, 'd'));
  for (const [name, size, time] of [
    ['a', 3, 30],
    ['b', 9, 10],
    ['c', 3, 20],
  ] as const) {
    const path = join(layer, 'd', name);
    writeFileSync(path, 'x'.repeat(size));
    utimesSync(path, time, time);
  }
});
afterAll(() => rmSync(layer, { recursive: true }));

describe('ownWords()', () => {
  it.each<[words: string, own: string]>([
    ['ps -a', 'containers -a'],
    ['--root ps ps', '--root ps containers'],
    ['help cp', 'help extract'],
    ['cp web:/etc x', 'extract web:/etc x'],
    ['unmount -a', 'umount -a'],
    ['version', '--version'],
    ['image ls -q', 'images -q'],
    ['--store vfs container inspect web', '--store vfs inspect web'],
    ['container cp web:/x .', 'extract web:/x .'],
    ['system df', 'df'],
    ['ls ps', 'ls ps'],
    ['image', 'image'],
  ])('takes "%s" for "%s"', (words, own) => {
    expect(ownWords(words.split(' ')).join(' ')).toBe(own);
  });

  it.each(['save', 'load', 'exec', 'rmi', 'find', 'pull', 'logs'])(
    'says what to do instead of %s',
    async (word) => {
      const { code, out, err } = await stratafs(['--root', '/x', word, 'web']);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(new RegExp(`^stratafs: Cannot run command "${word}": .*stratafs`));
    },
  );

  it('adds no word to the list of commands', async () => {
    const { out } = await stratafs(['--help']);
    expect(out).not.toMatch(/^ {2}(?:\S+\|)?(?:ps|cp|unmount|version|save)\b/m);
  });
});

describe('words of docker cp', () => {
  it('are refused where they would write into a container', async () => {
    const state = 'nothing is written into an image or a container';
    expect(await stratafs(['cp', './x', 'web:/y'])).toMatchObject({
      ...{ code: 2, out: '' },
      err: `stratafs: Cannot extract to "web:/y": ${state}; a file of this machine with that name is "./web:/y"\n`,
    });
  });

  it('write no tar of nothing', async () => {
    const { code, bytes, err } = await stratafs(['cp', ref, '/none', '-']);
    expect([code, bytes.length]).toEqual([5, 0]);
    expect(err).toContain('Cannot open "/none"');
    const part = await stratafs(['extract', ref, '/none', '/d/a', '-o', '-']);
    expect([part.code, part.bytes.length > 0]).toEqual([5, true]);
  });
});

describe('verify --quiet', () => {
  it('names what is not verified, and nothing of what is', () => {
    const { terminal, out } = memoryTerminal();
    const { log } = new VerifyPrinter(terminal, { quiet: true });
    log.begin({ label: 'app:1', kind: 'image' });
    log.end('verified', ['app@sha256:1']);
    log.begin({ label: 'web', kind: 'container' });
    log.own({ number: 3, role: 'upper' }, 'unverifiable');
    log.end('unverifiable', []);
    expect(out.text).toBe('unverifiable  web: layers of its image verified, 1 of its own without a record\n');
  });
});

describe('partReference()', () => {
  it.each<[word: string, reference: string | undefined, path?: string]>([
    ['nginx:/etc', 'nginx', '/etc'],
    ['docker.io/library/nginx:1.25:/etc/x:/y', 'docker.io/library/nginx:1.25', '/etc/x:/y'],
    ['web#3:/etc', 'web#3', '/etc'],
    ['container:web:/etc', 'container:web', '/etc'],
    ['./a.tar:demo:1:/etc', './a.tar:demo:1', '/etc'],
    ['oci:/d:1:/etc', 'oci:/d:1', '/etc'],
    ['nginx', undefined],
    ['nginx:1.25', undefined],
    ['container:/web', undefined],
    ['snapshot:/tmp/view', undefined],
    ['lowerdir=/a:/b', undefined],
    ['oci:/d', undefined],
    ['docker-archive:/d/x.tar', undefined],
    ['docker://nginx', undefined],
  ])('finds in %s the reference %s and the path %s', (word, reference, path) => {
    expect(partReference(word)).toEqual(reference === undefined ? undefined : [reference, path]);
  });

  it('leaves the path of an archive whole that is there', () => {
    expect(partReference('./a:/b.tar', (path) => path === './a:/b.tar')).toBeUndefined();
    expect(partReference('oci:/a:/b', (path) => path === '/a:/b')).toBeUndefined();
  });
});

describe('cpPlaces()', () => {
  const one = { count: 1, isDirectory: false };
  const directory = { count: 1, isDirectory: true };
  it.each<
    [to: string, kind: 'directory' | 'other' | undefined, what: typeof one, source: string, expected: string]
  >([
    ['/t', 'directory', one, '/etc/conf', '/t + conf'],
    ['/t', 'directory', directory, '/etc/', '/t + etc'],
    ['/t', 'directory', directory, '/etc/.', '/t + '],
    ['/t', 'directory', directory, '/', '/t + '],
    ['/t/new', undefined, one, '/etc/conf', '/t + new'],
    ['/new/', undefined, directory, '/etc', '/ + new'],
    ['new', undefined, directory, '/etc/.', '. + new'],
    ['new/', undefined, one, '/etc/conf', 'no such directory'],
    ['new', undefined, { count: 2, isDirectory: false }, '/etc/conf', 'no such directory'],
    ['/t/file', 'other', one, '/etc/conf', '/t + file'],
    ['/t/file', 'other', directory, '/etc', 'not a directory'],
    ['/t/file/', 'other', one, '/etc/conf', 'not a directory'],
  ])('puts into %s (%s) %j %s: %s', (to, kind, what, source, expected) => {
    const places = cpPlaces(asBytes(to), kind, what);
    const shown =
      typeof places === 'string'
        ? places
        : `${places.directory} + ${places.names(asBytes(source)).join('/')}`;
    expect(shown).toBe(expected);
  });
});

describe('parseAccounts()', () => {
  it('gives a number its first name, and believes no line that is none', () => {
    const text =
      'root:x:0:0:/\ntoor:x:0:0:/\n#c:x:1:\n+nis:x:2:\n:x:3:\na\x1b[2J:x:4:\nlong:x\n-1:x:5:\nw:x:-6:\nok:x:7:\n';
    expect([...parseAccounts(text)]).toEqual([
      [0, 'root'],
      [4, 'a\\033[2J'],
      [7, 'ok'],
    ]);
  });
});

describe('formatTable()', () => {
  const rows = [
    ['0123456789ab', 'demo:1', 'web'],
    ['ba9876543210', 'other', ''],
  ];
  const one = 'ID             IMAGE     NAMES\n0123456789ab   demo:1    web\nba9876543210   other     \n';

  it.each<[columns: number | undefined, text: string]>([
    [undefined, one],
    [30, one],
    [29, 'ID            IMAGE   NAMES\n0123456789ab  demo:1  web\nba9876543210  other   \n'],
    [26, 'ID            IMAGE\n    NAMES\n0123456789ab  demo:1\n    web\nba9876543210  other\n'],
    [19, 'ID\n    IMAGE   NAMES\n0123456789ab\n    demo:1  web\nba9876543210\n    other   \n'],
    [5, 'ID\n    IMAGE\n    NAMES\n0123456789ab\n    demo:1\n    web\nba9876543210\n    other\n'],
  ])('puts what %s columns do not hold on further lines', (columns, text) => {
    expect(formatTable(['ID', 'IMAGE', 'NAMES'], rows, { columns })).toBe(text);
  });

  it('puts details on further lines before all else', () => {
    const text = 'ID            NAMES\n    IMAGE\n0123456789ab  web\n    demo:1\nba9876543210  \n    other\n';
    expect(formatTable(['ID', 'IMAGE', 'NAMES'], rows, { columns: 26, details: ['IMAGE'] })).toBe(text);
  });

  const quoted = (text: string) => `"${text.replaceAll('!', '\\041')}"`;
  it.each<[columns: number | undefined, text: string]>([
    [undefined, 'ID        COMMAND   NAMES\n1         "run…"    web\n'],
    [24, 'ID  COMMAND        NAMES\n1   "run x\\041 …"  web\n'],
    [29, 'ID        COMMAND    NAMES\n1         "run x…"   web\n'],
    [40, 'ID        COMMAND               NAMES\n1         "run x\\041 all day"   web\n'],
    [12, 'ID  NAMES\n    COMMAND\n1   web\n    "run x…"\n'],
  ])('tells of a text that may be cut what %s columns have room for', (columns, text) => {
    const command = elasticText('run x! all day', 4, quoted);
    const form = { columns, details: ['COMMAND'] };
    expect(formatTable(['ID', 'COMMAND', 'NAMES'], [['1', command, 'web']], form)).toBe(text);
  });

  it('measures a terminal in its cells', () => {
    const rows = [['日本', 'x']];
    expect(formatTable(['A', 'B'], rows, { columns: 6 })).toBe('A\n    B\n日本\n    x\n');
    expect(formatTable(['A', 'B'], rows, { columns: 7 })).toBe('A     B\n日本  x\n');
  });
});

describe('-h', () => {
  // Whose namesakes have it as an option: ls, du and df of coreutils. docker's, mount(8) and umount(8) have it as help; cat, stat,
  // diff and which of Debian refuse it; the others have no namesake.
  const HUMAN = ['df', 'du', 'ls'];

  it('is help where it is no option of the namesake, and there alone', async () => {
    const { commands } = await wholeProgram(memoryTerminal().terminal);
    expect(commands.length).toBeGreaterThan(20);
    const kinds = await Promise.all(
      commands.map(async (command) => {
        const name = command.name();
        const isHelp = (await stratafs(['--root', '/proc/none', name, '-h'])).out.startsWith(
          `Usage: stratafs ${name} `,
        );
        const own = command.options.find(({ short }) => short === '-h')?.long ?? 'none';
        return `${name} ${isHelp ? 'help' : 'no help'} ${own}`;
      }),
    );
    const expected = commands
      .map((command) => command.name())
      .map((name) => (HUMAN.includes(name) ? `${name} no help --human-readable` : `${name} help none`));
    expect(kinds).toEqual(expected);
  });

  it('is help by its long name everywhere', async () => {
    for (const name of HUMAN)
      expect((await stratafs([name, '--help'])).out).toMatch(`Usage: stratafs ${name} `);
  });
});

describe('stratafs ls', () => {
  it.each<[options: string, names: string]>([
    ['-t', 'a c b'],
    ['-rt', 'b c a'],
    ['-S', 'b a c'],
    ['-Sr', 'c a b'],
    ['-tS', 'b a c'],
    ['-St', 'a c b'],
    ['-r', 'c b a'],
    ['-at', '.. . a c b'],
  ])('sorts with %s as ls does', async (options, names) => {
    // The directory above is as new as the one in it, or newer.
    utimesSync(join(layer, 'd'), 100, 100);
    utimesSync(layer, 200, 200);
    const { out } = await stratafs(['ls', options, ref, '/d']);
    expect(out.trimEnd().split('\n').join(' ')).toBe(names);
  });
});

describe('diff of archives', () => {
  it('says where the two are unpacked by different rules, and nothing where they are not', async () => {
    const image = { tags: ['app:1'], layers: ['base'] };
    const saved = join(layer, 'saved.tar');
    const layout = join(layer, 'layout.tar');
    writeFileSync(saved, tarOf(...savedMembers(image)));
    writeFileSync(layout, tarOf(...layoutMembers(image)));
    const { err } = await stratafs(['diff', saved, layout]);
    expect(err).toMatch(
      /^stratafs: "\S+saved.tar" is unpacked by the rules of docker, "\S+layout.tar" by those of \w+: /,
    );
    expect((await stratafs(['--unpack-as', 'docker', 'diff', saved, layout])).err).toBe('');
    expect((await stratafs(['diff', saved, saved])).err).toBe('');
  });
});
