// `stratafs cat`: the contents of files of an image, to the output, without a mount.

import type { Command } from 'commander';
import { changesOf, openDamagedStack, readTree, type StoreOptions } from '../../open/stack.ts';
import { walk } from '../../overlay/path.ts';
import type { Tree } from '../../overlay/tree.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { E, Errno, Trouble } from '../../sys/errors.ts';
import { isDirectory, isRegular, typeOf } from '../../sys/file-types.ts';
import { missingFailure } from '../absent.ts';
import { pathArguments } from '../arguments.ts';
import { noteMounted } from '../examine/mounted.ts';
import { pathFailure, pathMessage } from '../failure.ts';
import { layerIndex, layerPointer } from '../layer-option.ts';
import { metadataOption } from '../metadata-option.ts';
import type { Output } from '../print/output.ts';
import type { Terminal } from '../print/terminal.ts';
import { REFERENCE_WORDS } from '../topics.ts';

/** Bytes read at a time: large enough that the system calls do not count, small enough for a processor's cache. */
const CHUNK = 256 << 10;

interface CatOptions extends StoreOptions {
  readonly layer?: string;
}

export function registerCat(program: Command, terminal: Terminal): void {
  program
    .command('cat')
    .summary('print files of an image or container')
    .description(
      'Write the contents of files to the output. A file that cannot be read does not stop the others.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .argument('<path...>', 'paths inside the image; links are resolved inside it')
    .option('--layer <n>', 'as they are in this layer alone (1 is the lowest), links not resolved')
    .addOption(metadataOption())
    .action(async (reference: string, paths: string[], _: unknown, command: Command) => {
      const bytes = pathArguments(paths);
      const options = command.optsWithGlobals<CatOptions>();
      if (options.layer !== undefined) {
        await copyFromLayer(reference, options.layer, options, bytes, terminal);
        return;
      }
      await readTree(reference, options, async (tree) => {
        for (const path of bytes) {
          try {
            copy(tree, path, terminal.out);
          } catch (error) {
            terminal.report(await missingFailure('read', path, tree, error, layerPointer));
          }
        }
        await noteMounted(tree.stack, bytes, options, terminal);
      });
    });
}

function copy(tree: Tree, path: ByteString, out: Output): void {
  const entry = walk(tree, path, { follow: true });
  mustBeRegular(path, tree.status(entry).mode, tree.stack.label);
  const node = tree.nodeOf(entry);
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let offset = 0; ; ) {
    const size = tree.read(node, offset, chunk, 0, CHUNK);
    if (size === 0) return;
    out.writeBytes(chunk.subarray(0, size));
    offset += size;
  }
}

/** A fifo or a device is a name here; what it would lead to belongs to this machine, not to the image. */
function mustBeRegular(path: ByteString, mode: number, label: string): void {
  if (isDirectory(mode)) throw new Errno(E.EISDIR, 'read');
  if (!isRegular(mode))
    throw new Trouble('path', pathMessage('read', path, label, `is a ${typeOf(mode).words}`));
}

async function copyFromLayer(
  reference: string,
  number: string,
  options: StoreOptions,
  paths: readonly ByteString[],
  terminal: Terminal,
): Promise<void> {
  const { componentsOf, Layers } = await import('../../layers/layers.ts');
  const { nodeInLayer } = await import('../../layers/nodes.ts');
  const stack = await openDamagedStack(reference, options);
  const index = layerIndex(number, stack);
  const layers = new Layers(stack, await changesOf(stack, options));
  const chunk = Buffer.allocUnsafe(CHUNK);
  try {
    for (const path of paths) {
      try {
        const node = nodeInLayer(layers, index, componentsOf(path));
        mustBeRegular(path, node.attributes.mode, stack.label);
        const contents = node.open();
        try {
          for (let offset = 0; ; ) {
            const size = contents.read(offset, chunk);
            if (size === 0) break;
            terminal.out.writeBytes(chunk.subarray(0, size));
            offset += size;
          }
        } finally {
          contents.close();
        }
      } catch (error) {
        terminal.report(pathFailure('read', path, stack.label, error));
      }
    }
  } finally {
    layers.close();
  }
}
