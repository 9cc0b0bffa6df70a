// Layers that are the same without lying in one place: a comparison that takes them for one tells what a comparison of everything
// tells, on random layers, compressed or not, whatever is claimed of them; and what `--trust-ids` believes is told apart.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { type SideStack, trustedIdentities, wantedTars } from '../../src/diff/same-layers.ts';
import { type TarChoice, Tars } from '../../src/layers/tars/tars.ts';
import { chainIds, type DiffId } from '../../src/store/digest.ts';
import type { Layer, LayerStack } from '../../src/store/layer-stack.ts';
import type { TarRecord } from '../../src/store/record.ts';
import type { TarSource } from '../../src/store/source.ts';
import type { Store } from '../../src/store/store.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { type FakeMember, tarOf } from '../support/fake-archive.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { type FastResult, fastDifferences, stackOf } from './diff-naive.ts';
import { type Random, randomOf } from './diff-random.ts';

const PAIRS = Number(process.env.TAR_PAIRS ?? 80);
const SEED = Number(process.env.DIFF_SEED ?? 5);
const ENGINES = ['moby', 'containerd', 'containers-storage'] as const;
const NAMES = ['a', 'b', 'c', 'd'];

/** Each path once, directories before what is in them; `marks` are whiteouts and opaque directories. */
function randomObjects(random: Random, marks: boolean): Map<string, layer.Step[]> {
  const objects = new Map<string, layer.Step[]>();
  const holders = [''];
  for (let i = 0; i < 3 + random(8); i++) {
    const path = `${holders[random(holders.length)]}${NAMES[random(NAMES.length)]}`;
    if (objects.has(path)) continue;
    const attributes = { mode: [0o755, 0o644, 0o4711][random(3)] ?? 0, mtime: BigInt(random(3)) * 10n ** 9n };
    const kind = random(marks ? 8 : 5);
    if (kind < 2) objects.set(path, [layer.file(path, ['', 'one', 'two'][random(3)] ?? '', attributes)]);
    else if (kind === 2) objects.set(path, [layer.symlink(path, NAMES[random(4)] ?? 'a')]);
    else if (kind === 5) objects.set(path, [layer.whiteout(path)]);
    else {
      objects.set(path, [layer.directory(path, attributes), ...(kind > 5 ? [layer.opaque(path)] : [])]);
      holders.push(`${path}/`);
    }
  }
  return objects;
}

/** The same as members of a tar. */
function membersOf(objects: ReadonlyMap<string, readonly layer.Step[]>): FakeMember[] {
  return [...objects].flatMap(([path, [step, mark]]): FakeMember[] => {
    const { mode = 0o777, mtime = '0', kind, data = [], target = '' } = step ?? layer.file(path);
    const common = { mode, mtime: { seconds: Number(BigInt(mtime) / 10n ** 9n), nanoseconds: 0 } };
    const [parent, name] = [path.slice(0, path.lastIndexOf('/') + 1), path.slice(path.lastIndexOf('/') + 1)];
    if (kind === 'char') return [{ name: `${parent}.wh.${name}` }];
    if (kind === 'symlink') return [{ ...common, name: path, type: '2', linkName: target }];
    if (kind === 'file') return [{ ...common, name: path, contents: Buffer.from(data[0]?.[1] ?? '') }];
    const opaque = mark === undefined ? [] : [{ name: `${path}/.wh..wh..opq` }];
    return [{ ...common, name: `${path}/`, type: '5' }, ...opaque];
  });
}

interface MadeLayer {
  readonly tar: Buffer;
  /** As it is claimed. */
  readonly diffId: DiffId;
}

function made(tar: Buffer): MadeLayer {
  return { tar, diffId: `sha256:${createHash('sha256').update(tar).digest('hex')}` as DiffId };
}

/** Something else under the same claim. */
function altered({ diffId }: MadeLayer, random: Random): MadeLayer {
  return { tar: tarOf(...membersOf(randomObjects(random, true))), diffId };
}

/** Base first; in files of that name. */
function stackOfTars(
  name: string,
  layers: readonly MadeLayer[],
  engine: TarSource['engine'],
  isCompressed: (index: number) => boolean,
): LayerStack {
  const chain = chainIds(layers.map(({ diffId }) => diffId));
  let below: TarSource | undefined;
  const all = layers.map(({ tar, diffId }, index): Layer => {
    const blob = isCompressed(index) ? gzipSync(tar) : tar;
    const source: TarSource = {
      ...{ kind: 'tar', name: asBytes(`${name}:${index}`), size: blob.length, engine },
      ...(below === undefined ? {} : { below }),
      open: () => ({
        size: blob.length,
        read: (offset, room) => blob.copy(room, 0, offset, offset + room.length),
        close() {},
      }),
    };
    below = source;
    const [chainId] = chain.slice(index);
    return { source, role: 'image', diffId, ...(chainId === undefined ? {} : { chainId }) };
  });
  return { label: name, kind: 'image', layers: all.reverse(), dataLayers: [], dialect: 'trusted' };
}

async function differences(
  stacks: readonly [LayerStack, LayerStack],
  choose: (side: number) => TarChoice,
  options: Parameters<typeof fastDifferences>[2] = {},
): Promise<FastResult> {
  const tars = new Tars({
    spools: { directory: '/nowhere', limit: 0, used: 0 },
    trouble(trouble) {
      throw trouble;
    },
  });
  const records = [await tars.layersOf(stacks[0], choose(0)), await tars.layersOf(stacks[1], choose(1))];
  return fastDifferences(...stacks, { records, ...options });
}

/** Two stacks that have `shared` layers of the same bytes at the bottom, and claim `claimed`. */
function randomPair(random: Random) {
  const engine = ENGINES[random(3)] ?? 'moby';
  const next = (index: number) => made(tarOf(...membersOf(randomObjects(random, index > 0))));
  const base = Array.from({ length: 1 + random(3) }, (_, index) => next(index));
  const lie = random(3) === 0 ? random(base.length) : base.length;
  const others = base.map((each, index) => (index === lie ? altered(each, random) : each));
  const tops = () => Array.from({ length: random(3) }, () => next(1));
  const stacks = [
    stackOfTars('a', [...base, ...tops()], engine, () => random(2) === 0),
    stackOfTars('b', [...others, ...tops()], engine, () => random(2) === 0),
  ] as const;
  return { stacks, lie, claimed: base.length };
}

describeSystem('diff of layers that are tars', ['root', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);

  it(`takes those for one that are proven the same, and tells what a comparison of all tells (${PAIRS} pairs)`, async () => {
    const random = randomOf(SEED);
    let [same, lies, believed] = [0, 0, 0];
    for (let i = 0; i < PAIRS; i++) {
      const { stacks, lie, claimed } = randomPair(random);
      const whole = await differences(stacks, () => ({}));
      const proven = await differences(stacks, (side) => wantedTars(stacks, side));
      const where = `seed ${SEED}, pair ${i}`;
      expect(proven.lines.join('\n'), where).toBe(whole.lines.join('\n'));
      expect([whole.sharedLayers, whole.filesRead >= proven.filesRead], where).toEqual([0, true]);
      expect(proven.sharedLayers, where).toBeGreaterThanOrEqual(lie);
      if (proven.sharedLayers === claimed) same++;
      else lies++;
      const words = stacks.map(({ layers }) => layers.map(({ chainId }) => chainId));
      const credulous = await differences(stacks, () => ({}), { identities: words });
      if (credulous.lines.join() !== whole.lines.join()) believed++;
    }
    expect([same > PAIRS / 3, lies > PAIRS / 10, believed > PAIRS / 20]).toEqual([true, true, true]);
  });

  it('believes IDs of a directory and a tar only of one engine, and then not what was altered since', async () => {
    const random = randomOf(SEED + 1);
    let [alterations, reads] = [0, 0];
    for (let i = 0; i < PAIRS / 8; i++) {
      const directories = [0, 1, 2].map((index) => temporary.path(`layers-${i}`, String(index)));
      const objects = [0, 1, 2].map((index) => randomObjects(random, index > 0));
      await oracle.write(
        objects.map((each, index) => ({
          directory: directories[index] ?? '',
          steps: [...each.values()].flat(),
        })),
      );
      const layers = objects.map((each) => made(tarOf(...membersOf(each))));
      const tars = stackOfTars('a', layers, 'moby', () => random(2) === 0);
      const disk = stackOf(directories.toReversed());
      const store: LayerStack = {
        ...{ ...disk, kind: 'image' },
        layers: disk.layers.map(({ source }, index) => ({ ...(tars.layers[index] as Layer), source })),
      };
      const stacks = random(2) === 0 ? ([tars, store] as const) : ([store, tars] as const);
      const differing = (identities?: ReturnType<typeof trustedIdentities>) =>
        differences(stacks, (side) => wantedTars(stacks, side, identities), {
          ...{ mtime: false },
          ...(identities === undefined ? {} : { identities }),
        });
      const trusting = (engine: TarSource['engine']) =>
        trustedIdentities(stacks.map((stack) => sideOf(stack, engine)));
      expect((await differing()).lines).toEqual([]);
      const trusted = await differing(trusting('moby'));
      expect([trusted.lines, trusted.sharedLayers, trusted.names, trusted.filesRead]).toEqual([[], 3, 0, 0]);
      const other = await differing(trusting('containerd'));
      expect([other.lines, other.sharedLayers]).toEqual([[], 0]);
      reads += other.filesRead;
      await oracle.write([{ directory: directories[2] ?? '', steps: [layer.file('planted', 'x')] }], {
        lenient: true,
      });
      const found = await differing();
      expect(found.lines.filter((line) => line.endsWith(' /planted'))).toHaveLength(1);
      if ((await differing(trusting('moby'))).lines.length === 0) alterations++;
    }
    expect([alterations, reads > 0]).toEqual([Math.ceil(PAIRS / 8), true]);
  });
});

/** Of a store whose directories were all unpacked by an engine. */
function sideOf(stack: LayerStack, engine: TarSource['engine']): SideStack {
  const rules = { engine, inPlace: false, withoutDevices: false, root: { uid: 0, gid: 0 }, isOneRange: true };
  const record: TarRecord = { form: 'tar', path: asBytes('/record'), rules, open: () => neverOpened() };
  const store = { record: () => record } as Pick<Store, 'record'> as Store;
  return { stack, store, hasRecords: false };
}

function neverOpened(): never {
  throw new Error('a record that need not be read');
}
