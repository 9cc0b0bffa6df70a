// Walks of all names with stat: by one client and by four, cold, warm, and with nothing in the layers' caches.
import type { Contender } from './contenders.ts';
import { withMount } from './mount.ts';
import type { Placement } from './process.ts';
import {
  type Bench,
  fromDisk,
  fromMemory,
  onFreshMount,
  type Scenario,
  scenario,
  watched,
} from './scenario.ts';

/** Of the layers' names and attributes, even in a small stack. */
const LEAST_FROM_DISK = 256 * 1024;

export function walkScenarios(bench: Bench): Scenario[] {
  const scenarios = [
    walkers(bench, ['walk-cold', 'walk-warm'], 1),
    walkers(bench, ['walkers-cold', 'walkers-warm'], 4),
  ];
  if (bench.hasDisk) scenarios.push(walkFromDisk(bench));
  return scenarios;
}

function walkers(bench: Bench, ids: readonly string[], count: number): Scenario {
  const { clients, stacks } = bench;
  return scenario(ids, {
    async measure(contender: Contender, placement: Placement) {
      await clients.warmNames(stacks.full.layers);
      const walk = (directory: string) => clients.walk(directory, placement, count);
      return fromMemory(ids, await onFreshMount(bench, contender, stacks.full, placement, [walk, walk]));
    },
  });
}

function walkFromDisk({ session, clients, stacks }: Bench): Scenario {
  return scenario(['walk-dropped'], {
    measure(contender, placement) {
      return withMount(session, contender, stacks.full.layers, placement, async (mounted) => {
        await clients.dropCaches();
        // The client itself is not to be read from disk.
        await clients.walk(stacks.empty.layers[0] ?? '/dev/null', placement);
        const measured = await watched(mounted, (directory) => clients.walk(directory, placement));
        return [fromDisk('walk-dropped', measured, LEAST_FROM_DISK)];
      });
    },
  });
}
