// Reading contents: many small files by tar and rg, one large file in order and at random.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from './clients.ts';
import { BIG_FILE, HEADERS, PACKAGES } from './plan.ts';
import type { Placement } from './process.ts';
import { rowOf } from './rows.ts';
import {
  type Bench,
  fromDisk,
  fromMemory,
  onFreshMount,
  readFault,
  type Sample,
  type Scenario,
  scenario,
} from './scenario.ts';

/** Of 4 KiB; a cold one costs a server a request. */
const PIECES = { cold: 20_000, warm: 200_000 } as const;

export function dataScenarios(bench: Bench): Scenario[] {
  const { clients } = bench;
  return [
    smallFiles(bench, 'tar', HEADERS, (directory, placement) => clients.tar(directory, placement)),
    smallFiles(bench, 'rg', PACKAGES, (directory, placement) => clients.rg(directory, placement)),
    bigFileInOrder(bench),
    bigFileAfterSmall(bench),
    smallAfterBigFile(bench),
    ...(bench.hasDisk ? [bigFileFromDisk(bench)] : []),
    bigFileAtRandom(bench),
  ];
}

function smallFiles(
  bench: Bench,
  program: 'tar' | 'rg',
  path: string,
  client: Bench['clients']['tar'],
): Scenario {
  const { clients, stacks } = bench;
  const ids = [`${program}-cold`, `${program}-warm`];
  return scenario(ids, {
    needs: [program],
    async measure(contender, placement) {
      await clients.warmData(stacks.full.layers, path);
      const read = (directory: string) => client(join(directory, path), placement);
      return fromMemory(ids, await onFreshMount(bench, contender, stacks.full, placement, [read, read]));
    },
  });
}

function bigFileInOrder(bench: Bench): Scenario {
  const { clients, stacks } = bench;
  const ids = ['read-cold', 'read-warm'];
  return scenario(ids, {
    async measure(contender, placement) {
      await clients.readAll(layerFile(bench), 'free');
      const read = (directory: string) => clients.readAll(join(directory, BIG_FILE), placement);
      return fromMemory(ids, await onFreshMount(bench, contender, stacks.full, placement, [read, read]));
    },
  });
}

/** What reads the big file of a mount, and what its small ones, all of which the layers' cache has by then. */
async function mixedReaders(bench: Bench, placement: Placement) {
  const { clients, stacks } = bench;
  await clients.warmData(stacks.full.layers, HEADERS);
  await clients.readAll(layerFile(bench), 'free');
  return {
    read: (directory: string) => clients.readAll(join(directory, BIG_FILE), placement),
    small: (directory: string) => clients.tar(join(directory, HEADERS), placement),
  };
}

/** The big file twice on a mount on which more than 10,000 small files were read once. */
function bigFileAfterSmall(bench: Bench): Scenario {
  const { stacks } = bench;
  const ids = ['mixed-large-cold', 'mixed-large-warm'];
  return scenario(ids, {
    needs: ['tar'],
    async measure(contender, placement) {
      const { read, small } = await mixedReaders(bench, placement);
      const [, ...large] = await onFreshMount(bench, contender, stacks.full, placement, [small, read, read]);
      return fromMemory(ids, large);
    },
  });
}

/** The small files twice on a mount on which the big one was read, and in turn on one on which nothing was. */
function smallAfterBigFile(bench: Bench): Scenario {
  const { stacks } = bench;
  return scenario(['mixed-small-cold', 'mixed-small-warm'], {
    needs: ['tar'],
    async measure(contender, placement) {
      const { read, small } = await mixedReaders(bench, placement);
      const alone = await onFreshMount(bench, contender, stacks.full, placement, [small, small]);
      const [, ...mixed] = await onFreshMount(bench, contender, stacks.full, placement, [read, small, small]);
      return [
        ...fromMemory(['mixed-small-cold', 'mixed-small-warm'], mixed),
        ...fromMemory(['tar-cold', 'tar-warm'], alone),
      ];
    },
  });
}

function bigFileFromDisk(bench: Bench): Scenario {
  const { clients, stacks } = bench;
  return scenario(['read-evicted'], {
    async measure(contender, placement) {
      const file = layerFile(bench);
      const read = async (directory: string) => {
        await clients.evict(file);
        return clients.readAll(join(directory, BIG_FILE), placement);
      };
      const measured = await onFreshMount(bench, contender, stacks.full, placement, [read]);
      return measured.map((one) => fromDisk('read-evicted', one, statSync(file).size / 2));
    },
  });
}

/** Cold on a fresh mount; warm after the whole file has been read. */
function bigFileAtRandom(bench: Bench): Scenario {
  const { clients, stacks } = bench;
  return scenario(['random-cold', 'random-warm'], {
    async measure(contender, placement) {
      await clients.readAll(layerFile(bench), 'free');
      const path = (directory: string) => join(directory, BIG_FILE);
      const [cold, , warm] = await onFreshMount(bench, contender, stacks.full, placement, [
        (directory) => clients.readPieces(path(directory), placement, PIECES.cold),
        (directory) => clients.readAll(path(directory), placement),
        (directory) => clients.readPieces(path(directory), placement, PIECES.warm),
      ]);
      return [...atRandom('cold', cold), ...atRandom('warm', warm)];
    },
  });
}

function atRandom(state: keyof typeof PIECES, measured: Measured | undefined): Sample[] {
  if (measured === undefined) return [];
  return [
    {
      row: rowOf(`random-${state}`),
      value: (PIECES[state] / measured.milliseconds) * 1000,
      answer: measured.answer,
      fault: readFault(measured),
    },
  ];
}

function layerFile({ stacks }: Bench): string {
  if (stacks.full.bigFile !== undefined) return stacks.full.bigFile;
  throw new Error(`The stack "${stacks.full.name}" has no big file`);
}
