// `stratafs inspect`: the chain of layers behind a reference, as one would find it by hand under the data root.

import type { Command } from 'commander';
import { reportMissing } from '../missing.ts';
import { showStack } from '../print/store/stack.ts';
import type { Terminal } from '../print/terminal.ts';
import { openDamagedStack, REFERENCE_WORDS, type StoreOptions } from '../stack.ts';

interface InspectOptions extends StoreOptions {
  readonly json?: true;
}

export function registerInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .summary('show the chain of layers, top first')
    .description(
      'Show each layer of REF, top first: diff ID, chain ID, cache ID, directory, size, history line.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .option('--json', 'one JSON object')
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<InspectOptions>();
      const stack = await openDamagedStack(reference, options);
      terminal.out.write(showStack(stack, options));
      reportMissing(stack, terminal);
    });
}
