// Image configs that readers understand differently, loaded into a real engine: what it says an image is made of and runs is
// what is read here.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { Shape } from '../../src/store/formats/go-shape.ts';
import { parseJson, requiredObject, stringsOf } from '../../src/store/formats/json.ts';
import { IMAGE } from '../../src/store/oci/oci-shapes.ts';
import { openStore } from '../../src/store/open.ts';
import { attempt, Trouble } from '../../src/sys/errors.ts';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { spellings, textsFor } from '../unit/store/go-json.ts';

const stratafs = stratafsForSuite();

/** What `docker image inspect` says. */
interface Inspected {
  readonly RootFS: { readonly Layers?: readonly string[] };
  readonly Architecture: string;
  readonly Os: string;
  readonly Variant?: string;
  readonly Config: Readonly<Record<string, unknown>> | null;
}

const IMAGES = 80;
/** What engines before Docker 25 do not know. */
const LATER = ['Healthcheck.StartInterval'];
const LAYERS = ['one', 'two', 'three'];

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function fieldOf(name: string): Shape {
  const shape = IMAGE.fields.get(name);
  if (shape === undefined) throw new RangeError(name);
  return shape;
}

/** `"name":value` with the name in any spelling. */
function member(name: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...spellings(name)), value)
    .map(([spelling, text]) => `${JSON.stringify(spelling)}:${text}`);
}

/** Some `rootfs`, each of which may add to those before it or take their place. */
function rootfs(diffIds: readonly string[]): fc.Arbitrary<string> {
  const ids = fc.array(fc.constantFrom('null', ...diffIds.map((id) => JSON.stringify(id))), { maxLength: 3 });
  const list = ids.map((texts) => `[${texts.join()}]`);
  const object = fc
    .array(member('diff_ids', list), { maxLength: 2 })
    .map((members) => `{${['"type":"layers"', ...members].join()}}`);
  const value = fc.oneof({ arbitrary: object, weight: 4 }, { arbitrary: fc.constant('null'), weight: 1 });
  return fc.array(member('rootfs', value), { minLength: 1, maxLength: 3 }).map((members) => members.join());
}

function configs(diffIds: readonly string[]): fc.Arbitrary<string> {
  const config = fc
    .array(member('config', textsFor(fieldOf('config'))), { maxLength: 3 })
    .map((members) => members.join());
  const platform = fc.array(
    fc.oneof(
      member('os', fc.constantFrom('"linux"', 'null')),
      member('architecture', fc.constantFrom('"amd64"', 'null')),
    ),
    { maxLength: 3 },
  );
  return fc
    .tuple(rootfs(diffIds), config, platform)
    .map(([layers, how, where]) =>
      ['"os":"linux"', '"architecture":"amd64"', ...where, layers, how].filter((text) => text !== '').join(),
    )
    .map((members) => `{${members}}`);
}

/** Diff IDs, base first; undefined where an engine would refuse the config. */
function layersOf(text: string): readonly string[] | undefined {
  const config = attempt(() => parseJson(Buffer.from(text), 'config', IMAGE));
  const layers =
    config instanceof Trouble
      ? config
      : attempt(() => stringsOf(requiredObject(config, 'rootfs'), 'diff_ids'));
  return layers instanceof Trouble || layers.includes('') ? undefined : layers;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0) return true;
  return Array.isArray(value) && value.length === 0;
}

/** As stratafs words it: fields that say something, sets as sorted lists. */
function worded({ Config, Architecture, Os, Variant, RootFS }: Inspected): object {
  const config = Config ?? {};
  const health = (config.Healthcheck ?? {}) as Readonly<Record<string, unknown>>;
  const keys = (value: unknown) => Object.keys(value ?? {}).sort();
  const fields: Readonly<Record<string, unknown>> = {
    ...Object.fromEntries(
      ['Entrypoint', 'Cmd', 'User', 'WorkingDir', 'StopSignal', 'Shell', 'OnBuild'].map((name) => [
        name,
        config[name],
      ]),
    ),
    ExposedPorts: keys(config.ExposedPorts),
    Volumes: keys(config.Volumes),
    ...Object.fromEntries(Object.entries(health).map(([name, value]) => [`Healthcheck.${name}`, value])),
    architecture: Architecture,
    os: Os,
    variant: Variant,
  };
  return {
    layers: RootFS.Layers ?? [],
    env: config.Env ?? [],
    labels: config.Labels ?? {},
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value))),
  };
}

describeSystem(
  'an engine that loads configs which can be read in more than one way',
  ['root', 'docker', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const engine = new Engine(temporary);
    const diffIds: string[] = [];
    const images: { readonly text: string; readonly id: string; readonly layers: readonly string[] }[] = [];

    beforeAll(async () => {
      const folder = temporary.path('archive');
      mkdirSync(folder);
      for (const layer of LAYERS) {
        mkdirSync(`${folder}/tree/${layer}`, { recursive: true });
        await succeed('tar', ['-cf', `${folder}/${layer}.tar`, '-C', `${folder}/tree`, layer]);
        const [hash = ''] = (await succeed('sha256sum', [`${folder}/${layer}.tar`])).split(' ');
        diffIds.push(`sha256:${hash}`);
      }
      for (const text of fc.sample(configs(diffIds), { numRuns: 4 * IMAGES, seed: 20 })) {
        const layers = layersOf(text);
        if (layers === undefined || layers.length === 0 || images.length === IMAGES) continue;
        const id = sha256(text);
        if (images.some((image) => image.id === id)) continue;
        writeFileSync(`${folder}/${id}.json`, text);
        images.push({ text, id, layers });
      }
      const manifest = images.map(({ id, layers }, index) => ({
        Config: `${id}.json`,
        RepoTags: [`odd:${index}`],
        Layers: layers.map((diffId) => `${LAYERS[diffIds.indexOf(diffId)]}.tar`),
      }));
      writeFileSync(`${folder}/manifest.json`, JSON.stringify(manifest));
      await succeed('tar', ['-cf', temporary.path('images.tar'), '--exclude', 'tree', '-C', folder, '.']);
      await engine.start();
      await engine.docker(['load', '-q', '-i', temporary.path('images.tar')]);
    });

    it('says of each what is read here', async () => {
      expect(images).toHaveLength(IMAGES);
      const names = images.map((_, index) => `odd:${index}`);
      const inspected = JSON.parse(await engine.docker(['image', 'inspect', ...names])) as Inspected[];
      const store = openStore(engine.dataRoot);
      const differing = images.flatMap(({ text, id }, index) => {
        const { env, labels, fields } = store.configuration(store.resolve(id));
        const read = {
          layers: store
            .resolve(`odd:${index}`)
            .layers.map(({ diffId }) => diffId)
            .reverse(),
          env,
          labels: Object.fromEntries(labels),
          fields: Object.fromEntries([...fields].filter(([name]) => !LATER.includes(name))),
        };
        const said = inspected[index];
        const wanted = said === undefined ? undefined : worded(said);
        return isDeepStrictEqual(read, wanted) ? [] : [{ text, engine: wanted, here: read }];
      });
      expect(differing).toEqual([]);
    });

    it('has images of which another reader sees something else, and verify says so', async () => {
      const differently = images.filter(({ text, layers }) => {
        const plain = JSON.parse(text) as { rootfs?: { diff_ids?: string[] } | null };
        return plain.rootfs?.diff_ids?.join() !== layers.join();
      });
      expect(differently.length).toBeGreaterThan(20);
      const index = images.indexOf(differently[0] ?? { text: '', id: '', layers: [] });
      const { code, stdout } = await stratafs(['--root', engine.dataRoot, 'verify', `odd:${index}`]);
      expect({ code, stdout }).toEqual({
        code: 4,
        stdout: expect.stringMatching(
          /^unverifiable +odd:\d+ +ambiguous: .* can be read in more than one way: /,
        ),
      });
    });
  },
);
