// `stratafs export`: the merged tree as a tar, or one layer's own tar.
import { closeSync, openSync, unlinkSync } from 'node:fs';
import type { Command } from 'commander';
import type { ByteString } from '../sys/bytes.ts';
import { E, Trouble } from '../sys/errors.ts';
import { errnoWords, pathMessage } from './failure.ts';
import { metadataOption } from './metadata-option.ts';
import { DescriptorOutput, type Output } from './output.ts';
import { openStack, REFERENCE_WORDS, readTree, type StoreOptions } from './stack.ts';
import { layerNumber } from './status.ts';
import type { Terminal } from './terminal.ts';

interface ExportOptions extends StoreOptions {
  readonly output?: string;
  readonly layer?: string;
}

export function registerExport(program: Command, terminal: Terminal): void {
  program
    .command('export')
    .summary('write an image or container, or one layer, as a tar')
    .description(
      'Write the merged tree as a tar (PAX, GNU sparse files), the same bytes every time; what `docker export` has of the\n' +
        "image, and extended attributes. With --layer, that layer's own tar, byte for byte as its diff ID was made from it.",
    )
    .argument('<ref>', REFERENCE_WORDS)
    .option('-o, --output <file>', 'a new file, instead of the standard output')
    .option('--layer <n>', 'the layer of this number, as `inspect` counts them: 1 is the lowest')
    .addOption(metadataOption())
    .action(async (reference: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExportOptions>();
      await withOutput(options.output, terminal, async (out) => {
        if (options.layer === undefined) await exportMerged(reference, options, terminal, out);
        else await exportOne(reference, options.layer, options, out);
      });
    });
}

async function exportMerged(
  reference: string,
  options: ExportOptions,
  terminal: Terminal,
  out: Output,
): Promise<void> {
  const { exportTree } = await import('../forensic/export-tree.ts');
  await readTree(reference, options, (tree) => {
    const { label } = tree.stack;
    exportTree(tree, {
      write: (bytes) => out.writeBytes(bytes),
      leftOut(path: ByteString, errno: number) {
        if (errno === E.EOPNOTSUPP)
          terminal.note(pathMessage('export', path, label, 'a tar cannot hold a socket'));
        else terminal.report(new Trouble('path', pathMessage('export', path, label, errnoWords(errno))));
      },
    });
  });
}

async function exportOne(
  reference: string,
  number: string,
  options: ExportOptions,
  out: Output,
): Promise<void> {
  const stack = await openStack(reference, options);
  const index = stack.layers.findIndex((_, at) => String(layerNumber(stack, at)) === number);
  const layer = stack.layers[index];
  if (layer === undefined) {
    const state = `"${stack.label}" has layers 1 to ${stack.layers.length}`;
    throw new Trouble('usage', `Cannot export layer "${number}": ${state}`);
  }
  const { exportLayer } = await import('../forensic/export-layer.ts');
  const { openDockerRoot } = await import('../forensic/verify-reference.ts');
  await exportLayer(
    () => openDockerRoot(options.root),
    layer,
    (bytes) => out.writeBytes(bytes),
  );
}

/** Gives the place to write to; a file that was begun and cannot be ended is taken away. */
async function withOutput(
  file: string | undefined,
  terminal: Terminal,
  use: (out: Output) => Promise<void>,
): Promise<void> {
  if (file === undefined) {
    if (terminal.out.columns !== undefined) {
      throw new Trouble('usage', 'Cannot write a tar to a terminal: give -o FILE, or send it to a program');
    }
    await use(terminal.out);
    return;
  }
  const descriptor = create(file);
  try {
    await use(new DescriptorOutput(descriptor));
  } catch (error) {
    unlinkSync(file);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function create(file: string): number {
  try {
    return openSync(file, 'wx');
  } catch (cause) {
    const { code, errno } = cause as NodeJS.ErrnoException;
    const state = code === 'EEXIST' ? 'it is there already' : errnoWords(-(errno ?? 0));
    throw new Trouble('usage', `Cannot create "${file}": ${state}`, { cause });
  }
}
