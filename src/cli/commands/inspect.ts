// `stratafs inspect`: the chain of layers behind a reference, as one would find it by hand under the data root.

import type { Command } from 'commander';
import { jsonRoot } from '../json/stream.ts';
import { reportMissing } from '../missing.ts';
import { escapeJson } from '../print/escape.ts';
import { describeStack, jsonStack } from '../print/store/stack.ts';
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
      const subject = { ...jsonRoot(options, stack), ref: reference };
      const text = () => `${escapeJson(jsonStack(stack, subject))}\n`;
      terminal.out.write(options.json ? text() : describeStack(stack));
      reportMissing(stack, terminal);
    });
}
