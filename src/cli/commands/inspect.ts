// `stratafs inspect`: the chain of layers behind a reference, as one would find it by hand under the data root.

import type { Command } from 'commander';
import { openDamagedStack, openTheStore, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { Trouble } from '../../sys/errors.ts';
import { escapeJson } from '../../told/escape.ts';
import { writeLowerdir } from '../examine/lowerdir.ts';
import { mountedIn } from '../examine/mounted.ts';
import { jsonRoot } from '../json/stream.ts';
import { reportMissing } from '../missing.ts';
import { formatConfiguration } from '../print/store/configuration.ts';
import { describeStack, jsonStack } from '../print/store/stack.ts';
import type { Terminal } from '../print/terminal.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface InspectOptions extends StoreOptions {
  readonly json?: true;
  readonly config?: true;
  readonly lowerdir?: true;
}

export function registerInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .summary('show the chain of layers, top first')
    .description(
      'Show each layer of REF, top first: diff ID, chain ID, cache ID, directory, size, history line.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .option(
      '--config',
      'how it is run, too: environment, command, user, ports, volumes, labels, platform; of a container state, mounts and log file',
    )
    .option(
      '--lowerdir',
      'nothing but the layers as an option of mount(8), to be pasted behind "mount -t overlay overlay -o"',
    )
    .option('--json', 'one JSON object')
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<InspectOptions>();
      const both = ['config', 'lowerdir', 'json'].filter((name) => command.opts()[name] === true);
      if (both.length > 1)
        throw new Trouble('usage', `Cannot tell two things at once: --${both.join(' or --')}`);
      const stack = await openDamagedStack(reference, options);
      if (options.lowerdir) {
        writeLowerdir(stack, terminal);
        return;
      }
      const subject = { ...jsonRoot(options, stack), ref: reference };
      const text = () => `${escapeJson(jsonStack(stack, subject))}\n`;
      terminal.out.write(options.json ? text() : describeStack(stack));
      if (options.config) terminal.out.write(await configurationOf(reference, stack, options));
      reportMissing(stack, terminal);
    });
}

/** Throws Trouble where there is none. */
async function configurationOf(reference: string, stack: LayerStack, options: StoreOptions): Promise<string> {
  if (stack.id === undefined)
    throw new Trouble(
      'usage',
      `Cannot tell the configuration of "${reference}": it is neither image nor container`,
    );
  const store = await openTheStore(options, stack);
  const configuration = store.configuration(stack);
  const isContainer = stack.kind === 'container';
  const summary = isContainer ? store.containers().find(({ id }) => id === stack.id) : undefined;
  return formatConfiguration(configuration, { summary, mounted: await mountedIn(stack, options) });
}
