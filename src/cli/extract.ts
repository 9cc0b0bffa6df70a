// `stratafs extract`: files and trees of an image, or of one of its layers, copied into a directory.
import { mkdirSync } from 'node:fs';
import type { Command } from 'commander';
import { Destination } from '../forensic/destination.ts';
import { type ExtractLog, extract } from '../forensic/extract.ts';
import { componentsOf, Layers } from '../forensic/layers.ts';
import { type Node, nodeInLayer, TreeNode } from '../forensic/nodes.ts';
import { walk } from '../overlay/path.ts';
import type { LayerStack } from '../store/store.ts';
import { asBytes, type ByteString, bufferOf, bytesOfText } from '../sys/bytes.ts';
import { Errno, errnoWords, systemWords, Trouble } from '../sys/errors.ts';
import { checkWritable, placeOf } from '../sys/kept.ts';
import { pathArguments } from './arguments.ts';
import { pathFailure, pathMessage } from './failure.ts';
import { keptOf } from './kept.ts';
import { layerHint, layerIndex } from './layer-option.ts';
import { openStack, openTree, REFERENCE_WORDS, type StoreOptions } from './stack.ts';
import { typeOf } from './status.ts';
import type { Terminal } from './terminal.ts';

interface ExtractOptions extends StoreOptions {
  readonly output: string;
  readonly layer?: string;
  readonly preserve?: true;
}

export function registerExtract(program: Command, terminal: Terminal): void {
  program
    .command('extract')
    .summary('copy files of an image, or of one layer, into a directory')
    .description(
      'Copy files, directories and symbolic links to DIR, at the same paths below it, with their times of change. Nothing ' +
        'that is there already is overwritten, and no link there is followed. Devices, fifos and sockets are left out.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .argument('<path...>', 'paths inside the image')
    .requiredOption('-o, --output <dir>', 'where to put them; made if it is not there')
    .option('--layer <n>', 'as they are in this layer alone (1 is the lowest): deleted and older ones too')
    .option('-p, --preserve', 'owners and modes too (owners need root)')
    .action(async (reference: string, paths: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExtractOptions>();
      const bytes = pathArguments(paths);
      const stack = await openStack(reference, options);
      const index = options.layer === undefined ? undefined : layerIndex(options.layer, stack);
      const to = openDestination(stack, options);
      const layers = new Layers(stack);
      const log = logTo(stack, terminal);
      try {
        if (index === undefined) await fromTree(layers, bytes, to, log, terminal);
        else
          for (const path of bytes)
            one(path, (names) => nodeInLayer(layers, index, names), to, log, terminal);
      } finally {
        layers.close();
        to.close();
      }
    });
}

function one(
  path: ByteString,
  find: (names: readonly ByteString[]) => Node,
  to: Destination,
  log: ExtractLog,
  terminal: Terminal,
): void {
  const names = componentsOf(path);
  try {
    extract(find(names), names, to, log);
  } catch (error) {
    terminal.report(error);
  }
}

async function fromTree(
  layers: Layers,
  paths: readonly ByteString[],
  to: Destination,
  log: ExtractLog,
  terminal: Terminal,
): Promise<void> {
  const tree = await openTree(layers.stack);
  try {
    for (const path of paths) {
      const hint = await layerHint(layers, componentsOf(path));
      const find = () => {
        try {
          return new TreeNode(tree, walk(tree, path, { follow: false }));
        } catch (error) {
          const failure = pathFailure('open', path, layers.stack.label, error);
          throw failure instanceof Trouble ? new Trouble('path', failure.message + hint) : failure;
        }
      };
      one(path, find, to, log, terminal);
    }
  } finally {
    tree.close();
  }
}

function logTo({ label }: LayerStack, terminal: Terminal): ExtractLog {
  return {
    failed(path, error) {
      const { code } = error as NodeJS.ErrnoException;
      const ours = code === 'EEXIST' || code === 'ELOOP' || code === 'ENOTDIR';
      const state =
        error instanceof Errno
          ? errnoWords(error.errno)
          : ours
            ? 'something of this name is in the destination already'
            : `the destination answers: ${systemWords(error)}`;
      terminal.report(new Trouble('path', pathMessage('extract', path, label, state)));
    },
    skipped(path, mode) {
      terminal.note(pathMessage('extract', path, label, `skipped, a ${typeOf(mode).words}`));
    },
  };
}

/** Never in the store or in a layer: there nothing is written. */
function openDestination(stack: LayerStack, { output, root, preserve }: ExtractOptions): Destination {
  const path = bytesOfText(output);
  try {
    checkWritable(path, keptOf(stack, root));
    makeDirectory(path);
    return Destination.open(output, { preserve: preserve === true });
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new Trouble('usage', `Cannot extract to "${output}": ${errnoWords(-(errno ?? 0))}`, {
      cause: error,
    });
  }
}

/** With those above it. Not Node's own way, which never ends where the kernel makes no directories, as in /proc. */
function makeDirectory(path: ByteString): void {
  const { existing, missing } = placeOf(path);
  let at: string = existing;
  for (const name of missing) {
    at = `${at}/${name}`;
    try {
      mkdirSync(bufferOf(asBytes(at)));
    } catch (cause) {
      const { errno } = cause as NodeJS.ErrnoException;
      const doing = `Cannot make the directory "${bufferOf(asBytes(at)).toString()}"`;
      throw new Trouble('usage', `${doing}: ${errnoWords(-(errno ?? 0))}`, { cause });
    }
  }
}
