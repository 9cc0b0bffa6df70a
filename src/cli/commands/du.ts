// `stratafs du`: what the files of an image or container take, by directory, with the words of du(1).
import type { Command } from 'commander';
import { canonical } from '../../layers/canonical.ts';
import { ShownTree, type Usage } from '../../layers/survey/usage.ts';
import { changesOf, openLayers, openStack, type Records, type StoreOptions } from '../../open/stack.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { layerNumber } from '../../store/reference/choice.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { E, Errno, Trouble } from '../../sys/errors.ts';
import { escapeBytes, escapeJson, jsonName } from '../../told/escape.ts';
import { absolutePath } from '../../told/fields.ts';
import { pathArguments } from '../arguments.ts';
import { eachStore, everyStore, jsonRoots } from '../examine/every-store.ts';
import { pathFailure } from '../failure.ts';
import { beginJson, jsonRoot } from '../json/stream.ts';
import { metadataOption } from '../metadata-option.ts';
import { formatBlocks, type SizeForm } from '../print/blocks.ts';
import type { Terminal } from '../print/terminal.ts';
import { writeStoreDu, writeTotal } from '../store-du.ts';
import { walkLayers, withSurveyedStack } from '../survey.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface DuOptions extends StoreOptions {
  readonly all?: true;
  readonly summarize?: true;
  readonly maxDepth?: number;
  readonly humanReadable?: true;
  readonly apparentSize?: true;
  readonly bytes?: true;
  readonly total?: true;
  readonly sort?: 'size' | 'name';
  readonly layers?: true;
  readonly json?: true;
}

export function registerDu(program: Command, terminal: Terminal): void {
  program
    .command('du')
    .summary('show what the files of an image take, by directory')
    .description(
      'Show what each directory of the merged root filesystem of REF takes on disk, with all below it, in units of 1024 ' +
        'bytes: of what is shown, not of what newer layers hide ("history" tells that). A file with several names counts once. ' +
        'Without REF: what the images and containers of the store take with all that they hold, and everything else in it; a ' +
        'layer that several images have is in each of them, and counts once in "images".',
    )
    .argument('[ref]', `${REFERENCE_WORDS} (default: the whole store)`)
    .argument('[path...]', 'paths inside the image (default: /)')
    .option('-a, --all', 'files too, not only directories; of a store, each directory of a layer')
    .option('-s, --summarize', 'one line for each path')
    .option('-d, --max-depth <n>', 'no deeper than so many names below each path', depth)
    .option('-h, --human-readable', 'sizes for people: 4.0K, 23M')
    .option('--apparent-size', 'what sizes tell instead of what is allocated on disk')
    .option('-b, --bytes', 'the same in bytes')
    .option('-c, --total', 'a total in the end')
    .addOption(
      program.createOption('--sort <order>', 'the largest first, or by name').choices(['size', 'name']),
    )
    .option('--layers', 'the layers that each is made of')
    .option('--json', 'one JSON object a line')
    .addOption(metadataOption())
    .helpOption('--help', 'print this help')
    .action(async (reference: string | undefined, paths: string[], _: unknown, command: Command) => {
      const options = command.optsWithGlobals<DuOptions>();
      if (options.summarize && (options.all || options.maxDepth !== undefined)) {
        throw new Trouble('usage', 'Cannot both summarize and go into directories: -s, or -a and -d');
      }
      if (reference === undefined) {
        await showStore(options, terminal);
        return;
      }
      const bytes = pathArguments(paths.length > 0 ? paths : ['/']);
      const { stack, recorded } = await shownBy(await openStack(reference, options), options);
      const places = await placesOf(stack, bytes, recorded);
      await withSurveyedStack(stack, recorded, terminal, (view) => {
        if (options.json) beginJson(terminal, 'du', { ...jsonRoot(options, stack), ref: reference });
        new Report(new ShownTree(view), stack, options, terminal).run(places);
      });
    });
}

/**
 * What of a stack shows the merged view, and the records of it. Where no record tells what a copy of everything below it changed, as
 * of a container's own layer, the copy alone shows all; which layer made what can then not be told.
 */
async function shownBy(
  stack: LayerStack,
  options: DuOptions,
): Promise<{ readonly stack: LayerStack; readonly recorded: Records | undefined }> {
  const copy = stack.layers.findIndex(({ holds }) => holds === 'tree');
  try {
    return { stack, recorded: await changesOf(stack, options) };
  } catch (error) {
    const isUntold = copy >= 0 && error instanceof Trouble && error.kind === 'store';
    if (!isUntold || options.layers || options.metadata !== undefined) throw error;
    const layers = stack.layers.slice(0, copy + 1);
    const layersBelow = (stack.layersBelow ?? 0) + stack.layers.length - layers.length;
    return { stack: { ...stack, layers, layersBelow }, recorded: undefined };
  }
}

async function showStore(options: DuOptions, terminal: Terminal): Promise<void> {
  if (options.layers) throw new Trouble('usage', 'Cannot tell "--layers" of a whole store: name an image');
  if (options.metadata !== undefined)
    throw new Trouble('usage', 'Cannot tell "--metadata" of a whole store: name an image');
  const { diskUsageOf } = await import('../../health/open.ts');
  const { apparentSize, bytes, summarize, maxDepth = Number.POSITIVE_INFINITY } = options;
  const wanted = {
    ...{ ...options, form: formOf(options), isApparent: apparentSize === true || bytes === true },
    deepest: summarize ? 0 : maxDepth,
  };
  const stores = await everyStore(options, terminal, { shares: false });
  if (options.json) beginJson(terminal, 'du', jsonRoots(stores));
  let total = { allocated: 0, bytes: 0 };
  await eachStore(stores, terminal, async ({ store, mark }) => {
    const usage = diskUsageOf(store);
    try {
      await walkLayers(usage.survey, terminal);
      const sum = writeStoreDu(usage, usage.places(), { ...wanted, ...(mark && { mark }) }, terminal.out);
      total = { allocated: total.allocated + sum.allocated, bytes: total.bytes + sum.bytes };
    } finally {
      usage.survey.close();
    }
    for (const error of usage.damage) terminal.report(error);
  });
  if (options.total) writeTotal(total, wanted, terminal.out);
}

function formOf({ bytes, humanReadable }: DuOptions): SizeForm {
  return bytes ? 'bytes' : humanReadable ? 'human' : 'blocks';
}

function depth(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new Trouble('usage', `Cannot go "${text}" deep: not a number`);
}

interface AskedPath {
  readonly asked: ByteString;
  readonly names: readonly ByteString[];
}

/** Where links on the way lead; a link at the end is told as itself, as du(1) does. */
async function placesOf(
  stack: LayerStack,
  paths: readonly ByteString[],
  recorded: Awaited<ReturnType<typeof changesOf>>,
): Promise<AskedPath[]> {
  const layers = await openLayers(stack, recorded);
  try {
    return paths.map((asked) => ({ asked, names: canonical(layers, asked) }));
  } finally {
    layers.close();
  }
}

class Report {
  readonly #tree: ShownTree;
  readonly #stack: LayerStack;
  readonly #options: DuOptions;
  readonly #terminal: Terminal;
  readonly #form: SizeForm;

  constructor(tree: ShownTree, stack: LayerStack, options: DuOptions, terminal: Terminal) {
    this.#tree = tree;
    this.#stack = stack;
    this.#options = options;
    this.#terminal = terminal;
    this.#form = formOf(options);
  }

  run(paths: readonly AskedPath[]): void {
    const total = { allocated: 0, apparent: 0, objects: 0 };
    const layers = new Set<number>();
    for (const { asked, names } of paths) {
      const row = this.#tree.find(names);
      if (row === undefined) {
        const error = new Errno(E.ENOENT, 'look up');
        this.#terminal.report(pathFailure('find', asked, this.#stack.label, error));
        continue;
      }
      const whole = this.#print(row, asked);
      total.allocated += whole?.allocated ?? 0;
      total.apparent += whole?.apparent ?? 0;
      total.objects += (whole?.objects ?? -1) + 1;
      for (const layer of whole?.layers ?? []) layers.add(layer);
    }
    if (!this.#options.total) return;
    if (this.#options.json) {
      const { allocated, apparent: bytes, objects } = total;
      const onDisk = this.#options.metadata === undefined ? { allocated } : {};
      this.#terminal.out.write(`${escapeJson({ t: 'total', ...onDisk, bytes, objects })}\n`);
    } else this.#line({ ...total, layers: [...layers] }, 'total');
  }

  /** Answers what the whole takes. */
  #print(row: number, asked: ByteString): Usage | undefined {
    const { all, summarize, maxDepth = Number.POSITIVE_INFINITY, sort } = this.#options;
    const deepest = summarize ? 0 : maxDepth;
    let whole: Usage | undefined;
    const lines: Usage[] = [];
    this.#tree.usage(row, (usage) => {
      if (usage.depth === 0) whole = usage;
      if (usage.depth > deepest || !(all || usage.isDirectory || usage.depth === 0)) return;
      if (sort === undefined) this.#tell(asked, usage);
      else lines.push(usage);
    });
    const size = ({ allocated, apparent }: Usage) => (this.#isApparent() ? apparent : allocated);
    const byName = (a: Usage, b: Usage) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
    lines.sort((a, b) => (sort === 'size' ? size(b) - size(a) || byName(a, b) : byName(a, b)));
    for (const line of lines) this.#tell(asked, line);
    return whole;
  }

  #isApparent(): boolean {
    const { apparentSize, bytes, metadata } = this.#options;
    // A record tells of no disk.
    return apparentSize === true || bytes === true || metadata !== undefined;
  }

  #tell(asked: ByteString, usage: Usage): void {
    const between = asked.endsWith('/') || usage.path === '' ? '' : '/';
    const path = asBytes(`${asked}${between}${usage.path}`);
    if (!this.#options.json) {
      this.#line(usage, escapeBytes(path));
      return;
    }
    const { allocated, apparent, objects, isDirectory, layers } = usage;
    const numbers = layers.map((index) => layerNumber(this.#stack, index)).sort((a, b) => a - b);
    const type = isDirectory ? 'dir' : 'other';
    const sizes = { ...(this.#options.metadata === undefined ? { allocated } : {}), bytes: apparent };
    const line = {
      t: 'usage',
      ...jsonName('path', absolutePath(path)),
      type,
      ...sizes,
      objects,
      layers: numbers,
    };
    this.#terminal.out.write(`${escapeJson(line)}\n`);
  }

  #line(
    { allocated, apparent, layers }: Pick<Usage, 'allocated' | 'apparent' | 'layers'>,
    name: string,
  ): void {
    const size = formatBlocks(this.#isApparent() ? apparent : allocated, this.#form);
    const numbers = layers.map((index) => layerNumber(this.#stack, index)).sort((a, b) => a - b);
    const from = this.#options.layers ? `\t${runs(numbers)}` : '';
    this.#terminal.out.write(`${size}${from}\t${name}\n`);
  }
}

/** `1-3,7`. */
function runs(numbers: readonly number[]): string {
  const found: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
