// `stratafs diff` on a real engine's images and containers: beside `docker diff`, and in each of its forms.

import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const FILES =
  'changed rewritten touched tool owned removed tree/deep/one becomes-directory becomes-file/inner again/one again/two ' +
  'moved chmodded-back';
const BASE = `
mkdir -p /srv/tree/deep /srv/becomes-file /srv/again
cd /srv
for f in ${FILES}; do echo same > $f; done
`;

const CONTAINER = `
echo new > /srv/new
echo longer > /srv/changed
echo same > /srv/rewritten
touch -d 2020-01-01T00:00:00Z /srv/touched
chmod 4755 /srv/tool
chown 1:2 /srv/owned
rm /srv/removed
rm -r /srv/tree
mkdir -p /srv/made/below
ln -s made /srv/link
rm /srv/becomes-directory && mkdir /srv/becomes-directory && touch /srv/becomes-directory/inner
rm -r /srv/becomes-file && echo x > /srv/becomes-file
rm -r /srv/again && mkdir /srv/again && echo other > /srv/again/two
mknod /srv/device c 1 3
mkfifo /srv/pipe
mv /srv/moved /srv/moved-away
`;

/** `docker diff` lists every file that was copied up, changed or not; we do not list what is as it was. */
const UNCHANGED_TO_US: readonly string[] = ['C /srv/chmodded-back'];

describeSystem('stratafs diff', ['root', 'docker', 'busybox', 'build'], () => {
  const temporary = temporaryForSuite();
  const engine = new Engine(temporary);
  const diff = async (...words: string[]) => {
    const { code, stdout, stderr } = await stratafs(['--root', engine.dataRoot, 'diff', ...words]);
    return { code, stdout: Buffer.from(stdout, 'latin1').toString('utf8'), stderr };
  };

  beforeAll(async () => {
    await engine.start();
    await engine.importBusybox('base');
    await engine.build('srv', `FROM base\nRUN ${BASE.trim().split('\n').join(' && ')}\n`);
    await engine.build(
      'app:1',
      'FROM srv\nCOPY code /srv/code\nRUN echo log > /srv/log && chmod 600 /srv/owned\n',
      {
        code: 'line one\nline two\nline three\n',
      },
    );
    await engine.build(
      'app:2',
      'FROM srv\nCOPY code /srv/code\nRUN chmod 4755 /srv/tool && rm -r /srv/tree && echo a > /srv/added\n',
      { code: 'line one\nline 2\nline three\n' },
    );
    await engine.build('open', 'FROM app:1\nRUN chmod -R a+w /srv\n', {});
    await engine.docker(['run', '--name', 'changed', '--network', 'none', 'app:1', 'sh', '-c', CONTAINER]);
    // Of a directory docker compares neither size nor time: a file made and removed, a touch, one in another's place, a move
    // there and back. A file of the same contents and another time is a change, a directory of another mode too.
    const times = [
      ...[
        'touch /srv/tree/x && rm /srv/tree/x',
        'touch /srv/made-before',
        'rm -r /srv/again && mkdir /srv/again',
      ],
      ...[
        'mv /srv/moved /srv/tree/x && mv /srv/tree/x /srv/moved',
        'touch -d 2020-01-01T00:00:00Z /srv/touched',
      ],
      'chmod 700 /srv/becomes-file',
    ];
    await engine.docker([
      'run',
      '--name',
      'times',
      '--network',
      'none',
      'app:1',
      'sh',
      '-c',
      times.join('; '),
    ]);
    const undone = 'chmod 700 /srv/chmodded-back && chmod 644 /srv/chmodded-back';
    await engine.docker(['run', '--name', 'undone', '--network', 'none', 'app:1', 'sh', '-c', undone]);
    const volumes = ['-v', '/srv/volume', '-v', `${temporary.directory}:/srv/host:ro`];
    await engine.docker(['create', '--name', 'mounting', ...volumes, '--network', 'none', 'app:1', 'true']);
    await engine.docker(['create', '--name', 'untouched', '--network', 'none', 'app:1', 'true']);
  });

  describe('CONTAINER --docker', () => {
    it.each(['changed', 'undone', 'untouched', 'times'])(
      'tells of "%s" what docker diff tells',
      async (name) => {
        const theirs = linesOf(await engine.docker(['diff', name]));
        const ours = await diff('--docker', name);
        expect(ours.stderr).toBe('');
        const expected = theirs.filter((line) => !UNCHANGED_TO_US.includes(line));
        expect(linesOf(ours.stdout).join('\n')).toBe(expected.join('\n'));
      },
    );
  });

  it('tells which layer and which step made a difference', async () => {
    const { code, stdout } = await diff('app:1', 'app:2');
    const lines = stdout
      .split('\n')
      .slice(3)
      .map((line) => line.replace(/ {2,}/g, '  ').replace(/ \(\d differ in time only.*\)$/, ''));
    expect(lines.join('\n')).toBe(
      [
        '  +  /srv/added  2 B  B4 RUN chmod 4755 /srv/tool && rm -r /srv/tree && echo a > /srv/added',
        `  M  /srv/code  content 29 → 27 B  A3 → B3 ${COPIED.exec(stdout)?.[0]}`,
        '  -  /srv/log  4 B  A4',
        '  m  /srv/owned  mode 0600 → 0644  A4 RUN echo log > /srv/log && chmod 600 /srv/ow…',
        ' !m  /srv/tool  mode 0644 → 4755  setuid ADDED  A2 → B4 RUN chmod 4755 /srv/tool && rm -r /srv/tree && echo a > /srv/added',
        '  -  /srv/tree/**  3 entries, 5B  B4 whiteout',
        '',
        '1 added, 4 removed, 1 changed, 2 metadata only',
        '',
      ].join('\n'),
    );
    expect(code).toBe(1);
  });

  it('adds up by layer', async () => {
    const { stdout } = await diff('--by-layer', 'app:1', 'app:2');
    expect(
      stdout
        .split('\n')
        .slice(1, 6)
        .map((line) => line.split(/ {2,}/).slice(0, 6).join(' ')),
    ).toEqual(['A3 0 0 0 0 +0B', 'A4 0 1 0 1 -4B', 'B2 0 0 0 0 +0B', 'B3 0 0 1 0 -2B', 'B4 1 3 0 1 -3B']);
  });

  it('tells contents with the COPY after a chmod -R of another step, and what that did as one', async () => {
    const { stdout } = await diff('srv', 'open');
    const lines = stdout
      .split('\n')
      .slice(3)
      .map((line) => line.trim().replace(/ {2,}/g, '  '));
    expect(lines.find((line) => line.includes('/srv/code'))).toMatch(
      /^\+ {2}\/srv\/code {2}29 B {2}B3 COPY .* {2}mode 0666 {2}B5 RUN chmod -R a\+w \/srv$/,
    );
    expect(lines.find((line) => line.startsWith('m  /srv/**'))).toMatch(
      /^m {2}\/srv\/\*\* {2}\d+ names {2}mode a\+w {2}B5 RUN chmod -R a\+w \/srv$/,
    );
    expect(lines).toContain('m  /srv/owned  mode 0644 → 0622  A2 → B5 RUN chmod -R a+w /srv');
  });

  it('measures the growth that docker measures', async () => {
    const size = async (name: string) =>
      Number(await engine.docker(['image', 'inspect', '--format', '{{.Size}}', name]));
    const grown = (await size('open')) - (await size('app:1'));
    const { stdout } = await diff('--json', '--summary', 'app:1', 'open');
    const [summary] = jsonRecords<{ growth: Record<'a' | 'b', { stored: number }> }>(stdout, 'summary');
    const { a, b } = summary?.growth ?? {};
    expect(Number(b?.stored) - Number(a?.stored)).toBe(grown);
    expect(grown).toBeGreaterThan(0);
    const gate = (bytes: number) => diff('--quiet', '--fail-on', `growth=${bytes}`, 'app:1', 'open');
    expect([(await gate(grown)).code, (await gate(grown - 1)).code]).toEqual([0, 1]);
  });

  it('answers 0 for what is the same, 1 for what is not, 2 for trouble', async () => {
    expect((await diff('app:1', 'app:1')).code).toBe(0);
    expect((await diff('app:1', 'untouched')).code).toBe(0);
    expect((await diff('app:1', 'app:2')).code).toBe(1);
    expect(await diff('app:1', 'no-such-image')).toMatchObject({ code: 2, stdout: '' });
    expect((await diff('app:1')).code).toBe(2);
    expect((await diff('--fail-on', 'setuid', 'app:1', 'app:2')).code).toBe(1);
    expect((await diff('--fail-on', 'setuid', 'app:1', 'app:1^')).code).toBe(0);
  });

  it("hides Docker's own init layer, unless it is asked for", async () => {
    expect((await diff('--name-status', 'app:1', 'untouched')).stdout).toBe('');
    const shown = linesOf((await diff('--name-status', '--show-init', 'app:1', 'untouched')).stdout);
    expect(shown).toContain('A\t/.dockerenv');
    expect(linesOf((await diff('--docker', '--show-init', 'untouched')).stdout)).toContain('A /.dockerenv');
  });

  it("lists a container's mount points, which are not part of its root filesystem", async () => {
    const mounted = ['/srv/host', '/srv/volume'];
    const { stdout } = await diff('app:1', 'mounting');
    expect(stdout.split('\n')[2]).toBe(`   mounted in B, and not part of it: ${mounted.join(', ')}`);
    const header = (await diff('--json', 'mounting')).stdout.split('\n')[0] ?? '';
    const { a, b } = JSON.parse(header) as Record<'a' | 'b', { readonly mountPoints?: string[] }>;
    expect([a.mountPoints, b.mountPoints]).toEqual([undefined, mounted]);
    expect((await diff('--json', 'app:1', 'untouched')).stdout).not.toContain('mountPoints');
  });

  it('compares two data roots for real, and trusts no equal diff ID', async () => {
    const other = temporary.path('other-root');
    const [, , files = ''] = await engine.layersOf('app:1', 'image');
    await succeed('cp', ['-a', engine.dataRoot, other]);
    const across = (...words: string[]) => diff('--root-b', other, ...words);
    expect(await across('--json', '--mtime', '--hardlinks', 'app:1', 'app:1')).toMatchObject({ code: 0 });
    const within = await diff('--name-status', 'app:1', 'app:2');
    expect((await across('--name-status', 'app:1', 'app:2')).stdout).toBe(within.stdout);
    const tampered = join(other, files.slice(engine.dataRoot.length), 'srv/changed');
    const { atime, mtime } = statSync(tampered);
    writeFileSync(tampered, 'SAME\n');
    utimesSync(tampered, atime, mtime);
    const { code, stdout } = await across('--name-status', 'app:1', 'app:1');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'M\t/srv/changed\n' });
    // What the store recorded at the time knows nothing of that, and neither do the names of the layers.
    expect(await across('--trust-ids', '--json', 'app:1', 'app:1')).toMatchObject({ code: 0 });
    const trusting = await across('--trust-ids', '--name-status', 'app:1', 'app:2');
    expect(trusting.stdout).toBe(within.stdout);
    const [header = '', ...rest] = (await across('--trust-ids', '--json', 'app:1', 'app:2')).stdout.split(
      '\n',
    );
    const alone = (await diff('--json', 'app:1', 'app:2')).stdout.split('\n');
    expect(JSON.parse(header)).toMatchObject({ sharedLayers: 2, opts: { trustIds: true } });
    const names = (lines: readonly string[]) => /"names":\d+/.exec(lines.join())?.[0];
    expect(names(rest)).toBe(names(alone));
    expect(await across('--content', 'crc', '--name-status', 'app:1', 'app:1')).toMatchObject({ code: 0 });
  });

  it('takes single layers and the lowest ones of an image', async () => {
    expect((await diff('--name-status', 'app:1^', 'app:1#1-3')).stdout).toBe('');
    expect(linesOf((await diff('--name-status', 'app:1^', 'app:1')).stdout)).toEqual([
      'A\t/srv/log',
      'M\t/srv/owned',
    ]);
    expect((await diff('--name-status', 'app:1#3', 'app:2#3')).stdout).toBe('M\t/srv/code\n');
    expect((await diff('app:1#9', 'app:2')).stderr).toContain('has 4 layers');
  });

  it('finds the same by the checksums that the store recorded as by reading', async () => {
    const read = await diff('--json', 'app:1', 'app:2');
    const crc = await diff('--json', '--content', 'crc', 'app:1', 'app:2');
    expect(changesOf(crc.stdout)).toEqual(changesOf(read.stdout));
    expect(changesOf(read.stdout).length).toBe(6);
  });

  it('reads what a record does not tell, and no record that is none', async () => {
    const root = temporary.path('spoiled');
    await succeed('cp', ['-a', engine.dataRoot, root]);
    const layerdb = join(root, 'image/overlay2/layerdb/sha256');
    const records = readdirSync(layerdb).map((name) => join(layerdb, name, 'tar-split.json.gz'));
    const read = changesOf((await diff('--json', 'app:1', 'app:2')).stdout);
    const words = ['--root', root, 'diff', '--json', '--content', 'crc', 'app:1', 'app:2'];
    for (const record of records) utimesSync(record, 1, 2);
    expect(changesOf((await stratafs(words)).stdout)).toEqual(read);
    expect(records.map((record) => statSync(record).atimeMs)).toEqual(records.map(() => 1000));
    for (const spoil of [
      (record: string) => symlinkSync('/etc/hostname', record),
      (record: string) => writeFileSync(record, 'x'),
      (record: string) => writeFileSync(record, gzipSync('{"type":1,"name":5,"size":1,"payload":"x"}\n')),
      (record: string) => spawnSync('mkfifo', [record]),
      (record: string) => spawnSync('mknod', [record, 'c', '1', '5']),
    ]) {
      for (const record of records) {
        rmSync(record);
        spoil(record);
      }
      const { stdout, stderr } = await stratafs(words);
      expect({ changes: changesOf(stdout), stderr }).toEqual({ changes: read, stderr: '' });
    }
  });

  it('compares with a manifest as with the tree it was made of', async () => {
    const { stdout } = await stratafs(['--root', engine.dataRoot, 'manifest', 'app:1']);
    const file = temporary.path('app.mtree');
    writeFileSync(file, stdout, 'latin1');
    expect(await diff(file, 'app:1')).toMatchObject({ code: 0 });
    const straight = await diff('--name-status', '--mtime', 'app:1', 'app:2');
    expect((await diff('--name-status', '--mtime', file, 'app:2')).stdout).toBe(straight.stdout);
  });
});

/** The legacy builder's words for a COPY. */
const COPIED = /COPY file:[0-9a-f]+ in \/srv\/code/;

function linesOf(text: string): string[] {
  return text.split('\n').filter(Boolean).sort();
}

/** What differs, without offsets: these only reading tells. */
function changesOf(json: string): unknown[] {
  return json
    .split('\n')
    .filter((line) => line.startsWith('{"t":"change"'))
    .map((line) => {
      const { firstDifference: _, ...change } = JSON.parse(line) as Record<string, unknown>;
      return change;
    });
}
