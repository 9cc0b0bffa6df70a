// Evidence: every command on a data root that is mounted read-only and keeps access times strictly. Each must do its work,
// and the root must be what it was before; what layers say of single files is held against the files themselves.

import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecordsOfBytes } from '../support/json-lines.ts';
import { mountKernel } from '../support/kernel.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { buildSample, SAMPLE } from '../support/sample.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';

const stratafs = stratafsForSuite();

describeSystem('evidence', ['root', 'overlay', 'fuse', 'python', 'docker', 'busybox', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const engine = new Engine(temporary);
  const root = temporary.path('strict');
  const target = temporary.path('target');
  /** Of the image, top first. */
  let layers: readonly string[] = [];
  let ids: readonly string[] = [];
  let fingerprint: readonly string[] = [];

  const dataRoot = () => oracle.dump(engine.dataRoot, { fields: [...ALL_FIELDS, 'atime'], noatime: true });
  const { image, changed, base } = SAMPLE;

  beforeAll(async () => {
    await engine.start();
    await buildSample(engine, oracle, temporary);
    layers = await engine.layersOf(image, 'image');
    ids = JSON.parse(await engine.docker(['inspect', '-f', '{{json .RootFS.Layers}}', image])) as string[];
    await engine.stop();
    for (const path of [root, target]) mkdirSync(path);
    await succeed('mount', ['--bind', engine.dataRoot, root]);
    await succeed('mount', ['-o', 'remount,bind,ro,strictatime', root]);
    fingerprint = await dataRoot();
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
  });

  it('is what it was before', async () => {
    expect(fingerprint.length).toBeGreaterThan(400);
    expect(differences(fingerprint, await dataRoot())).toBe('');
  });
});
