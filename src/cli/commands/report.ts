// `stratafs report`: an image or container as one HTML file to look at.
import type { Command } from 'commander';
import { MOST_ROWS } from '../../report/document.ts';
import { imageDocument } from '../../report/image/document.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { Configuration } from '../../store/oci/oci.ts';
import { parseLayerChoice } from '../../store/reference/choice.ts';
import { Trouble } from '../../sys/errors.ts';
import { keptOf } from '../kept.ts';
import { readHistory } from '../measured.ts';
import { mustHaveLayers, reportMissing } from '../missing.ts';
import { escapeText } from '../print/escape.ts';
import { humanSize } from '../print/size.ts';
import type { Terminal } from '../print/terminal.ts';
import { imageReport } from '../report/image.ts';
import { readPageFiles } from '../report/page-files.ts';
import { PageOutput } from '../report/page-output.ts';
import { changesOf, openDamagedStack, openTheStore, REFERENCE_WORDS, type StoreOptions } from '../stack.ts';
import { withComparedStack } from '../survey.ts';
import { version } from '../version.ts';

interface ReportOptions extends StoreOptions {
  readonly output: string;
  readonly withEnv?: true;
}

export function registerReport(program: Command, terminal: Terminal): void {
  program
    .command('report')
    .summary('write an image or container as one HTML file to look at')
    .description(
      'Write an HTML file about REF that any browser opens, without a network: layers and steps, where the bytes are, the ' +
        'tree with what newer layers deleted or wrote over, wasted bytes, the configuration. No contents of files.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .requiredOption(
      '-o, --output <file>',
      'the file to be made; it must not be there; - for the standard output',
    )
    .option('--with-env', 'values of environment variables too')
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ReportOptions>();
      const stack = await openDamagedStack(reference, options);
      mustHaveLayers(stack);
      const page = new PageOutput(options.output, keptOf(stack, options.root), terminal.out);
      try {
        page.write(await documentOf(reference, stack, options, terminal));
      } finally {
        page.close();
      }
      reportMissing(stack, terminal);
    });
}

async function documentOf(
  reference: string,
  stack: LayerStack,
  options: ReportOptions,
  terminal: Terminal,
): Promise<string> {
  const { rows: history, damage } = await readHistory(reference, stack, options);
  if (damage !== undefined)
    terminal.report(new Trouble('store', `Cannot tell all steps of "${escapeText(stack.label)}": ${damage}`));
  const configuration = await configurationOf(reference, stack, options);
  const record = await withComparedStack(stack, await changesOf(stack, options), terminal, (view, copies) =>
    imageReport(
      {
        ...{ stack, view, copies, history, withEnv: options.withEnv === true, mostRows: MOST_ROWS },
        ...(configuration === undefined ? {} : { configuration }),
      },
      terminal,
    ),
  );
  return imageDocument(record, { ...readPageFiles(), tool: `stratafs ${version()}`, size: humanSize });
}

/** Directories and some layers of an image have none. */
async function configurationOf(
  reference: string,
  stack: LayerStack,
  options: StoreOptions,
): Promise<Configuration | undefined> {
  if (stack.kind === 'lowerdir' || stack.id === undefined || parseLayerChoice(reference) !== undefined)
    return undefined;
  return (await openTheStore(options, stack)).configuration(stack);
}
