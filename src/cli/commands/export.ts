// `stratafs export`: the merged tree as a tar, or one layer's own tar.

import type { Command } from 'commander';
import { keptOf } from '../../open/kept.ts';
import { mustBeThere } from '../../open/missing.ts';
import {
  openDamagedStack,
  openStack,
  openTheStore,
  openTree,
  recordsOf,
  type StoreOptions,
} from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { bytesOfText } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { checkWritable } from '../../sys/kept.ts';
import { Interrupted, Interruption } from '../interruption.ts';
import { metadataOption } from '../metadata-option.ts';
import { OutputFile } from '../new-file.ts';
import { DescriptorOutput, type Output } from '../print/output.ts';
import { withProgress } from '../print/progress/work-progress.ts';
import type { Terminal } from '../print/terminal.ts';
import { countedOutput, mustNotBeTerminal, tarSink } from '../tar-output.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface ExportOptions extends StoreOptions {
  readonly output?: string;
  readonly layer?: string;
}

export function registerExport(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .summary('write an image or container, or one layer, as a tar')
    .description(
      'Write the merged tree as a tar (PAX, GNU sparse files), the same bytes every time; what `docker export` has of the ' +
        "image, and extended attributes. With --layer, that layer's own tar, byte for byte as its diff ID was made from it.",
    )
    .argument('<ref>', REFERENCE_WORDS)
    .option('-o, --output <file>', 'a new file, instead of the standard output (-)')
    .option('--layer <n>', 'the layer of this number, as `inspect` counts them: 1 is the lowest')
    .addOption(metadataOption())
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExportOptions>();
      const open = options.layer === undefined ? openStack : openDamagedStack;
      const stack = await open(reference, options);
      await withOutput(stack, options, terminal, async (to, run) => {
        await withProgress(terminal, 'exporting', async (progress) => {
          const out = countedOutput(to, progress);
          if (options.layer === undefined) await exportMerged(stack, options, terminal, out, run);
          else await exportOne(stack, options.layer, options, out);
        });
      });
    });
}

type TarOutput = Pick<Output, 'writeBytes'>;

async function exportMerged(
  stack: LayerStack,
  options: ExportOptions,
  terminal: Terminal,
  out: TarOutput,
  run: Run,
): Promise<void> {
  const { exportTree } = await import('../../copy/export-tree.ts');
  const { label } = stack;
  const tree = await openTree(stack, await recordsOf(stack, options));
  try {
    const steps = exportTree(tree, tarSink(label, out, terminal));
    await run(steps);
  } finally {
    tree.close();
  }
}

async function exportOne(
  stack: LayerStack,
  number: string,
  options: ExportOptions,
  out: TarOutput,
): Promise<void> {
  const index = stack.layers.findIndex((_, at) => String(layerNumber(stack, at)) === number);
  const layer = stack.layers[index];
  if (layer === undefined) {
    const lowest = layerNumber(stack, stack.layers.length - 1);
    const state = `"${stack.label}" has layers ${lowest} to ${layerNumber(stack, 0)}`;
    throw new Trouble('usage', `Cannot export layer "${number}": ${state}`);
  }
  mustBeThere(layer);
  const { exportLayer } = await import('../../copy/export-layer.ts');
  const store = layer.diffId === undefined ? undefined : await openTheStore(options, stack);
  await exportLayer(
    layer,
    stack,
    (one) => store?.record(one, stack),
    (bytes) => out.writeBytes(bytes),
  );
}

/** Takes the steps of an export, as far as nobody stops it. */
type Run = (steps: Iterable<void>) => Promise<void>;

/** Gives the place to write to; a file that was begun and cannot be ended is not left, nor one that a signal stops. */
async function withOutput(
  stack: LayerStack,
  { output: file, root }: ExportOptions,
  terminal: Terminal,
  use: (out: Output, run: Run) => Promise<void>,
): Promise<void> {
  if (file === undefined || file === '-') {
    mustNotBeTerminal(terminal);
    // A signal may end the process anywhere: what was written is the reader's.
    await use(terminal.out, async (steps) => {
      for (const _ of steps);
    });
    return;
  }
  checkWritable(bytesOfText(file), keptOf(stack, root));
  const made = new OutputFile(file);
  const interruption = new Interruption();
  try {
    await use(new InterruptibleOutput(made.descriptor, interruption), (steps) => interruption.run(steps));
    interruption.check();
    made.keep();
  } catch (error) {
    made.discard();
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    interruption.end();
  }
}

/** Work that is not done in steps is stopped where it writes. */
class InterruptibleOutput extends DescriptorOutput {
  readonly #interruption: Interruption;

  constructor(descriptor: number, interruption: Interruption) {
    super(descriptor);
    this.#interruption = interruption;
  }

  override writeBytes(bytes: Uint8Array): void {
    this.#interruption.check();
    super.writeBytes(bytes);
  }
}
