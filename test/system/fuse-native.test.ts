// The second driver: the conformance suite on fuse-native, with the list of its limits.
// The reason of each limit, with the place in its source, is in native-notes/fuse-native.md.
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { CASES, conforms, type Limits, writeConformanceLayers } from '../support/conformance.ts';
import { mountKernel } from '../support/kernel.ts';
import * as layer from '../support/layers.ts';
import { ALL_FIELDS, type Field, Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs, stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { mounts, temporaryForSuite } from '../support/temporary.ts';
import { differences, without } from '../support/tree.ts';

const DRIVER = ['--driver', 'fuse-native'];
const SILENT = { code: 0, signal: null, stdout: '', stderr: '' };
/** The one name of the suite's layers that is no UTF-8, as the oracle spells it. */
const UNSHOWN = '\\xff\\xfe';

const recorded = (probe: string) =>
  readFileSync(new URL(`./conformance/${probe}.txt`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');

/** What a kernel line says of a file taken as data from start to end. */
function oneRun(line: string): string {
  return line.replace(/\((\d+)\) at (\d+): data .*/, (all, size: string, at: string) =>
    BigInt(at) < BigInt(size) ? `(${size}) at ${at}: data ${at}, hole ${size}` : all,
  );
}

const LIMITS: Limits = {
  // As with the default driver.
  dots: { '.: . True, .. False, names True, types 4 4': '.: . True, .. True, names True, types 4 4' },
  // Names that are not UTF-8: not listed, EILSEQ where asked for.
  seekdir: Object.fromEntries(
    recorded('seekdir')
      .filter((line) => line.startsWith('merged: 31 names, 31 distinct'))
      .map((line) => [line, line.replace('31 names, 31', '30 names, 30')]),
  ),
  names: { "b'\\xff\\xfe': 2": "b'\\xff\\xfe': EILSEQ" },
  // SEEK_HOLE: each file is one run of data.
  holes: Object.fromEntries(
    recorded('holes')
      .map((line) => [line, oneRun(line)] as const)
      .filter(([line, shown]) => line !== shown),
  ),
  // As with the default driver.
  xattrs: Object.fromEntries([
    [
      "list marked: ['trusted.a', 'trusted.overlay', 'trusted.overlay.x', 'user.a', 'user.empty', 'user.long', 'user.nnnnnnnnnnnnnnn', 'user.overlay.opaque']; ERANGE ERANGE ERANGE ERANGE 348; True",
      "list marked: ['trusted.a', 'trusted.overlay', 'trusted.overlay.x', 'user.a', 'user.empty', 'user.long', 'user.nnnnnnnnnnnnnnn', 'user.overlay.opaque']; ERANGE ERANGE 348 348 348; True",
    ],
  ]),
  users: {
    // ACLs are shown and not obeyed: the mode alone rules, and with it the mask stands for the group's rights.
    '1000:1000 acl-user: stat 100640, read ok, write EROFS, may read True':
      '1000:1000 acl-user: stat 100640, read EACCES, write EROFS, may read False',
    '1000:1000 acl-none: stat 100664, read EACCES, write EROFS, may read False':
      '1000:1000 acl-none: stat 100664, read ok, write EROFS, may read True',
    '1000:1000 acl-closed/file: stat 100644, read ok, write EROFS, may read True':
      '1000:1000 acl-closed/file: stat EACCES, read EACCES, write EACCES, may read False',
    '1001:1000 acl-none: stat 100664, read EACCES, write EROFS, may read False':
      '1001:1000 acl-none: stat 100664, read ok, write EROFS, may read True',
    '1001:2000 acl-user: stat 100640, read EACCES, write EROFS, may read False':
      '1001:2000 acl-user: stat 100640, read ok, write EROFS, may read True',
    '1001:2000 acl-group: stat 100670, read ok, write EROFS, may read True':
      '1001:2000 acl-group: stat 100670, read EACCES, write EROFS, may read False',
    // Who asks is not told: the names (not the values) of trusted.* attributes are listed for all that root lets in.
    ...Object.fromEntries(
      recorded('users')
        .filter((line) => line.startsWith('xattrs of another user: ['))
        .map((line) => [line, line.replace('[', "['trusted.a', 'trusted.overlay', 'trusted.overlay.x', ")]),
    ),
  },
  extras: {
    // As with the default driver.
    'flags: file=ok directory=ok': 'flags: file=ENOTTY directory=ENOTTY',
    'extents: file=ok directory=ENOTSUP': 'extents: file=ENOTSUP directory=ENOTSUP',
    // File handles: libfuse always offers them.
    'handle: ENOTSUP': 'handle: ok',
  },
};

const TIMES = ['mtime', 'ctime', 'atime'] as const satisfies readonly Field[];

/** A dump's line with its times as fuse-native has them: in milliseconds, none before 1970. */
function inMilliseconds(line: string): string {
  return line.replace(/time=(-?)(\d+)\.(\d{3})\d{6}/g, (_, minus: string, seconds: string, part: string) =>
    minus === '' ? `time=${seconds}.${part}000000` : 'time=0.000000000',
  );
}

/** The path at the start of a dump's line, as bytes. */
function pathOf(line: string): string {
  const escaped = line.slice(0, line.indexOf(' '));
  return escaped.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

describeSystem(
  'conformance of fuse-native',
  ['root', 'overlay', 'fuse', 'python', 'attributes', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const oracle = new Oracle(temporary);
    const places = { kernel: '', subject: '' };
    let layers: readonly string[] = [];

    beforeAll(async () => {
      await succeed('chmod', ['755', temporary.directory]);
      layers = await writeConformanceLayers(oracle, temporary.path('layers'));
      places.kernel = (await mountKernel(oracle, temporary, layers)).directory;
      const args = [...DRIVER, '--allow-other', '-o', 'suid,dev,exec'];
      places.subject = (await mountStratafs(temporary, lowerdirReference(layers), { args })).directory;
    });

    it.each(CASES.filter(({ probe }) => probe !== 'births'))('$probe', (each) =>
      conforms(oracle, each, places, LIMITS),
    );

    const parts = ['merged', 'pure', 'rights', 'programs'];

    it.each(parts)('all that is told of %s, but for times and holes', async (part) => {
      const fields = ALL_FIELDS.filter((field) => ![...TIMES, 'map', 'sha256'].includes(field));
      const expected = await oracle.dump(`${places.kernel}/${part}`, { fields });
      expect(expected.length).toBeGreaterThan(4);
      const actual = await oracle.dump(`${places.subject}/${part}`, { fields });
      expect(differences(without(expected, `/${UNSHOWN}`), actual)).toBe('');
      // Without its holes the largest file would be read for half a minute.
      const paths = without(expected, `/${UNSHOWN}`, '/huge').map(pathOf);
      const contents = (place: string) => oracle.lookup(`${place}/${part}`, paths, { fields: ['sha256'] });
      expect(differences(await contents(places.kernel), await contents(places.subject))).toBe('');
    });

    it('the end of a file of more than 2^32 bytes', async () => {
      const [expected, actual] = await Promise.all(
        [places.kernel, places.subject].map((place) =>
          succeed('tail', ['-c', '150000', `${place}/merged/huge`]),
        ),
      );
      expect(expected).toContain('z');
      expect(actual).toBe(expected);
    });

    describe('limit', () => {
      it.each(parts)('times of %s are milliseconds, and none is before 1970', async (part) => {
        const expected = await oracle.dump(`${places.kernel}/${part}`, { fields: TIMES });
        const actual = await oracle.dump(`${places.subject}/${part}`, { fields: TIMES });
        expect(differences(without(expected, `/${UNSHOWN}`).map(inMilliseconds), actual)).toBe('');
      });

      it('birth times are not told', async () => {
        const expected = (await oracle.probe(places.kernel, 'births')).filter(
          (line) => !line.includes('\\xff\\xfe'),
        );
        expect(await oracle.probe(places.subject, 'births')).toEqual(
          expected.map((line) => line.replace(/ \(\d+, \d+\)$/, ' None')),
        );
      });

      it('names and link targets that are no UTF-8 are refused or left out, and never shown wrong', async () => {
        const shown = ['caf\xc3\xa9', '\xf0\x9f\x98\x80', '\xef\xbb\xbfmark', '\xed\x9f\xbf'];
        const unshown = [
          '\xff',
          'cut \xe2\x82',
          '\xed\xa0\x80',
          '\xc0\xaf',
          '\xf4\x90\x80\x80',
          '\xf8\x88\x80\x80\x80',
          '\xef\xbf\xbd',
        ];
        const directory = temporary.path('bytes');
        const steps = [...shown, ...unshown].map((name) => layer.file(`d/${name}`, name));
        await oracle.write([
          {
            directory,
            steps: [
              ...steps,
              layer.directory('inside \xff'),
              layer.file('inside \xff/file'),
              layer.symlink('link', '\xff'),
              layer.symlink('genuine', '\xef\xbf\xbd'),
              layer.file('attributes', '', { xattrs: { 'user.\xff': 'x', 'user.a': 'y' } }),
            ],
          },
        ]);
        const mounted = await mountStratafs(temporary, lowerdirReference([directory]), { args: DRIVER });
        const at = (path: string) => Buffer.from(`${mounted.directory}/${path}`, 'latin1');
        const listed = await readdir(at('d'), { encoding: 'latin1' });
        expect(listed.sort()).toEqual([...shown].sort());
        for (const name of shown) expect(await readFile(at(`d/${name}`), 'latin1')).toBe(name);
        for (const name of unshown) {
          await expect(stat(at(`d/${name}`)), escape(name)).rejects.toMatchObject({ code: 'EILSEQ' });
        }
        await expect(stat(at('inside \xff/file'))).rejects.toMatchObject({ code: 'EILSEQ' });
        const lines = await oracle.lookup(mounted.directory, ['/link', '/genuine', '/attributes'], {
          fields: ['target', 'xattrs'],
        });
        expect(lines).toEqual([
          '/link symlink target=!EILSEQ',
          '/genuine symlink target=\\xef\\xbf\\xbd',
          '/attributes file xattr:user.a=y',
        ]);
        expect((await readdir(mounted.directory)).sort()).toEqual(['attributes', 'd', 'genuine', 'link']);
        expect(
          mounted
            .log()
            .match(/Cannot show \d+ of the names in ".*?"/g)
            ?.sort(),
        ).toEqual(['Cannot show 1 of the names in "/"', 'Cannot show 7 of the names in "/d"']);
      });

      it('inode numbers of more than 32 bits are stood in for, one for one', async () => {
        const places = ['one', 'two'].map((name) => temporary.path('file-systems', name));
        const [one = '', two = ''] = places;
        for (const place of places) {
          await mkdir(place, { recursive: true });
          await succeed('mount', ['-t', 'tmpfs', 'none', place]);
        }
        await oracle.write([
          { directory: `${one}/layer`, steps: [layer.file('a'), layer.link('a-too', 'a')] },
          { directory: `${two}/layer`, steps: [layer.file('b'), layer.link('b-too', 'b'), layer.file('c')] },
        ]);
        const reference = lowerdirReference(places.map((place) => `${place}/layer`));
        const { directory, log } = await mountStratafs(temporary, reference, { args: DRIVER });
        const names = ['a', 'a-too', 'b', 'b-too', 'c'];
        const numbers = await Promise.all(
          names.map(async (name) => (await stat(`${directory}/${name}`)).ino),
        );
        const [a, , b, , c] = numbers;
        expect(a).toBe((await stat(`${one}/layer/a`)).ino);
        expect(numbers).toEqual([a, a, b, b, c]);
        expect(new Set([a, b, c]).size).toBe(3);
        expect(Math.min(b ?? 0, c ?? 0)).toBeGreaterThanOrEqual(0xf000_0000);
        const lines = await oracle.dump(directory, { fields: ['d_ino', 'identity'] });
        expect(lines.length).toBe(6);
        expect(lines.filter((line) => line.includes('d_ino'))).toEqual([]);
        expect(log()).toContain('Cannot show all inode numbers: ');
      });

      it('a directory that something is mounted on cannot be mounted on', async () => {
        const directory = temporary.path('taken');
        await mkdir(directory);
        await succeed('mount', ['-t', 'tmpfs', 'none', directory]);
        const outcome = await stratafs(['mount', ...DRIVER, lowerdirReference(layers), directory]);
        const state = 'fuse-native takes no directory that something is mounted on';
        expect(outcome).toEqual({
          ...SILENT,
          code: 6,
          stderr: `stratafs: Cannot mount on "${directory}": ${state}\n`,
        });
      });

      it('a mount point that is no UTF-8 cannot be mounted on', async () => {
        const directory = temporary.path('place');
        await mkdir(directory);
        await mkdir(Buffer.from(`${directory}/\xff`, 'latin1'));
        await succeed('sh', ['-c', `ln -s "$(printf '\\377')" "$1/link"`, 'sh', directory]);
        const words = ['mount', ...DRIVER, lowerdirReference(layers), `${directory}/link`];
        const { code, stderr } = await stratafs(words);
        expect(code).toBe(6);
        expect(stderr).toContain(': fuse-native takes only paths that are UTF-8\n');
      });

      it('a mount point of more than 1023 bytes cannot be mounted on', async () => {
        const directory = temporary.path('long', ...Array.from({ length: 5 }, () => 'd'.repeat(240)));
        await mkdir(directory, { recursive: true });
        const { code, stderr } = await stratafs(['mount', ...DRIVER, lowerdirReference(layers), directory]);
        expect(code).toBe(6);
        expect(stderr).toContain(': fuse-native takes only paths of up to 1023 bytes\n');
        expect(mounts().filter((line) => line.directory.startsWith(temporary.path('long')))).toEqual([]);
      });

      it('the kernel does not read the data by itself', async () => {
        const directory = temporary.path('passthrough');
        await mkdir(directory);
        const words = [...DRIVER, '--data', 'passthrough', lowerdirReference(layers), directory];
        expect(await stratafs(['mount', ...words])).toEqual({
          ...SILENT,
          code: 2,
          stderr: 'stratafs: Cannot use "--data passthrough": fuse-native has no passthrough\n',
        });
      });
    });
  },
);
