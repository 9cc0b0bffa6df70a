// Contenders that show a stack by what they have learnt of it: before the rounds each serves one walk of every stack.
import type { Contender } from './contenders.ts';
import { withMount } from './mount.ts';
import type { Bench } from './scenario.ts';

export async function learn(
  { session, clients, stacks }: Bench,
  contenders: readonly Contender[],
): Promise<void> {
  for (const contender of contenders.filter(({ learns }) => learns === true)) {
    for (const { layers } of [stacks.small, stacks.middle, stacks.full])
      await withMount(session, contender, layers, 'free', ({ directory }) => clients.walk(directory, 'free'));
  }
}
