// The forensic commands on the sample store, in this process: what they print, word for word, and how they fail.

import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonRecords } from '../../support/json-lines.ts';
import { type SampleRoot, writeSampleRoot } from '../../support/sample-root.ts';
import { Temporary, temporaryForTest } from '../../support/temporary.ts';
import { type Outcome, stratafs } from './memory.ts';

const IMAGE = 'sample/web:1.1';

const temporary = new Temporary();
let sample: SampleRoot;
beforeAll(() => {
  sample = writeSampleRoot(temporary.path('root'));
});
afterAll(() => temporary.end());

async function answer(...words: readonly string[]): Promise<Outcome> {
  return stratafs(['--root', sample.root, ...words]);
}

function columns(text: string): string[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, '|'));
}

/** As root, the sample has an opaque directory; others have whiteouts in its place. */
const isRoot = process.getuid?.() === 0;

describe('history', () => {
  it('shows layers with their steps and what they did', async () => {
    const { out, code } = await answer('history', IMAGE);
    expect(code).toBe(0);
    expect(columns(out)).toEqual([
      'LAYER|CREATED|CREATED BY|SIZE|SHOWN|HIDDEN|ADDED|CHANGED|DELETED|HIDDEN BY|COMMENT',
      '3|5 months ago|/bin/sh -c rm /etc/motd && rm -r /srv/plugin…|33B|33B|0B|1|1|3|',
      '2|5 months ago|/bin/sh -c #(nop) COPY dir:server in /srv|61B|18B|43B|7|0|0|rewritten in 3, deleted in 3|',
      '1|5 months ago|/bin/sh -c #(nop) ADD file:base.tar in /|176B|161B|15B|8|0|0|deleted in 3|',
      'total|270B|212B|58B|',
    ]);
  });

  it('shows them as a Dockerfile', async () => {
    const { out } = await answer('history', '--dockerfile', IMAGE);
    expect(out.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
      'FROM scratch',
      'ADD layer1.tar /',
      'ADD layer2.tar /',
      'RUN rm /etc/motd && rm -r /srv/plugins && update',
      'ENV PATH=/bin',
      'CMD ["/bin/greet"]',
      '',
    ]);
  });
});

describe('history --dockerfile --json', () => {
  it('has a record for each step, with its layer', async () => {
    const { out } = await answer('history', '--dockerfile', '--json', IMAGE);
    expect(jsonRecords(out.replaceAll(/"diffId":"[^"]*",/g, ''))).toEqual([
      { t: 'instruction', layer: 1, kind: 'instruction', text: 'ADD file:base.tar /' },
      { t: 'instruction', layer: 2, kind: 'instruction', text: 'COPY dir:server /srv' },
      {
        t: 'instruction',
        layer: 3,
        kind: 'instruction',
        text: 'RUN rm /etc/motd && rm -r /srv/plugins && update',
      },
    ]);
  });
});

describe('some layers of an image', () => {
  it('have the numbers that they have in the whole', async () => {
    const listed = await answer('ls', '--json', '-d', `${IMAGE}#2-3`, '/');
    expect(listed.out).toContain('"layer":3');
    const { out } = await answer('history', `${IMAGE}#2`);
    expect(columns(out)[1]).toMatch(/^2\|/);
    const changed = await answer('diff', '--json', `${IMAGE}#2`, `${IMAGE}#3`);
    expect(changed.out).toMatch(/"b":\{"ref":"sample\/web:1.1#3",[^[]*"layers":\[\{"layer":3,/);
    const { err, code } = await answer('extract', '--layer', '1', `${IMAGE}#2`, '/srv', '-o', '/nowhere');
    expect([err, code]).toEqual([`stratafs: Cannot use layer "1": ${IMAGE}#2 has one layer, 2\n`, 2]);
  });
});

describe('which', () => {
  it('tells the supplier and the hidden version', async () => {
    const { out } = await answer('which', IMAGE, '/srv/server.conf');
    expect(out.replace(/\d{4}-\d\d-\d\d .*/g, 'TIME').split('\n')).toEqual([
      '/srv/server.conf: layer 3',
      '  set by           content layer 3, mode layer 3, owner layer 2, mtime layer 2, xattrs layer 2',
      '  layer 3   image  shown   file 0640 0:0 24B TIME',
      '                     /bin/sh -c rm /etc/motd && rm -r /srv/plugins && update',
      '  layer 2   image  hidden  file 0644 0:0 24B TIME',
      '                     /bin/sh -c #(nop) COPY dir:server in /srv',
      '',
    ]);
  });

  it('follows links on the way, not the last one', async () => {
    const { out } = await answer('which', '--json', IMAGE, '//etc/../etc/mtab');
    const [told] = jsonRecords<{ path: string; realPath: string; layers: { statements: object[] }[] }>(out);
    expect([told?.path, told?.realPath]).toEqual(['/etc/../etc/mtab', '/etc/mtab']);
    expect(told?.layers[0]?.statements[0]).toMatchObject({
      kind: 'version',
      state: 'supplies',
      target: '/proc/mounts',
    });
  });

  it('finds what was in a directory that is a link now', async () => {
    const temporary = temporaryForTest();
    for (const directory of ['low/lib', 'low/data', 'top'])
      mkdirSync(temporary.path(directory), { recursive: true });
    writeFileSync(temporary.path('low/lib/f'), 'old');
    symlinkSync('/data', temporary.path('top/lib'));
    const layers = `lowerdir=${temporary.path('top')}:${temporary.path('low')}`;
    const { out, err, code } = await answer('which', layers, '/lib/f');
    expect([err, code]).toEqual(['', 0]);
    expect(out).toMatch(
      /^\/lib\/f: not in the merged view\n {2}layer 2 .*no directory at \/lib\n {2}layer 1 .*hidden .*\n$/,
    );
  });

  it('tells which hidden version has the contents of a newer one, and which has not', async () => {
    const temporary = temporaryForTest();
    for (const [layer, contents] of [
      ['base', 'old'],
      ['copy', 'new'],
      ['chmod', 'new'],
    ] as const) {
      mkdirSync(temporary.path(layer));
      writeFileSync(temporary.path(`${layer}/f`), contents, { mode: layer === 'chmod' ? 0o600 : 0o644 });
    }
    const layers = `lowerdir=${['chmod', 'copy', 'base'].map((name) => temporary.path(name)).join(':')}`;
    const { out } = await answer('which', '--json', layers, '/f');
    const [told] = jsonRecords<{ layers: { statements: { sameContentsAs?: number }[] }[] }>(out);
    const same = told?.layers.map(({ statements }) => statements[0]?.sameContentsAs);
    expect(same).toEqual([undefined, 3, undefined]);
    expect((await answer('which', layers, '/f')).out).toMatch(/layer 2 .*hidden.*same contents as layer 3/);
  });

  it('fails where no layer has it, and goes on', async () => {
    const { err, out, code } = await answer('which', IMAGE, '/none', '/etc');
    expect([code, err]).toEqual([
      5,
      `stratafs: Cannot find "/none" in ${IMAGE}: no such file or directory\n`,
    ]);
    expect(out.split('\n')[0]).toBe('/etc: layer 3');
  });
});

describe('deleted', () => {
  it('lists what is gone, who had it and who removed it', async () => {
    const { out, code } = await answer('deleted', IMAGE);
    expect(code).toBe(0);
    const how = isRoot ? 'opaque of /srv/plugins' : 'whiteout';
    expect(columns(out).map((line) => line.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'TIME'))).toEqual([
      'LAYER|REMOVED IN|HOW|REMOVED|SIZE|MODIFIED|PATH',
      '1|3|whiteout|TIME|15B|TIME|/etc/motd',
      `2|3|${how}|TIME|9B|TIME|/srv/plugins/auth`,
      `2|3|${how}|TIME|10B|TIME|/srv/plugins/cache`,
    ]);
  });

  it.each([
    ['below a path', ['deleted', IMAGE, '/srv'], ['/srv/plugins/auth', '/srv/plugins/cache']],
    ['at a path', ['deleted', IMAGE, '/etc/motd'], ['/etc/motd']],
    ['nowhere else', ['deleted', IMAGE, '/bin'], []],
    ['older versions', ['deleted', '--shadowed', IMAGE], ['/srv/server.conf']],
  ])('lists %s', async (_, words, expected) => {
    const { out } = await answer(...words, '--json');
    expect(jsonRecords<{ path: string }>(out).map(({ path }) => path)).toEqual(expected);
  });
});

describe('deleted of a path', () => {
  it.each([
    ['misspelt', '/srvv', 5, `stratafs: Cannot find "/srvv" in ${IMAGE}: no such file or directory\n`],
    ['that is there, with nothing gone', '/bin', 0, ''],
  ])('%s ends with the code', async (_, path, code, err) => {
    expect(await answer('deleted', IMAGE, path)).toMatchObject({ code, err, out: '' });
  });
});

describe('diff --path', () => {
  const sides = ['sample/web:1.0', IMAGE] as const;
  it('fails where neither side has the path', async () => {
    const { code, err } = await answer('diff', ...sides, '--path', '/srvv');
    const state = 'no such file or directory; links on the way are not followed';
    expect([code, err]).toEqual([2, `stratafs: Cannot find "/srvv" in ${sides.join(' or ')}: ${state}\n`]);
  });

  it('takes a path that one side has', async () => {
    expect(await answer('diff', ...sides, '--path', '/etc/motd')).toMatchObject({ code: 1, err: '' });
  });
});

describe('cat --layer', () => {
  it.each([
    ['1', 0, 'a sample image\n', ''],
    [
      '3',
      5,
      '',
      `stratafs: Cannot find "/etc/motd" in layer 3 of ${IMAGE}: a whiteout of "/etc/motd" stands there\n`,
    ],
    ['2', 5, '', `stratafs: Cannot find "/etc/motd" in layer 2 of ${IMAGE}: no such file or directory\n`],
    ['4', 2, '', `stratafs: Cannot use layer "4": ${IMAGE} has the layers 1 (the lowest) to 3\n`],
  ])('%s answers with code %i', async (layer, code, out, err) => {
    expect(await answer('cat', '--layer', layer, IMAGE, '/etc/motd')).toMatchObject({ code, out, err });
  });

  it('follows no link', async () => {
    const { err } = await answer('cat', '--layer', '1', IMAGE, '/etc/mtab');
    expect(err).toBe(`stratafs: Cannot read "/etc/mtab" in ${IMAGE}: is a symbolic link\n`);
  });
});

describe('extract', () => {
  it('copies files, links and times to the same paths', async () => {
    const to = temporaryForTest().path('to');
    const { code, err } = await answer('extract', IMAGE, '/etc', '/bin/greet', '-o', to);
    expect([code, err]).toEqual([0, '']);
    expect(readlinkSync(join(to, 'etc/mtab'))).toBe('/proc/mounts');
    expect(readFileSync(join(to, 'bin/greet'), 'utf8')).toMatch(/^#!/);
    expect([existsSync(join(to, 'etc/motd')), statSync(join(to, 'etc')).mtimeMs]).toEqual([
      false,
      1_700_000_000_000,
    ]);
  });

  it('says which layer has what the view has not', async () => {
    const to = temporaryForTest().path('to');
    const { code, err } = await answer('extract', IMAGE, '/etc/motd', '-o', to);
    const state = 'no such file or directory; layer 1 has it (--layer 1)';
    expect([code, err]).toEqual([5, `stratafs: Cannot open "/etc/motd" in ${IMAGE}: ${state}\n`]);
  });

  it('writes nothing into the store, by a link either', async () => {
    const link = temporaryForTest().path('link');
    symlinkSync(sample.root, link);
    const { code, err } = await answer('extract', IMAGE, '/etc', '-o', join(link, 'new'));
    expect([code, err]).toEqual([
      2,
      `stratafs: Cannot write to "${link}/new": it lies inside the store "${sample.root}"\n`,
    ]);
    expect(existsSync(join(sample.root, 'new'))).toBe(false);
  });

  it('ends where the kernel makes no directories', async () => {
    expect(await answer('extract', IMAGE, '/etc', '-o', '/proc/none/x')).toMatchObject({
      code: 2,
      err: 'stratafs: Cannot make the directory "/proc/none": no such file or directory\n',
    });
  });
});

describe('export', () => {
  it.each([
    ['the store', 'x.tar'],
    ['a directory of the store', 'overlay2/x.tar'],
  ])('writes nothing into %s, by a link either', async (_, name) => {
    const link = temporaryForTest().path('link');
    symlinkSync(sample.root, link);
    for (const file of [join(sample.root, name), join(link, name), `${link}/overlay2/../${name}`]) {
      expect(await answer('export', IMAGE, '-o', file)).toMatchObject({
        code: 2,
        err: `stratafs: Cannot write to "${file}": it lies inside the store "${sample.root}"\n`,
      });
    }
    expect(existsSync(join(sample.root, name))).toBe(false);
  });

  it('writes to the standard output for -o -', async () => {
    const { code, out } = await answer('export', IMAGE, '-o', '-');
    expect([code, out]).toEqual([0, (await answer('export', IMAGE)).out]);
    expect(existsSync('-')).toBe(false);
  });

  it('writes nothing into a plain layer', async () => {
    const layer = temporaryForTest().path('layer');
    mkdirSync(layer);
    const { code, err } = await answer('export', `lowerdir=${layer}`, '-o', `${layer}/self.tar`);
    expect([code, err]).toEqual([
      2,
      `stratafs: Cannot write to "${layer}/self.tar": it lies inside the layer "${layer}"\n`,
    ]);
    expect(existsSync(`${layer}/self.tar`)).toBe(false);
  });
});

describe('timeline', () => {
  it('sorts a body file by path, a directory before what it holds', async () => {
    const { out } = await answer('timeline', IMAGE);
    const names = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split('|')[1]);
    expect(names.slice(0, 6)).toEqual([
      '/',
      '/bin',
      '/bin/greet',
      '/bin/hello',
      '/etc',
      '/etc/motd (deleted)',
    ]);
    expect(names).toContain('/etc/motd (removed)');
    expect(names).not.toContain('/srv/server.conf (shadowed)');
  });

  it('names the references where there are several, and older versions where asked', async () => {
    const { out } = await answer('timeline', '--shadowed', '--format', 'body', IMAGE, 'sample/web:1.0');
    expect(out).toMatch(/^0\|sample\/web:1\.1:\/srv\/server\.conf \(shadowed\)\|\d+-2\|/m);
    expect(out).toMatch(/^0\|sample\/web:1\.0:\/etc\/motd\|\d+-1\|r\/rrw-r--r--\|/m);
  });

  it('tells each layer once for all that have it, or each image on its own', async () => {
    const motd = async (...words: readonly string[]) => {
      const { out } = await answer('timeline', '--all', ...words);
      const names = out.split('\n').map((line) => line.split('|')[1] ?? '');
      return names.filter((name) => name.includes('/etc/motd'));
    };
    expect(await motd()).toEqual([
      'sample/web:1.1,sample/web:1.0:/etc/motd',
      ...['removed', 'whiteout'].map((state) => `sample/web:1.1:/etc/motd (${state})`),
    ]);
    expect(await motd('--per-image')).toEqual([
      'sample/web:1.0:/etc/motd',
      ...['deleted', 'removed', 'whiteout'].map((state) => `sample/web:1.1:/etc/motd (${state})`),
    ]);
    const { code, err } = await answer('timeline', '--per-image', IMAGE);
    expect([code, err]).toEqual([2, 'stratafs: Cannot tell "--per-image" without "--all"\n']);
  });

  it.each([
    ['no reference', ['timeline'], 'Cannot make a timeline: name images or containers, or give --all'],
    [
      'a form there is not',
      ['timeline', '--format', 'xml', IMAGE],
      'Cannot write the form "xml": no such form',
    ],
  ])('refuses %s', async (_, words, message) => {
    expect(await answer(...words)).toMatchObject({ code: 2, err: `stratafs: ${message}\n`, out: '' });
  });
});

describe('whose', () => {
  async function kinds(...words: readonly string[]): Promise<string[]> {
    const { out } = await answer('whose', '--json', ...words);
    const told = jsonRecords<{ kind: string; users: { label: string; layer?: number }[] }>(out);
    return told.map(({ kind, users }) => {
      return `${kind}: ${users
        .map(({ label, layer }) => `${label} ${layer}`)
        .sort()
        .join(', ')}`;
    });
  }
  const BOTH = 'layer: sample/web:1.0 2, sample/web:1.1 2';

  it('knows a layer by each of its IDs and places', async () => {
    const { cacheId, chainId, diffId, directory, record } = sample.layers[1];
    const link = readFileSync(join(directory, '../link'), 'utf8');
    const asked = [
      cacheId,
      chainId,
      diffId,
      diffId.slice(7, 15),
      join(directory, 'srv/none'),
      join(record, 'diff'),
    ];
    for (const one of [...asked, link, `overlay2/l/${link}`, `${sample.root}/overlay2/l/${link}/srv`]) {
      expect([one, await kinds(one)]).toEqual([one, [BOTH]]);
    }
  });

  it('knows an image by ID and place', async () => {
    for (const one of [sample.imageId, `sha256:${sample.imageId}`, sample.config]) {
      expect(await kinds(one)).toEqual(['image: ']);
    }
  });

  it('knows images and containers by name, and says what they are made of', async () => {
    const { out } = await answer('whose', IMAGE);
    const [first = '', ...rest] = out.split('\n').filter(Boolean);
    expect(first).toBe(`${IMAGE}: an image sha256:${sample.imageId}`);
    expect(rest.map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      `names ${IMAGE}`,
      ...sample.layers.map(
        ({ chainId, directory }, i) => `made of layer ${3 - i} ${chainId.slice(7, 19)} ${directory}`,
      ),
      'used by nothing',
    ]);
    expect((await answer('whose', `image:${IMAGE}`)).out.split('\n').slice(1)).toEqual(
      out.split('\n').slice(1),
    );
  });

  it('offers the names that are near', async () => {
    const { code, err } = await answer('whose', 'sample/wep');
    const state =
      'nothing in the store has this name, ID or path; did you mean "sample/web:1.0" or "sample/web:1.1"?';
    expect([code, err]).toEqual([3, `stratafs: Cannot find whose "sample/wep" is: ${state}\n`]);
  });

  it('tells of a directory that nothing leads to', async () => {
    const orphan = 'ef'.repeat(32);
    mkdirSync(join(sample.root, 'overlay2', orphan));
    expect(await kinds(orphan.slice(0, 8))).toEqual(['directory: ']);
    renameSync(join(sample.root, 'overlay2', orphan), temporary.path(orphan));
  });

  it('fails where there is nothing', async () => {
    const { code, err } = await answer('whose', 'abcdef0123', `${sample.root}/nothing`);
    expect(code).toBe(3);
    expect(err.split('\n')[0]).toBe(
      'stratafs: Cannot find whose "abcdef0123" is: nothing in the store has this name, ID or path',
    );
  });
});

describe('--host-root', () => {
  it('finds the data root, and takes --root as a path of that machine', async () => {
    const host = temporaryForTest();
    mkdirSync(host.path('var/lib'), { recursive: true });
    writeSampleRoot(host.path('srv'));
    symlinkSync('/srv', host.path('var/lib/docker'));
    const expected = (await answer('images', '-q')).out;
    expect((await stratafs(['--host-root', host.directory, 'images', '-q'])).out).toBe(expected);
    expect((await stratafs(['--host-root', host.directory, '--root', '/srv', 'images', '-q'])).out).toBe(
      expected,
    );
    const none = await stratafs(['--host-root', host.path('var'), 'doctor']);
    expect([none.code, none.err.slice(0, 44)]).toEqual([4, 'stratafs: Cannot find a store in host root "']);
  });
});
