// `stratafs extract`: files and trees of an image, or of one of its layers, copied into a directory.
import { mkdirSync } from 'node:fs';
import type { Command } from 'commander';
import { type CpPlaces, cpPlaces, namesInto } from '../../copy/cp-places.ts';
import { Destination, DestinationError } from '../../copy/destination.ts';
import type { TarStart } from '../../copy/export-tree.ts';
import { Extractor } from '../../copy/extract.ts';
import { componentsOf, Layers } from '../../layers/layers.ts';
import { type Node, nodeInLayer, TreeNode } from '../../layers/nodes.ts';
import { keptOf } from '../../open/kept.ts';
import {
  changesOf,
  openDamagedStack,
  openStack,
  openTree,
  type Records,
  recordsOf,
  type StoreOptions,
} from '../../open/stack.ts';
import { walk } from '../../overlay/path.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { kindAtPath } from '../../store/named.ts';
import { asBytes, type ByteString, bufferOf, bytesOfText } from '../../sys/bytes.ts';
import { errnoOf, errnoWords, Trouble } from '../../sys/errors.ts';
import { isDirectory as isDirectoryMode } from '../../sys/file-types.ts';
import { checkWritable, writePlaceOf } from '../../sys/kept.ts';
import { missingFailure } from '../absent.ts';
import { pathArguments } from '../arguments.ts';
import { pathFailure } from '../failure.ts';
import { Interruption } from '../interruption.ts';
import { layerHint, layerIndex } from '../layer-option.ts';
import { metadataOption } from '../metadata-option.ts';
import { ExtractPrinter } from '../print/extract-log.ts';
import { WorkProgress, withProgress } from '../print/progress/work-progress.ts';
import type { Terminal } from '../print/terminal.ts';
import { countedOutput, mustNotBeTerminal, tarSink } from '../tar-output.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface ExtractOptions extends StoreOptions {
  readonly output?: string;
  readonly layer?: string;
  readonly preserve?: boolean;
  readonly devices?: boolean;
  readonly archive?: boolean;
  readonly followLink?: boolean;
  readonly overwrite?: boolean;
}

export function registerExtract(program: Command, terminal: Terminal): void {
  program
    .command('extract')
    .summary('copy files of an image, or of one layer, into a directory; "cp" as docker cp')
    .usage('[options] <ref> <path...> (-o <dir> | <dest>)')
    .description(
      'Copy files, directories and symbolic links to DIR, at the same paths below it, with their times, hard links and ' +
        'holes. Without -o to DEST, the last word, as docker cp does: into the directory that is there, else by that name; ' +
        'PATH/. means what is in PATH, and DEST - a tar. Nothing that is there already is overwritten, no link there is ' +
        'followed, and no file has its name before it is complete. Rights are cut as by cp; owners, set-id bits and ' +
        'attributes are kept with -p or -a only.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .argument('<path...>', 'paths inside the image; without -o the last one is DEST, on this machine')
    .option(
      '-o, --output <dir>',
      'where to put them; made if it is not there; -: as a tar to the standard output',
    )
    .option('--layer <n>', 'as they are in this layer alone (1 is the lowest): deleted and older ones too')
    .option('-p, --preserve', 'owners, all mode bits, attributes, ACLs and capabilities too (needs root)')
    .option('--devices', 'devices (needs root), fifos and sockets too; else each is passed over, and named')
    .option('-a, --archive', 'as cp -a and docker cp -a: -p and --devices')
    .option(
      '-L, --follow-link',
      'where a path is a symbolic link, copy what it leads to in the image, by the name of the link',
    )
    .option('--overwrite', 'replace what is there already, but no directory')
    .addOption(metadataOption())
    .action(async (reference: string, paths: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExtractOptions>();
      const given = pathArguments(paths);
      const isCp = options.output === undefined;
      const output = options.output ?? paths.at(-1);
      if (isCp && output !== undefined) mustBeHere(output);
      const bytes = isCp ? given.slice(0, -1) : given;
      if (output === undefined || bytes.length === 0)
        throw new Trouble('usage', 'Cannot extract to nowhere: give -o DIR, or DEST behind the paths');
      if (options.followLink && options.layer !== undefined) {
        const state = 'what a link leads to may be in another layer';
        throw new Trouble('usage', `Cannot use "--follow-link" with "--layer": ${state}`);
      }
      const open = options.layer === undefined ? openStack : openDamagedStack;
      const stack = await open(reference, options);
      if (output === '-') {
        await writeTar(stack, bytes, { ...options, isCp }, terminal);
        return;
      }
      const index = options.layer === undefined ? undefined : layerIndex(options.layer, stack);
      const recorded = await (index === undefined ? recordsOf : changesOf)(stack, options);
      const layers = new Layers(stack, recorded);
      try {
        const extraction = { stack, paths: bytes, output, isCp, options, terminal };
        if (index !== undefined) {
          await copyAll(extraction, (path) => nodeInLayer(layers, index, componentsOf(path)));
        } else await copyFromTree(extraction, layers, recorded);
      } finally {
        layers.close();
      }
    });
}

/** What docker cp would take for a path in a container. */
function mustBeHere(output: string): void {
  if (!/^[^./][^/]*:\//.test(output)) return;
  const state = 'nothing is written into an image or a container';
  throw new Trouble(
    'usage',
    `Cannot extract to "${output}": ${state}; a file of this machine with that name is "./${output}"`,
  );
}

/** With all that a tar holds of them. A path that is not there costs itself; a signal may end it anywhere, as `export`. */
async function writeTar(
  stack: LayerStack,
  paths: readonly ByteString[],
  options: ExtractOptions & { readonly isCp: boolean },
  terminal: Terminal,
): Promise<void> {
  if (options.layer !== undefined) {
    throw new Trouble('usage', 'Cannot write files of one layer as a tar: give -o DIR, or export --layer');
  }
  mustNotBeTerminal(terminal);
  const { exportTree } = await import('../../copy/export-tree.ts');
  const tree = await openTree(stack, await recordsOf(stack, options));
  try {
    const starts: TarStart[] = [];
    for (const path of paths) {
      try {
        const entry = walk(tree, path, { follow: options.followLink === true });
        const names = options.isCp ? namesInto(path) : componentsOf(path);
        starts.push({ path: asBytes(names.join('/')), entry });
      } catch (error) {
        terminal.report(
          await missingFailure('open', path, tree, error, (number) => `-o DIR --layer ${number}`),
        );
      }
    }
    // Whoever reads an empty tar would take it for what was asked for.
    if (starts.length === 0) return;
    await withProgress(terminal, 'writing', (progress) => {
      const out = countedOutput(terminal.out, progress);
      for (const _ of exportTree(tree, tarSink(stack.label, out, terminal), starts));
    });
  } finally {
    tree.close();
  }
}

/** What is copied out of a stack, and to where. */
interface Extraction {
  readonly stack: LayerStack;
  readonly paths: readonly ByteString[];
  /** Path on this machine. */
  readonly output: string;
  /** Whether it is the DEST of docker cp; else the directory of all paths. */
  readonly isCp: boolean;
  readonly options: ExtractOptions;
  readonly terminal: Terminal;
}

async function copyFromTree(
  extraction: Extraction,
  layers: Layers,
  recorded: Records | undefined,
): Promise<void> {
  const { stack, options } = extraction;
  const follow = options.followLink === true;
  const tree = await openTree(stack, recorded);
  const find = async (path: ByteString) => {
    try {
      return new TreeNode(tree, walk(tree, path, { follow }));
    } catch (error) {
      const failure = pathFailure('open', path, stack.label, error);
      if (!(failure instanceof Trouble)) throw failure;
      throw new Trouble('path', failure.message + (await layerHint(layers, componentsOf(path))));
    }
  };
  try {
    await copyAll(extraction, find);
  } finally {
    tree.close();
  }
}

/** A signal ends it between two files, or within one: that one is then not there at all. */
async function copyAll(
  extraction: Extraction,
  find: (path: ByteString) => Node | Promise<Node>,
): Promise<void> {
  const { stack, paths, output, options, terminal } = extraction;
  const preserve = preserves(options);
  const special = options.devices === true || options.archive === true;
  const { directory, names } = extraction.isCp ? await placesOf(extraction, find) : samePlaces(output);
  const to = openDestination(stack, directory, extraction);
  const progress = new WorkProgress(terminal, 'extracting');
  const printer = new ExtractPrinter(stack, terminal, progress);
  const extractor = new Extractor(to, { preserve, special }, printer);
  const interruption = new Interruption();
  try {
    for (const path of paths) {
      if (interruption.isStopped) return;
      try {
        const place = names(path);
        printer.isAt(place, componentsOf(path));
        await interruption.run(extractor.extract(await find(path), place));
      } catch (error) {
        if (error instanceof DestinationError) {
          throw new Trouble('usage', `Cannot extract to "${output}": ${errnoWords(error.errno)}`, {
            cause: error,
          });
        }
        terminal.report(error);
      }
    }
  } finally {
    progress.end();
    printer.end();
    interruption.end();
    to.close();
  }
}

function preserves({ preserve, archive }: ExtractOptions): boolean {
  return preserve === true || archive === true;
}

/** At the same paths as in the image. */
function samePlaces(output: string): CpPlaces {
  return { directory: bytesOfText(output), names: componentsOf };
}

async function placesOf(
  { output, paths }: Extraction,
  find: (path: ByteString) => Node | Promise<Node>,
): Promise<CpPlaces> {
  const [path = asBytes('/')] = paths;
  const kind = kindAtPath(bytesOfText(output));
  const isDirectory = paths.length === 1 && isDirectoryMode((await find(path)).attributes.mode);
  const to = kind === undefined || kind === 'directory' ? kind : 'other';
  const places = cpPlaces(bytesOfText(output), to, { count: paths.length, isDirectory });
  if (typeof places !== 'string') return places;
  throw new Trouble('usage', `Cannot extract to "${output}": ${places}`);
}

/** Never in the store or in a layer: there nothing is written. With -o it is made, with DEST it has to be there. */
function openDestination(
  stack: LayerStack,
  path: ByteString,
  { output, isCp, options }: Extraction,
): Destination {
  const { root, overwrite = false } = options;
  const preserve = preserves(options);
  try {
    checkWritable(path, keptOf(stack, root));
    if (!isCp) makeDirectory(path);
    return Destination.open(path, { preserve, replace: overwrite });
  } catch (error) {
    const errno = error instanceof DestinationError ? error.errno : errnoOf(error);
    if (errno === undefined) throw error;
    throw new Trouble('usage', `Cannot extract to "${output}": ${errnoWords(errno)}`, { cause: error });
  }
}

/** With those above it. Not Node's own way, which never ends where the kernel makes no directories, as in /proc. */
function makeDirectory(path: ByteString): void {
  const { existing, missing } = writePlaceOf(path);
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
