// What a server holds resident after a full walk, and how that and the walk's time grow with the number of names.
import type { Measured } from './clients.ts';
import type { Contender } from './contenders.ts';
import { withMount } from './mount.ts';
import type { Placement } from './process.ts';
import { rowOf } from './rows.ts';
import { type Bench, readFault, type Sample, type Scenario, scenario, watched } from './scenario.ts';
import type { Stack } from './stack.ts';

const MEBIBYTE = 1024 * 1024;

interface Walked {
  readonly measured: Measured;
  readonly names: number;
  readonly residentBytes: number;
}

export function memoryScenarios(bench: Bench): Scenario[] {
  return [
    memoryAfterWalk(bench),
    ...bench.stacks.growth.map(({ names, stack }) => growth(bench, names, stack)),
  ];
}

function memoryAfterWalk(bench: Bench): Scenario {
  const { empty, full } = bench.stacks;
  return scenario(['memory-empty', 'memory-full', 'memory-name'], {
    isPlaced: false,
    suits: ({ isServed }) => isServed,
    async measure(contender, placement) {
      const before = await walk(bench, contender, empty, placement);
      const after = await walk(bench, contender, full, placement);
      return [
        { row: rowOf('memory-empty'), value: before.residentBytes / MEBIBYTE },
        { row: rowOf('memory-full'), value: after.residentBytes / MEBIBYTE },
        { row: rowOf('memory-name'), value: bytesAName(before, after) },
      ];
    },
  });
}

function growth(bench: Bench, names: number, stack: Stack): Scenario {
  const { clients, stacks } = bench;
  return scenario([`growth-walk-${names}`, `growth-memory-${names}`], {
    isPlaced: false,
    async measure(contender, placement) {
      await clients.warmNames(stack.layers);
      const after = await walk(bench, contender, stack, placement);
      const { measured } = after;
      const time: Sample = {
        row: rowOf(`growth-walk-${names}`),
        value: (measured.milliseconds * 1000) / after.names,
        fault: readFault(measured),
        answer: measured.answer,
      };
      if (!contender.isServed) return [time];
      const before = await walk(bench, contender, stacks.empty, placement);
      return [time, { row: rowOf(`growth-memory-${names}`), value: bytesAName(before, after) }];
    },
  });
}

function walk(
  { session, clients }: Bench,
  contender: Contender,
  stack: Stack,
  placement: Placement,
): Promise<Walked> {
  return withMount(session, contender, stack.layers, placement, async (mounted) => {
    const measured = await watched(mounted, (directory) => clients.walk(directory, placement));
    return { measured, names: Number(measured.answer), residentBytes: mounted.serverResidentBytes() };
  });
}

function bytesAName(before: Walked, after: Walked): number {
  return (after.residentBytes - before.residentBytes) / after.names;
}
