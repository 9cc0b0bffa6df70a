// The program that is asked about a store by a mount whose own thread has better things to do: a question on its standard input,
// the answer on its standard output. Its one word is the number of the process that asks, with which it ends.
import { readFileSync, writeFileSync } from 'node:fs';
import { openTheStore } from '../../../open/stack.ts';
import { Trouble } from '../../../sys/errors.ts';
import { dieWith } from '../../../sys/process/parent-death.ts';
import { type Answer, listsOf, type Question } from './question.ts';

// What it does it does at one go: neither a closed pipe nor a signal that is handled would come to its ears.
dieWith(Number(process.argv[2]));
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
