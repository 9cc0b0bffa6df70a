// Evidence: every command on a data root that is mounted read-only. Each must do its work; what layers say of single files is held
// against the files themselves.

import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { jsonRecordsOfBytes } from '../../support/json-lines.ts';
import { mountKernel } from '../../support/kernel.ts';
import { directory, file, symlink } from '../../support/layers.ts';
import { ALL_FIELDS } from '../../support/oracle.ts';
import { SAMPLE } from '../../support/sample.ts';
import { lowerdirReference, mountStratafs } from '../../support/stratafs.ts';
import type { Sampled } from './sampled.ts';

export function testEvidence({ temporary, oracle, engine, stratafs, root, ...sampled }: Sampled): void {
  const target = temporary.path('target');
  /** Of the image, top first. */
  let layers: readonly string[] = [];
  let ids: readonly string[] = [];
  const { image, changed, base } = SAMPLE;

  beforeAll(() => {
    layers = sampled.layers.get(image) ?? [];
    ids = sampled.diffIds.get(image) ?? [];
    mkdirSync(target);
  });

  /** Command → words, and the exit code where it is not 0. `-o` leads to a new place. */
  const COMMANDS: Readonly<Record<string, readonly (readonly [words: string, code?: number])[]>> = {
    stores: [['--json']],
    images: [['-q'], ['--json']],
    containers: [['--json']],
    df: [['-a'], ['-v --json']],
    du: [[`-a --layers ${image}`]],
    inspect: [[`--json ${image}`], [changed]],
    ls: [[`-lR ${image} /`], [`-R --json ${changed} /`], [`-R --metadata tar-split ${image} /`]],
    cat: [[`${image} /etc/kept /hard/one`], [`--layer 1 ${image} /etc/hello`]],
    stat: [[`--json ${changed} /etc /moved /renamed /times-link`]],
    // Containers' own layers have no record.
    verify: [['--all', 4], ['--all --images'], [`--json ${image}`]],
    export: [[`${changed} -o NEW`], [`--layer 2 ${image} -o NEW`], [`--metadata tar-split ${image} -o NEW`]],
    history: [[`--json ${changed}`], [`--dockerfile ${image}`], [`--metadata tar-split ${image}`]],
    which: [[`${changed} /etc/kept /renamed/more /link /again`], [`--metadata tar-split ${image} /link`]],
    deleted: [[`--expand --json ${changed}`], [`--shadowed ${image}`], [`--metadata tar-split ${image} /`]],
    extract: [[`-p --devices -o NEW ${changed} /`], [`-p --layer 1 -o NEW ${image} /`]],
    timeline: [['--all --shadowed --format csv'], [`--metadata tar-split ${image}`]],
    report: [[`${changed} -o NEW`], [`${image} -o NEW`], ['--store --verify --out NEW'], ['--store -o NEW']],
    whose: [[`ROOT/image ROOT/overlay2/l`], ['ROOT/none', 3]],
    doctor: [['']],
    diff: [
      [`${base} ${image}`, 1],
      [`--patch ${base} ${changed}`, 1],
      [`--json ${base} ${changed}`, 1],
      [`--docker ${changed}`, 1],
      [`--markdown ${base} ${changed}`, 1],
    ],
    manifest: [[image], [`--metadata tar-split ${image}`]],
    mount: [],
    umount: [],
    completion: [['bash']],
    help: [],
  };

  it('has a use of every command here', async () => {
    const { stdout } = await stratafs(['--help']);
    const names = [...stdout.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map(([, name]) => name ?? '');
    expect(names.filter((name) => !(name in COMMANDS))).toEqual([]);
    expect(names.length).toBeGreaterThan(15);
  });

  const uses = Object.entries(COMMANDS).flatMap(([command, all]) =>
    all.map(([words, code = 0]) => [`${command} ${words}`, code] as const),
  );

  it.each(uses)('%s', async (words, code) => {
    const place = join(target, String(Math.random()).slice(2));
    const list = words.replace('NEW', place).replaceAll('ROOT', root).split(' ').filter(Boolean);
    const outcome = await stratafs(['--root', root, ...list], { env: { TMPDIR: target } });
    expect(outcome.code, outcome.stderr).toBe(code);
    expect(outcome.stderr).not.toMatch(/read-only|fault of stratafs/);
  });

  it.each(['cached', 'passthrough'])('mount, all of it read, data %s', async (data) => {
    const mount = await mountStratafs(temporary, changed, { root, args: ['--data', data] });
    expect((await oracle.dump(mount.directory, { fields: ALL_FIELDS })).length).toBeGreaterThan(60);
    await mount.umount();
  });

  it('cat --layer: gives every file of every layer as it lies there', async () => {
    let files = 0;
    for (const [index, directory] of layers.entries()) {
      const lines = await oracle.dump(directory, { fields: ['size'], noatime: true });
      const paths = lines.filter((line) => line.includes(' file ')).map((line) => line.split(' ')[0] ?? '');
      const plain = paths.filter((path) => !path.includes('\\'));
      if (plain.length === 0) continue;
      files += plain.length;
      const number = String(layers.length - index);
      const strict = join(root, directory.slice(engine.dataRoot.length));
      const { code, stdout } = await stratafs(['--root', root, 'cat', '--layer', number, image, ...plain]);
      const expected = plain.map((path) => readFileSync(join(strict, path), 'latin1')).join('');
      expect([code, stdout === expected]).toEqual([0, true]);
    }
    expect(files).toBeGreaterThan(15);
  });

  it('deleted --shadowed: tells of each file of a layer that a newer one has in another version', async () => {
    const { stdout } = await stratafs(['--root', root, 'deleted', '--shadowed', '--json', image]);
    const told = jsonRecordsOfBytes<{ path: string; layer: number }>(stdout).map(
      ({ path, layer }) => `${layer} ${path}`,
    );
    const kernel = await mountKernel(oracle, temporary, layers);
    const inode = (path: string) => lstatSync(path, { throwIfNoEntry: false });
    const expected: string[] = [];
    for (const [index, directory] of layers.entries()) {
      const lines = await oracle.dump(directory, { fields: ['rdev'], noatime: true });
      for (const line of lines) {
        const [path = '', type] = line.split(' ');
        if (type === 'dir' || line.includes('rdev=0:0') || path.includes('\\')) continue;
        const shown = inode(join(kernel.directory, path));
        if (shown === undefined || shown.isDirectory()) continue;
        if (shown.ino !== inode(join(directory, path))?.ino)
          expected.push(`${layers.length - index} ${path}`);
      }
    }
    await kernel.umount();
    expect(told.filter((line) => !/[^\x20-\x7e]/.test(line)).toSorted()).toEqual(expected.toSorted());
    expect(expected.length).toBeGreaterThan(1);
  });

  describe('mount -o provenance', () => {
    it('tells of every file and directory the layer whose object the kernel shows, and its diff ID', async () => {
      const mount = await mountStratafs(temporary, image, { root, args: ['-o', 'provenance'] });
      const lines = await oracle.dump(mount.directory, { fields: ['xattrs'] });
      await mount.umount();
      const kernel = await mountKernel(oracle, temporary, layers);
      let told = 0;
      for (const line of lines) {
        const [path = '', type = ''] = line.split(' ');
        const value = / xattr:user\.stratafs\.layer=(\S+)/.exec(line)?.[1];
        const canHave = type === 'file' || type === 'dir';
        expect([path, value !== undefined]).toEqual([path, canHave]);
        if (value === undefined || path.includes('\\')) continue;
        const [number, role, diffId] = value.split('\\x20');
        const supplier = layers[layers.length - Number(number)] ?? '';
        expect([path, role, diffId]).toEqual([path, 'image', ids[Number(number) - 1]]);
        expect([path, lstatSync(join(supplier, path)).ino]).toEqual([
          path,
          path === '/' ? lstatSync(layers[0] ?? '').ino : lstatSync(join(kernel.directory, path)).ino,
        ]);
        told += 1;
      }
      await kernel.umount();
      expect(told).toBeGreaterThan(30);
    });

    it('gives files and directories the number of their layer, and no other mount does', async () => {
      const [top, low] = [temporary.path('provenance/top'), temporary.path('provenance/low')];
      await oracle.write([
        {
          directory: low,
          steps: [file('old', 'x'), directory('both'), file('both/old'), symlink('link', 'old')],
        },
        { directory: top, steps: [file('new', 'x', { xattrs: { 'user.own': 'mine' } }), directory('both')] },
      ]);
      const told = async (args: readonly string[]) => {
        const mount = await mountStratafs(temporary, lowerdirReference([top, low]), { args });
        const lines = await oracle.dump(mount.directory, { fields: ['xattrs'] });
        await mount.umount();
        return lines.map((line) => line.replaceAll('xattr:user.', ''));
      };
      expect(await told(['-o', 'nosuid,provenance'])).toEqual([
        '/ dir stratafs.layer=2\\x20plain',
        '/both dir stratafs.layer=2\\x20plain',
        '/both/old file stratafs.layer=1\\x20plain',
        '/link symlink',
        '/new file own=mine stratafs.layer=2\\x20plain',
        '/old file stratafs.layer=1\\x20plain',
      ]);
      expect(await told([])).toEqual([
        '/ dir',
        '/both dir',
        '/both/old file',
        '/link symlink',
        '/new file own=mine',
        '/old file',
      ]);
    });
  });
}
