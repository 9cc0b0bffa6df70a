// `stratafs __complete WORD…`, which the shells' scripts call at each Tab: a candidate a line, after a tab what it means; a
// last line `:files` or `:directories` where the shell is to add its own.
import type { Command } from 'commander';
import type { StoreOptions } from '../../open/stack.ts';
import type { Output } from '../print/output.ts';
import { withPathApart } from '../words/path-of-reference.ts';
import { findCandidates } from './candidates.ts';
import { readLine } from './line.ts';

/** The hidden word in front. */
export const COMPLETE = '__complete';

/** `program` has the command that the words name. Throws what finding the store or the reference throws. */
export async function complete(program: Command, words: readonly string[], out: Output): Promise<void> {
  const parted = await withPathApart(program, words);
  const { wanted, text, before, globals } = readLine(program, parted);
  const typed = words.at(-1) ?? '';
  // Of `REF:/path`, the path is completed behind its reference.
  const reference = typed.slice(0, typed.length - (parted.at(-1) ?? '').length);
  const front = reference === '' ? before : reference;
  const isDest = wanted.kind === 'path' && wanted.orFile && parted.length > words.length && reference === '';
  const print = async (options: StoreOptions) => {
    const { candidates, shell } = await findCandidates(isDest ? { kind: 'file' } : wanted, text, options);
    for (const { word, meaning } of candidates) out.write(`${front}${word}\t${meaning}\n`);
    if (shell !== undefined) out.write(`:${shell}\n`);
  };
  // A command of the program, so that its options lead to the store as they do for all others.
  program.command(COMPLETE, { hidden: true }).action((_: unknown, command: Command) => {
    // Nothing is said in the midst of a line that is being typed.
    const { say: _say, ...options } = command.optsWithGlobals<StoreOptions>();
    return print(options);
  });
  await program.parseAsync([...globals, COMPLETE], { from: 'user' });
}
