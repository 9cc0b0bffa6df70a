// From the start of the command to the first ls answered, for stacks of different sizes, with what a bare node costs
// beside it.
import type { Contender } from './contenders.ts';
import { unmount } from './mount.ts';
import type { Placement } from './process.ts';
import { type Bench, fromMemory, type Sample, type Scenario, scenario } from './scenario.ts';
import type { Stack } from './stack.ts';

export function startScenarios(bench: Bench): Scenario[] {
  const { small, middle, full } = bench.stacks;
  return [
    starts(bench, 'start-small', small, 'background'),
    starts(bench, 'start-middle', middle, 'background'),
    starts(bench, 'start-full', full, 'background'),
    starts(bench, 'start-small-foreground', small, 'foreground'),
    starts(bench, 'start-full-foreground', full, 'foreground'),
  ];
}

function starts(bench: Bench, id: string, stack: Stack, form: 'background' | 'foreground'): Scenario {
  const { session, clients } = bench;
  return scenario([id, 'start-node'], {
    suits: ({ isServed }) => isServed || form === 'background',
    async measure(contender: Contender, placement: Placement) {
      await clients.warmNames(stack.layers);
      const directory = session.newDirectory(contender.id);
      try {
        const words = contender[form](stack.layers, directory);
        const started = await clients.start(form, directory, words, placement);
        // What it answers is a process id.
        const samples: Sample[] = fromMemory([id], [{ ...started, answer: '' }]);
        return contender.isOurs ? [...samples, ...(await bareNode(bench, contender, placement))] : samples;
      } finally {
        await unmount(session, directory);
      }
    },
  });
}

/** The Node that the contender runs by. */
async function bareNode({ clients }: Bench, { node }: Contender, placement: Placement): Promise<Sample[]> {
  const { name, path } = node ?? { name: 'node', path: process.execPath };
  const measured = await clients.command([path, '-e', '0'], placement);
  return fromMemory(['start-node'], [measured]).map((sample) => ({ ...sample, of: name }));
}
