// The program that is asked about a store by a mount whose own thread has better things to do: a question on its standard input,
// the answer on its standard output.
import { readFileSync, writeFileSync } from 'node:fs';
import { openTheStore } from '../../../open/stack.ts';
import { Trouble } from '../../../sys/errors.ts';
import { type Answer, listsOf, type Question } from './question.ts';

const question = JSON.parse(readFileSync(0, 'utf8')) as Question;
writeFileSync(1, JSON.stringify(await answer(question)));

async function answer({ what, store: words }: Question): Promise<Answer> {
  try {
    const store = await openTheStore(words);
    if (what === 'lists') return { kind: 'lists', lists: listsOf(store), cost: processorTime() };
    const { healthOf } = await import('../../../health/open.ts');
    const { TextOutput } = await import('../../print/output.ts');
    const { printHealth } = await import('../../print/store/health.ts');
    const out = new TextOutput();
    await printHealth(healthOf(store), { directory: store.directory }, {}, { out });
    return { kind: 'health', text: out.text, cost: processorTime() };
  } catch (error) {
    if (error instanceof Trouble) return { kind: 'trouble', message: error.message };
    throw error;
  }
}

/** Milliseconds, all that this process took. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
