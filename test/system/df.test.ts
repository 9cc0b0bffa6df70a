// `stratafs df` and `containers --size` against what a real engine and du(1) say of one data root: images that share layers,
// containers that wrote, volumes, logs, orphans.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

/** Images that share layers, each on top of the one before, and every fourth on the base. */
const IMAGES = 8;
const IN_A_ROW = 4;
const ORPHAN = 'ab'.repeat(32);
const ORPHAN_BYTES = 5_000_000;

interface Line {
  readonly t: string;
  readonly name?: string;
  readonly id?: string;
  readonly kind?: string;
  readonly bytes: number;
  readonly allocated: number;
  readonly unique?: { readonly bytes: number };
}

/** Most only copy, which starts no container; the first four hide in every way that a build has. */
function stepOf(i: number): string {
  const steps: Readonly<Record<number, string>> = {
    0: 'RUN mkdir /d && head -c 5000 /dev/zero >/d/x && ln /d/x /d/y && head -c 7000 /dev/zero >/d/z',
    1: 'RUN rm /d/x && chmod 600 /d/z && head -c 90000 /dev/zero >/file',
    2: 'RUN rm -r /d && mkdir /d && head -c 11 /dev/zero >/d/x && ln -s x /d/link',
    3: 'RUN rm /d/x && rm /file && mkdir /file && head -c 300 /dev/zero >/file/x',
  };
  return steps[i] ?? `COPY data /file-${i}`;
}

describeSystem('stratafs df', ['root', 'docker', 'busybox', 'build'], () => {
  const temporary = temporaryForSuite();
  const engine = new Engine(temporary);
  /** Name → size, shared size and unique size in docker's words. */
  const images = new Map<string, readonly [size: string, unique: string]>();
  const containers = new Map<string, string>();
  /** Directories of the images that no other is built on, top first: every layer is in one of them. */
  const stacks = new Map<string, readonly string[]>();

  beforeAll(async () => {
    await engine.start();
    await engine.importBusybox('base');
    for (let i = 0; i < IMAGES; i++) {
      const from = i % IN_A_ROW === 0 ? 'base' : `shared:${i - 1}`;
      const data = 'x'.repeat((i + 1) * 10_000);
      await engine.build(`shared:${i}`, `FROM ${from}\n${stepOf(i)}\n`, { data });
    }
    const made = ['--network', 'none', '-v', 'kept:/kept'];
    const write =
      'head -c 700000 /dev/zero | tr "\\\\0" x >/written; head -c 3000 /dev/zero >/kept/x; echo told; rm /file';
    await engine.docker(['run', ...made, '--name', 'wrote', 'shared:1', 'sh', '-c', write]);
    await engine.docker(['create', '--network', 'none', '--name', 'idle', 'shared:2', 'sh']);
    for (let i = IN_A_ROW - 1; i < IMAGES; i += IN_A_ROW)
      stacks.set(`shared:${i}`, await engine.layersOf(`shared:${i}`, 'image'));
    const listed = await engine.docker(['ps', '-a', '--size', '--format', '{{.Names}}\t{{.Size}}']);
    for (const line of listed.split('\n').filter(Boolean)) {
      const [name = '', size = ''] = line.split('\t');
      containers.set(name, size);
    }
    const words = ['system', 'df', '-v', '--format', '{{json .Images}}'];
    const told = JSON.parse(await engine.docker(words)) as Record<string, string>[];
    for (const { Repository, Tag, Size = '', UniqueSize = '' } of told)
      images.set(`${Repository}:${Tag}`, [Size, UniqueSize]);
    await engine.stop();
    mkdirSync(join(engine.dataRoot, 'overlay2', ORPHAN, 'diff'), { recursive: true });
    writeFileSync(join(engine.dataRoot, 'overlay2', ORPHAN, 'diff/core'), Buffer.alloc(ORPHAN_BYTES, 1));
  });

  async function lines(): Promise<Line[]> {
    const { code, stdout, stderr } = await stratafs(['--root', engine.dataRoot, 'df', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    return jsonRecords(stdout);
  }

  function docker(bytes: number): string {
    const units = ['B', 'kB', 'MB', 'GB'];
    let [value, unit] = [bytes, 0];
    for (; value >= 1000; unit++) value /= 1000;
    return `${Number(value.toPrecision(4))}${units[unit]}`;
  }

  it('adds up to what du -x tells of the data root, and so do the groups', async () => {
    const all = await lines();
    const du = await succeed('du', ['-xs', '--block-size=1', engine.dataRoot]);
    const sum = (t: string) =>
      all.filter((line) => line.t === t).reduce((total, { allocated }) => total + allocated, 0);
    expect([sum('total'), sum('place'), sum('group')]).toEqual(Array(3).fill(Number.parseInt(du, 10)));
  });

  it('tells of each image what docker system df tells', async () => {
    const told = (await lines()).filter(({ t }) => t === 'image');
    expect(told.length).toBe(images.size);
    expect(told.length).toBe(IMAGES + 1);
    const digits = (size: string) => Number.parseFloat(size).toPrecision(3) + size.replace(/[\d.]/g, '');
    for (const { name = '', bytes } of told) {
      expect(`${name} ${digits(docker(bytes))}`).toBe(`${name} ${digits(images.get(name)?.[0] ?? '')}`);
    }
    // Those that no other image is built on and no container has.
    for (const name of ['shared:7']) {
      const unique = told.find((line) => line.name === name)?.unique?.bytes ?? 0;
      expect(`${name} ${digits(docker(unique))}`).toBe(`${name} ${digits(images.get(name)?.[1] ?? '')}`);
      expect(unique).toBeGreaterThan(0);
    }
    expect(told.find(({ name }) => name === 'base:latest')?.unique?.bytes).toBe(0);
  });

  it('tells of each container what docker ps --size tells, also in the list of containers', async () => {
    const told = (await lines()).filter(({ t }) => t === 'container');
    expect(told.map(({ name }) => name).sort()).toEqual(['idle', 'wrote']);
    const { stdout } = await stratafs(['--root', engine.dataRoot, 'containers', '--size']);
    for (const { name = '', bytes } of told) {
      const size = containers.get(name) ?? '';
      expect(size).toContain(`${docker(bytes)} (`);
      const words = stdout.split('\n').find((line) => line.includes(` ${name} `));
      expect(words?.split(/ {3,}/).at(-1)).toBe(size);
    }
    expect(told.find(({ name }) => name === 'wrote')?.bytes).toBe(700_000);
  });

  it('tells the same as du(1) would, by image and container, without a reference', async () => {
    const du = async (...words: readonly string[]) => {
      const { code, stdout, stderr } = await stratafs(['--root', engine.dataRoot, 'du', ...words]);
      expect([code, stderr]).toEqual([0, '']);
      const told = stdout.split('\n').filter(Boolean);
      return new Map(told.map((line) => line.split('\t', 2).reverse() as [string, string]));
    };
    const whole = await succeed('du', ['-xs', engine.dataRoot]);
    expect(await du('-s')).toEqual(new Map([['.', whole.split('\t')[0]]]));
    const all = await du('-a');
    // A layer's directory, as du(1) counts it, in every image that has it.
    const layers = [...all].filter(([path]) => /^images\/.*\/overlay2\//.test(path));
    for (const [path, size] of layers) {
      const own = await succeed('du', [
        '-s',
        join(engine.dataRoot, path.replace(/^.*\/overlay2\//, 'overlay2/')),
      ]);
      expect(`${size} ${path}`).toBe(`${own.split('\t')[0]} ${path}`);
    }
    const names = new Set(layers.map(([path]) => path.split('/overlay2/')[1]));
    expect([layers.length > names.size, names.size]).toEqual([true, IMAGES + 1]);
    const places = (await lines()).filter(({ t }) => t === 'place');
    const groups = await du('-b', '-d', '1', '--sort', 'name');
    const bytesOf = (kinds: readonly string[]) =>
      places.filter(({ kind = '' }) => kinds.includes(kind)).reduce((sum, { bytes }) => sum + bytes, 0);
    expect(groups.get('images')).toBe(String(bytesOf(['layer'])));
    expect(groups.get('containers')).toBe(String(bytesOf(['upper', 'init', 'files', 'log'])));
    const named = await du('-d', '2', '--apparent-size', '-b');
    for (const { t, name, bytes } of await lines()) {
      if (t === 'image') expect([name, named.get(`images/${name}`)]).toEqual([name, String(bytes)]);
    }
  });

  it('has history tell of every layer what an independent count of all its objects tells', async () => {
    interface Told {
      readonly shown?: { readonly objects: number; readonly bytes: number };
      readonly hidden?: { readonly objects: number; readonly bytes: number };
    }
    const script = fileURLToPath(new URL('../support/oracle/shown.py', import.meta.url));
    let hiddenBytes = 0;
    for (const [name, layers] of stacks) {
      const expected = JSON.parse(await succeed('python3', [script, ...layers])) as Required<Told>[];
      const { stdout } = await stratafs(['--root', engine.dataRoot, 'history', '--json', name]);
      const rows = jsonRecords<Told>(stdout);
      const told = rows.flatMap(({ shown, hidden }) => (shown && hidden ? [{ shown, hidden }] : []));
      expect(told, name).toMatchObject(expected);
      hiddenBytes += expected.reduce((sum, { hidden }) => sum + hidden.bytes, 0);
    }
    // Twice /d/z, once under another mode; /d/x and /d/y are one file; /file; and the second /d/x.
    expect([stacks.size, hiddenBytes]).toEqual([IMAGES / IN_A_ROW, 7000 * 2 + 5000 + 90_000 + 11]);
  });

  it('names orphans, volumes and logs, and doctor and whose tell what an orphan takes', async () => {
    const places = (await lines()).filter(({ t }) => t === 'place');
    const of = (kind: string) => places.filter((place) => place.kind === kind);
    expect(of('orphan').map(({ id, bytes }) => [id, bytes])).toEqual([[ORPHAN, ORPHAN_BYTES]]);
    expect(of('volume').map(({ id, bytes }) => [id, bytes])).toEqual([['kept', 3000]]);
    expect(of('log').reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(10);
    expect(of('other')).toEqual([]);
    const orphan = `${engine.dataRoot}/overlay2/${ORPHAN}`;
    for (const words of [['doctor'], ['whose', orphan]]) {
      const { stdout } = await stratafs(['--root', engine.dataRoot, ...words]);
      expect(stdout).toContain('5MB (5');
    }
  });
});
