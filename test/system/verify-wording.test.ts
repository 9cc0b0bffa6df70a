// What `stratafs verify` says, in words and exit codes: of containers, of what a daemon would stack, of planted directories, of
// poor copies, and to a process that cannot see the marks.

import { mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

/** Done in the directory of the base image: of each kind of metadata some. */
const BASE = `cd "$1" && mkdir -p etc tree many && echo gone > etc/gone && echo old > tree/old &&
  for i in $(seq 20); do echo $i > many/$i; chown 1000:1000 many/$i; done &&
  setfattr -n user.note -v here etc && printf x > etc/cap && setcap cap_net_raw+ep etc/cap &&
  echo su > etc/su && chmod 4755 etc/su && echo grouped > etc/grouped && chmod 0664 etc/grouped &&
  ln etc/cap etc/hard && mkfifo etc/fifo && ln -s gone etc/link`;

const DOCKERFILE = `
FROM base
RUN rm etc/gone && rm -r /tree && mkdir /tree && echo new > /tree/new
`;

describeSystem('the words of stratafs verify', ['root', 'docker', 'busybox', 'rsync', 'build'], () => {
  const temporary = temporaryForSuite();
  const engine = new Engine(temporary);
  /** Directories of the layers of `app`, base first, and of the container, relative to the root. */
  let layers: readonly string[] = [];
  let upper = '';
  let copies = 0;

  beforeAll(async () => {
    await engine.start();
    const base = temporary.path('base');
    mkdirSync(base);
    await succeed('sh', ['-ec', BASE, 'sh', base]);
    await engine.importBusybox('base', { into: base });
    await engine.build('app', DOCKERFILE);
    await engine.docker(['create', '--name', 'box', 'app', '/bin/sh']);
    const relative = (directory: string) => directory.slice(engine.dataRoot.length + 1);
    layers = (await engine.layersOf('app', 'image')).reverse().map(relative);
    upper = relative((await engine.layersOf('box', 'container'))[0] ?? '');
    await engine.stop();
  });

  async function copy(): Promise<string> {
    copies += 1;
    const root = temporary.path(`copy-${copies}`);
    await succeed('cp', ['-a', engine.dataRoot, root]);
    return root;
  }

  /** Each line without IDs, and with single spaces; the root is ROOT. */
  async function verify(root: string, ...args: readonly string[]) {
    const { code, stdout, stderr } = await stratafs(['--root', root, 'verify', ...args]);
    const lines = stdout
      .replaceAll(root, 'ROOT')
      .replaceAll(/\b(?:sha256:)?[0-9a-f]{64}\b/g, 'ID')
      .replaceAll(/ {2,}/g, ' ')
      .replaceAll(/[0-9.]+[kM]?B/g, 'SIZE')
      .split('\n')
      .filter(Boolean);
    return { code, stderr: stderr.replaceAll(root, 'ROOT'), lines };
  }

  function directoryOf(layer: string): string {
    return basename(layer.replace(/\/diff$/, ''));
  }

  it('say of a container that its image is verified, and that nothing records its own layers', async () => {
    const { code, lines, stderr } = await verify(engine.dataRoot, 'box');
    expect({ code, lines, stderr }).toEqual({
      code: 4,
      stderr: '',
      lines: [
        expect.stringMatching(/^verified box layer 1 ID: \d+ entries, SIZE/),
        expect.stringMatching(/^verified box layer 2 ID: \d+ entries, SIZE/),
        "unverifiable box layer 3 the engine's own: nothing records what is in it",
        'unverifiable box layer 4 its own: nothing records what is in it',
        'unverifiable box ID: layers of its image verified, 2 of its own without a record',
        'total 1 container, 2 layers (2 verified); 2 own layers of containers without a record',
      ],
    });
    expect((await verify(engine.dataRoot, '--all')).code).toBe(4);
    expect((await verify(engine.dataRoot, '--all', '--images')).code).toBe(0);
  });

  it('tell of a layer once, then in which image it was', async () => {
    const { lines } = await verify(engine.dataRoot, '--all', '--images');
    expect(lines.map((line) => line.replace(/ID: \d+ entr.*/, 'ID'))).toEqual([
      'verified app:latest layer 1 ID',
      'verified app:latest layer 2 ID',
      'verified app:latest ID',
      'verified base:latest layer 1: as in app:latest',
      'verified base:latest ID',
      'total 2 images, 2 layers (2 verified)',
    ]);
  });

  it.each([
    ['the list of a layer rewritten to nothing', () => '', 'found none'],
    ['the list of a layer rewritten to another directory', (link: string) => `${link}:${link}`, 'found ID'],
    ['a path in it', () => `../../elsewhere`, 'found ../../elsewhere'],
  ])('name %s', async (_, lower, found) => {
    const root = await copy();
    const [, top = ''] = layers;
    const file = join(root, top, '../lower');
    writeFileSync(file, lower(readFileSync(file, 'latin1')));
    const { code, lines } = await verify(root, 'app');
    expect([code, lines[1]]).toEqual([
      1,
      expect.stringMatching(
        /^tampered app:latest layer 2 stack: "ROOT\/overlay2\/.*\/lower" leads a daemon to another directory for layer \d below it, expected (ID|none), found /,
      ),
    ]);
    expect(lines[1]).toContain(found === 'found none' ? 'found ' : found);
  });

  it('name a short link that was turned to another layer, in the image, the container and doctor', async () => {
    const root = await copy();
    const [base = '', top = ''] = layers;
    const link = join(root, 'overlay2/l', readFileSync(join(root, base, '../link'), 'latin1'));
    expect(readlinkSync(link)).toBe(`../${directoryOf(base)}/diff`);
    rmSync(link);
    symlinkSync(`../${directoryOf(top)}/diff`, link);
    const { code, lines } = await verify(root, 'box');
    expect([
      code,
      lines.filter((line) => line.includes(' stack: ')).map((line) => line.replace(/".*\//, '"')),
    ]).toEqual([
      1,
      [
        'tampered box layer 1 stack: "link" leads a daemon to another directory for itself, expected ID, found ID',
        'tampered box layer 2 stack: "lower" leads a daemon to another directory for layer 1 below it, expected ID, found ID',
        'tampered box layer 3 stack: "lower" leads a daemon to another directory for layer 2 below it, expected ID, found ID',
        'tampered box layer 4 stack: "lower" leads a daemon to another directory for layer 3 below it, expected ID, found ID',
      ],
    ]);
    expect((await stratafs(['--root', root, 'doctor'])).stdout).toMatch(/lower-other/);
  });

  it('name what a container would be stacked on instead of its image', async () => {
    const root = await copy();
    const planted = join(root, 'overlay2', 'f'.repeat(64));
    mkdirSync(join(planted, 'diff/etc'), { recursive: true });
    writeFileSync(join(planted, 'diff/etc/shadow'), 'planted\n');
    symlinkSync(`../${basename(planted)}/diff`, join(root, 'overlay2/l', 'P'.repeat(26)));
    const lower = join(root, upper, '../lower');
    writeFileSync(lower, readFileSync(lower, 'latin1').replace(/[^:]+$/, `l/${'P'.repeat(26)}`));
    const { code, lines } = await verify(root, '--all');
    expect([code, lines.filter((line) => / stack: |directories without a record/.test(line))]).toEqual([
      1,
      [
        expect.stringMatching(
          /^tampered box layer 4 stack: ".*\/lower" leads a daemon to another directory for layer 3 below it/,
        ),
        'unverifiable directories without a record extra ROOT/overlay2/ID: expected nothing, found directory',
        'unverifiable directories without a record extra ROOT/overlay2/ID/diff: expected nothing, found directory',
        'unverifiable directories without a record extra ROOT/overlay2/ID/diff/etc: expected nothing, found directory',
        'unverifiable directories without a record extra ROOT/overlay2/ID/diff/etc/shadow: expected nothing, found regular file of 8 bytes, ID',
        'unverifiable directories without a record',
      ],
    ]);
  });

  it('list what is in a directory that was planted in a layer, in order', async () => {
    const root = await copy();
    const planted = join(root, layers[1] ?? '', 'opt');
    mkdirSync(join(planted, 'b'), { recursive: true });
    writeFileSync(join(planted, 'b/x'), 'one');
    writeFileSync(join(planted, 'a'), 'two');
    const { lines } = await verify(root, 'app');
    expect(
      lines
        .filter((line) => /extra\b/.test(line))
        .map((line) => line.replace('tampered app:latest layer 2 extra ', '')),
    ).toEqual([
      'opt: expected nothing, found directory',
      'opt/a: expected nothing, found regular file of 3 bytes, ID',
      'opt/b: expected nothing, found directory',
      'opt/b/x: expected nothing, found regular file of 3 bytes, ID',
      expect.stringMatching(/others: 4 extra$/),
      expect.stringMatching(/^total .*others: 4 extra$/),
    ]);
  });

  it('are not "verified" to a process that cannot see the marks', async () => {
    const lost = ['--bounding-set', '-sys_admin', '--inh-caps=-all', '--'];
    const words = ['--root', engine.dataRoot, 'verify', 'app'];
    const { code, stdout } = await run('setpriv', [...lost, BUILT_COMMAND, ...words]);
    expect(code).toBe(4);
    expect(stdout).toMatch(
      /^unverifiable {2}app:latest layer 1 {2}xattr: attributes named trusted\.\*.*: run as root$/m,
    );
    expect(stdout).toMatch(/^unverifiable {2}app:latest layer 2 {2}sha256.*contents: sha256 right/m);
    expect(stdout).not.toMatch(/^tampered/m);
  });

  /** [how the copy is made from $1 to $2, what it has lost] */
  const COPIES: readonly (readonly [name: string, script: string, lost: string])[] = [
    [
      'rsync -a, whiteouts and all',
      'rsync -a "$1/" "$2/"',
      'extended attributes, hard links, marks of opaque directories',
    ],
    [
      'rsync as one who may not make devices',
      'rsync -rlpt --no-devices --no-specials "$1/" "$2/" 2>/dev/null || [ $? = 23 ]',
      'devices and fifos, extended attributes, hard links, marks of opaque directories, owners, whiteouts',
    ],
    [
      'tar',
      'mkdir "$2" && tar -C "$1" -cf - . | tar -C "$2" -xf -',
      'extended attributes, marks of opaque directories',
    ],
    [
      'cp -r under another umask',
      'umask 077 && cp -r "$1" "$2"',
      'bits of modes, extended attributes, hard links, marks of opaque directories, owners',
    ],
  ];

  it.each(COPIES)('say of a copy made by %s that all contents are right', async (name, script, lost) => {
    const root = temporary.path(`poor-${copies++}`);
    await succeed('sh', ['-ec', script, 'sh', engine.dataRoot, root]);
    const { code, lines, stderr } = await verify(root, 'app');
    const layerLines = lines.filter((line) => /^\w+ app:latest layer \d ID:/.test(line));
    expect({
      name,
      code,
      right: layerLines.every((line) => line.includes('sha256 right')),
      many: lines.length < 40,
    }).toEqual({ name, code: 1, right: true, many: true });
    expect(stderr).toBe(
      `stratafs: all contents are as recorded, by their sha256; all that differs is what a poor copy loses (${lost}), ` +
        'and none of it is left; if this is such a copy, "--metadata record" of other commands takes it from the record\n',
    );
    expect(lines.at(-1)).toMatch(/^total 1 image, 2 layers \(.*\); contents: sha256 right; metadata: .*$/);
  });

  it('count above a dozen findings of one kind, and tell all with -v', async () => {
    const root = await copy();
    await succeed('sh', ['-ec', 'chown 5:5 "$1"/many/*', 'sh', join(root, layers[0] ?? '')]);
    const { lines } = await verify(root, 'app');
    expect(lines.filter((line) => line.includes('owner'))).toEqual([
      'tampered app:latest layer 1 owner: 20 like this one (-v tells all): owner many/1: expected 1000:1000, found 5:5',
      expect.stringMatching(/contents: sha256 right; metadata: 20 owner/),
      expect.stringMatching(/^total .*metadata: 20 owner$/),
    ]);
    const all = await verify(root, '-v', 'app');
    expect(all.lines.filter((line) => line.includes('owner many/'))).toHaveLength(20);
  });

  it('and the view of a copy whose owners were changed are by the marks it has', async () => {
    const root = await copy();
    await succeed('chown', ['-R', '-h', '1234:1234', root]);
    const gone = await stratafs(['--root', root, 'ls', 'app', '/tree']);
    expect({ stdout: gone.stdout, stderr: gone.stderr.replaceAll(root, 'ROOT') }).toEqual({
      stdout: 'new\n',
      stderr: expect.stringMatching(
        /^stratafs: Warning: the owners of "app:latest" are those of a rootless store, but "ROOT\/overlay2\/.*\/diff\/tree" has a mark of root's own engine/,
      ),
    });
    const wrong = await stratafs(['--root', root, '--overlay', 'userxattr', 'ls', 'app', '/tree']);
    expect(wrong.stdout).toBe('new\nold\n');
    const { code, lines, stderr } = await verify(root, 'app');
    expect([code, lines.at(-1)]).toEqual([
      1,
      expect.stringMatching(
        /^total 1 image, 2 layers \(2 tampered\); contents: sha256 right; metadata: .*owner/,
      ),
    ]);
    expect(stderr).toContain('all contents are as recorded');
  });

  it('are in JSON too', async () => {
    const { stdout } = await stratafs(['--root', engine.dataRoot, 'verify', '--json', 'app', 'box']);
    const objects = jsonRecords<Record<string, unknown>>(stdout).filter(({ t }) => t !== 'finding');
    expect(
      objects.map(({ t, layer, verdict, role, sha256, again, recorded }) => ({
        t,
        layer,
        verdict,
        role,
        sha256,
        again,
        recorded,
      })),
    ).toEqual([
      { t: 'layer', layer: 1, verdict: 'verified', sha256: 'right' },
      { t: 'layer', layer: 2, verdict: 'verified', sha256: 'right' },
      { t: 'image', verdict: 'verified' },
      {
        t: 'layer',
        layer: 1,
        verdict: 'verified',
        sha256: 'right',
        again: { ref: 'app:latest', layer: 1 },
      },
      {
        t: 'layer',
        layer: 2,
        verdict: 'verified',
        sha256: 'right',
        again: { ref: 'app:latest', layer: 2 },
      },
      { t: 'layer', layer: 3, verdict: 'unverifiable', role: 'engine', recorded: false },
      { t: 'layer', layer: 4, verdict: 'unverifiable', role: 'upper', recorded: false },
      { t: 'container', verdict: 'unverifiable' },
      { t: 'total', sha256: { right: 2 } },
    ]);
    expect(objects.at(-1)).toMatchObject({ images: 1, containers: 1, ownLayers: 2, layers: { verified: 2 } });
  });
});
