// `stratafs report`: an image or container, or all stores of a root, as one HTML file to look at.
import type { Command } from 'commander';
import { keptOf } from '../../open/kept.ts';
import { mustHaveLayers } from '../../open/missing.ts';
import { changesOf, openDamagedStack, openTheStore, type StoreOptions } from '../../open/stack.ts';
import { MOST_ROWS } from '../../report/document.ts';
import { imageDocument } from '../../report/image/document.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import type { Configuration } from '../../store/oci/oci.ts';
import { parseLayerChoice } from '../../store/reference/choice.ts';
import { Trouble } from '../../sys/errors.ts';
import { escapeText } from '../../told/escape.ts';
import { readHistory } from '../measured.ts';
import { reportMissing } from '../missing.ts';
import { humanSize } from '../print/size.ts';
import type { Terminal } from '../print/terminal.ts';
import { imageReport } from '../report/image.ts';
import { readPageFiles } from '../report/page-files.ts';
import { PageOutput } from '../report/page-output.ts';
import { Witness } from '../report/witness.ts';
import { withComparedStack } from '../survey.ts';
import { REFERENCE_WORDS } from '../topics.ts';
import { version } from '../version.ts';

interface ReportOptions extends Omit<StoreOptions, 'store'> {
  readonly output?: string;
  readonly out?: string;
  readonly withEnv?: true;
  readonly verify?: true;
  /** A store's name; true where none was given. */
  readonly store?: string | true;
}

export function registerReport(program: Command, terminal: Terminal): void {
  program
    .command('report')
    .summary('write an image or container, or a whole store, as one HTML file to look at')
    .description(
      'Write an HTML file about REF that any browser opens, without a network: layers and steps, where the bytes are, the ' +
        'tree with what newer layers deleted or wrote over, wasted bytes, the configuration. No contents of files. With --store ' +
        "and no REF, an examiner's report on all stores, or on that of the name (of several roots each has a directory of its own): images, containers, volumes, layers " +
        'by who has them, health, what was deleted, a timeline by day, with --verify the verdict on each layer, and how it was made.',
    )
    .argument('[ref]', REFERENCE_WORDS)
    .option('-o, --output <file>', 'the file to be made; it must not be there; - for the standard output')
    .option('--with-env', 'values of environment variables too')
    .option('--verify', 'with --store: prove all layers against their diff IDs, as verify --all does')
    .option(
      '--out <dir>',
      'with --store: the page, and all it tells as JSON lines, a body file and manifests, with SHA256SUMS, into a new or empty directory',
    )
    .action(async (reference: string | undefined, _: unknown, command: Command) => {
      const { store, ...asked } = command.optsWithGlobals<ReportOptions>();
      const options = typeof store === 'string' ? { ...asked, store } : asked;
      if (reference === undefined && store !== undefined) {
        mustHaveTarget(options);
        const { writeStoreReport } = await import('../report/store/write.ts');
        await writeStoreReport(options, terminal);
        return;
      }
      mustBeOfReference(reference, asked, store === true);
      const witness = new Witness(terminal.out, terminal.err, { now: terminal.now });
      const stack = await openDamagedStack(reference, {
        ...options,
        say: (message) => witness.note(message),
      });
      mustHaveLayers(stack);
      reportMissing(stack, witness);
      const page = new PageOutput(options.output ?? '-', keptOf(stack, options.root), terminal.out);
      try {
        page.write(await documentOf(reference, stack, options, witness));
      } finally {
        page.close();
      }
      terminal.exitWith(witness.exitCode);
    });
}

/** Throws Trouble where it is not told where to, or told twice. */
function mustHaveTarget({ output, out, withEnv }: Omit<ReportOptions, 'store'>): void {
  if (withEnv)
    throw new Trouble(
      'usage',
      'Cannot tell "--with-env" of a whole store: it has no values of environment variables',
    );
  if ((output === undefined) === (out === undefined))
    throw new Trouble('usage', 'Cannot write a report on a store: give either -o FILE or --out DIR');
}

/** Throws Trouble where the words mean no report on one image or container. */
function mustBeOfReference(
  reference: string | undefined,
  { output, out, verify }: Omit<ReportOptions, 'store'>,
  isBare: boolean,
): asserts reference is string {
  const refuse = (state: string) => new Trouble('usage', `Cannot write a report: ${state}`);
  if (reference === undefined) throw refuse('name an image or container, or give --store');
  if (isBare) throw refuse(`"--store" alone is for the whole store, and "${reference}" is named too`);
  if (out !== undefined || verify) throw refuse('"--out" and "--verify" are for --store without a reference');
  if (output === undefined) throw refuse('give -o FILE');
}

async function documentOf(
  reference: string,
  stack: LayerStack,
  options: StoreOptions & Pick<ReportOptions, 'withEnv'>,
  witness: Witness,
): Promise<string> {
  const { rows: history, damage } = await readHistory(reference, stack, options);
  if (damage !== undefined)
    witness.report(new Trouble('store', `Cannot tell all steps of "${escapeText(stack.label)}": ${damage}`));
  const configuration = await configurationOf(reference, stack, options);
  const record = await withComparedStack(stack, await changesOf(stack, options), witness, (view, copies) =>
    imageReport(
      {
        ...{ stack, view, copies, history, withEnv: options.withEnv === true, mostRows: MOST_ROWS },
        ...(configuration === undefined ? {} : { configuration }),
      },
      witness,
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
