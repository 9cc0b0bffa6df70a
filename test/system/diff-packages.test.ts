// `stratafs diff --packages` and `--unexplained`, and the noise rules, on trees as the package managers leave them.

import { beforeAll, expect, it } from 'vitest';
import { jsonRecords } from '../support/json-lines.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const OLD = { mtime: 1_000_000_000_000_000_000n };

const stanza = (name: string, version: string) =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nDescription: x\n Version: 9\n\n`;
const apk = (version: string) => `P:musl\nV:${version}\nF:lib\nR:ld-musl.so\n\n`;
const metadata = (version: string) =>
  `Metadata-Version: 2.1\nName: Requests\nVersion: ${version}\n\nVersion: 99\n`;
const SITE = 'usr/lib/python3/site-packages';

function tree(version: '1' | '2'): layer.Step[] {
  const isNew = version === '2';
  return [
    layer.file('var/lib/dpkg/status', stanza('openssl', `3.0-${version}`) + stanza('less', '590'), OLD),
    layer.file('var/lib/dpkg/info/openssl.list', '/.\n/usr\n/usr/bin/openssl\n/lib/libssl.so\n', OLD),
    layer.file('var/lib/dpkg/info/less:amd64.list', '/bin/less\n', OLD),
    layer.file('usr/bin/openssl', `ssl ${version}`, OLD),
    layer.file('usr/lib/libssl.so', `lib ${version}`, OLD),
    layer.file('usr/bin/less', isNew ? 'evil' : 'less', OLD),
    layer.file('lib/apk/db/installed', apk(`1.2.${version}`), OLD),
    layer.file('lib/ld-musl.so', `musl ${version}`, OLD),
    layer.file(`${SITE}/requests-${version}.dist-info/METADATA`, metadata(version), OLD),
    layer.file(
      `${SITE}/requests-${version}.dist-info/RECORD`,
      'requests/api.py,sha256=x,3\n../../../bin/req,,\n',
      OLD,
    ),
    layer.file(`${SITE}/requests/api.py`, `api ${version}`, OLD),
    layer.file(`${SITE}/requests/__pycache__/api.cpython-311.pyc`, `pyc ${version}`, OLD),
    layer.file('usr/bin/req', `req ${version}`, OLD),
    layer.file(
      'srv/node_modules/left-pad/package.json',
      `{"name":"left-pad","version":"1.0.${version}"}`,
      OLD,
    ),
    layer.file('srv/node_modules/left-pad/index.js', `pad ${version}`, OLD),
    layer.file('etc/ld.so.cache', `cache ${version}`, OLD),
    layer.file('opt/same.pyc', `\x01\x02\x03\x04\0\0\0\0tim${version}sizecode`, OLD),
    layer.file('opt/other.pyc', `\x01\x02\x03\x04\0\0\0\0tim${version}sizecod${version}`, OLD),
    layer.file('opt/mine', `mine ${version}`, OLD),
  ];
}

describeSystem('stratafs diff --packages', ['root', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => temporary.path(name)) as [
    string,
    string,
    string,
    string,
  ];
  const empty = temporary.path('empty');
  const diff = async (...words: string[]) => {
    const { stdout } = await stratafs(['diff', ...words, `lowerdir=${a}`, `lowerdir=${b}`]);
    return Buffer.from(stdout, 'latin1').toString('utf8');
  };

  beforeAll(async () => {
    await oracle.write([
      { directory: a, steps: tree('1') },
      { directory: b, steps: tree('2') },
      { directory: empty, steps: [] },
    ]);
  });

  it('rolls changes up by package', async () => {
    expect(await diff('--packages')).toMatchInlineSnapshot(`
      "dpkg  1 changed
        openssl  3.0-1 → 3.0-2  2 files
      apk  1 changed
        musl  1.2.1 → 1.2.2  1 file
      pip  1 changed
        requests  1 → 2  9 files
      npm  1 changed
        /srv/node_modules/left-pad  1.0.1 → 1.0.2  2 files
      files  21 changed
            14  owned by the packages above
             2  package databases
             2  noise
             1  owned by packages of one version in both  ← --unexplained lists them
             2  not explained  ← --unexplained lists them

      3 added, 3 removed, 15 changed (19 differ in time only, --mtime shows them; 2 noise, --ignore-noise all hides them)
      "
    `);
  });

  it('lists what no package explains', async () => {
    expect(await diff('--unexplained')).toMatchInlineSnapshot(`
      "  ?  /usr/bin/less  content 4 B, from byte 0  [dpkg less, one version in both]
        ?  /opt/mine  content 6 B, from byte 5
        ?  /opt/other.pyc  content 20 B, from byte 11

      2 not explained, 1 of packages of one version in both, of 21 changes
      "
    `);
  });

  it('explains a directory by what is in it, where all of that is explained', async () => {
    const installed = (names: string) => `P:musl\nV:${names.length}\nF:opt/new/deep\n${names}\n`;
    const file = (path: string) => layer.file(path, 'x', OLD);
    await oracle.write([
      { directory: c, steps: [layer.file('lib/apk/db/installed', installed('R:a\n'), OLD)] },
      {
        directory: d,
        steps: [
          layer.file('lib/apk/db/installed', installed('R:a\nR:b\n'), OLD),
          ...['opt/new/deep/a', 'opt/new/deep/b', 'srv/new/deep/c'].map(file),
        ],
      },
    ]);
    const sides = [`lowerdir=${c}`, `lowerdir=${d}`];
    const { stdout } = await stratafs(['diff', '--unexplained', ...sides]);
    expect(stdout).toMatch(
      / {2}\+ {2}\/srv\n {2}\+ {2}\/srv\/new\n {2}\+ {2}\/srv\/new\/deep\n {2}\+ {2}\/srv\/new\/deep\/c/,
    );
    expect(stdout).not.toContain('/opt/new/deep');
    expect(stdout).toMatch(/\n\n4 not explained, of 10 changes\n$/);
  });

  it('rolls up the packages of a path alone', async () => {
    const out = await diff('--packages', '--path', '/srv');
    expect(out).toContain('npm  1 changed');
    expect(out).not.toMatch(/dpkg|apk|pip/);
  });

  it('rolls up and lists in JSON, too', async () => {
    const records = async (...words: string[]) =>
      jsonRecords<Record<string, unknown>>(await diff('--json', ...words)).slice(0, -1);
    const all = await records('--packages');
    const listed = await records('--expand');
    expect(all.slice(0, listed.length)).toEqual(listed);
    expect(all.slice(listed.length)).toEqual([
      { t: 'package', mgr: 'dpkg', name: 'openssl', a: '3.0-1', b: '3.0-2', files: { modify: 2 } },
      { t: 'package', mgr: 'apk', name: 'musl', a: '1.2.1', b: '1.2.2', files: { modify: 1 } },
      { t: 'package', mgr: 'pip', name: 'requests', a: '1', b: '2', files: { add: 3, remove: 3, modify: 3 } },
      {
        t: 'package',
        mgr: 'npm',
        name: '/srv/node_modules/left-pad',
        a: '1.0.1',
        b: '1.0.2',
        files: { modify: 2 },
      },
      { t: 'files', owned: 14, database: 2, noise: 2, suspicious: 1, unexplained: 2 },
    ]);
    const told = (await records('--unexplained')).map(({ path, package: owner }) => ({ path, owner }));
    expect(told).toEqual([
      { path: '/usr/bin/less', owner: { mgr: 'dpkg', name: 'less' } },
      { path: '/opt/mine', owner: undefined },
      { path: '/opt/other.pyc', owner: undefined },
      { path: undefined, owner: undefined },
    ]);
    expect((await records('--unexplained')).at(-1)).toMatchObject({
      t: 'files',
      suspicious: 1,
      unexplained: 2,
    });
  });

  it.each(['', '--expand', '--no-expand', '--quiet', '--json', '--name-only', '--packages', '-M'])(
    '--fail-on package-changed,package-added names packages, with "%s"',
    async (form) => {
      const words = [...form.split(' ').filter(Boolean), '--fail-on', 'package-changed,package-added'];
      const gate = async (one: string, other: string) => {
        const { code, stderr } = await stratafs(['diff', ...words, `lowerdir=${one}`, `lowerdir=${other}`]);
        return [code, stderr.replaceAll('stratafs: --fail-on ', '')];
      };
      const changed = [
        'package-changed: dpkg openssl 3.0-1 → 3.0-2',
        'package-changed: apk musl 1.2.1 → 1.2.2',
        'package-changed: pip requests 1 → 2',
        'package-changed: npm /srv/node_modules/left-pad 1.0.1 → 1.0.2',
      ];
      const added = ['dpkg less 590', 'dpkg openssl 3.0-2', 'apk musl 1.2.2', 'pip requests 2'];
      const lines = (all: readonly string[]) => Buffer.from(`${all.join('\n')}\n`).toString('latin1');
      expect(await gate(a, b)).toEqual([1, lines(changed)]);
      expect(await gate(empty, b)).toEqual([
        1,
        lines([...added, 'npm /srv/node_modules/left-pad 1.0.2'].map((one) => `package-added: ${one}`)),
      ]);
      expect(await gate(b, empty)).toEqual([0, '']);
      expect(await gate(a, a)).toEqual([0, '']);
    },
  );

  it('names noise, and leaves out the rules that are named', async () => {
    expect(
      (await diff('--path', '/opt', '--path', '/etc'))
        .match(/.*\[noise.*/g)
        ?.map((line) => line.trim().replace(/ {2,}/g, '  ')),
    ).toEqual([
      '?  /etc/ld.so.cache  content 7 B, from byte 6  [noise: ld-cache]  A1 → B1',
      '?  /opt/same.pyc  content 20 B, from byte 11  [noise: pyc-header]  A1 → B1',
    ]);
    const names = await diff(
      '--name-status',
      '--path',
      '/opt',
      '--path',
      '/etc',
      '--ignore-noise',
      'pyc-header',
    );
    expect(names).toBe('M\t/etc/ld.so.cache\nM\t/opt/mine\nM\t/opt/other.pyc\n');
    expect(await diff('--name-status', '--path', '/etc', '--ignore-noise', 'all')).toBe('');
  });
});
