// `stratafs diff`: what differs between two merged root filesystems, without a mount. Exit codes are those of diff(1).
import { type Command, Option } from 'commander';
import type { Sink, Summary } from '../../diff/change.ts';
import { Comparison, type ComparisonOptions, type SubtreeMode } from '../../diff/comparison.ts';
import type { Checksum } from '../../diff/contents/pairs.ts';
import { NOISE_RULES, noiseOf } from '../../diff/explain/noise.ts';
import { Filter } from '../../diff/filter.ts';
import { ASPECTS, type Item, type Side, typeBits } from '../../diff/item.ts';
import { LayeredSide } from '../../diff/layered.ts';
import { Union } from '../../diff/union.ts';
import { Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { pathArguments } from '../arguments.ts';
import { openPrinter } from '../diff/forms.ts';
import * as words from '../diff/options.ts';
import type { DiffContext, SideLabel } from '../diff/printer.ts';
import { DiffProgress } from '../diff/progress.ts';
import { openSide, originOf, recordsOfSides, SIDE_WORDS } from '../diff/side.ts';
import { exitCode, Watch } from '../diff/watch.ts';
import { EXIT } from '../exit.ts';
import { layersFailure, pathMessage } from '../failure.ts';
import { metadataOption } from '../metadata-option.ts';
import type { Terminal } from '../print/terminal.ts';
import { openTheStore } from '../stack.ts';

const RULES = [...NOISE_RULES.keys()].join();

export function registerDiff(program: Command, terminal: Terminal): void {
  program
    .command('diff')
    .summary('what differs between two images or containers')
    .description(
      'Compare two root filesystems: names, types, contents, modes, owners, links, devices, attributes. ' +
        'With one container alone: what it changed against its image. Exit code: 0 same, 1 different, 2 trouble.',
    )
    .argument('<a>', SIDE_WORDS)
    .argument('[b]', 'the same')
    .option('--root-b <dir>', 'data root of B, where it is another')
    .option(
      '--trust-ids',
      'with --root-b: layers of one chain ID are the same, unread; not for an examination',
    )
    .addOption(metadataOption())
    .optionsGroup('Form:')
    .option('--json', 'JSON lines: a header, a change a line, a summary')
    .option('--name-status', 'a letter (A, D, M, T, R100) and a path a line')
    .option('-z, --nul', 'with --name-status and --itemize: raw names, ended by NUL')
    .option('--itemize', "rsync's eleven letters and a path a line")
    .option('--tree', 'changed paths as a tree')
    .option('-p, --patch', 'text differences, for git apply')
    .option('--stat', 'totals by directory')
    .option('--depth <names>', 'with --stat: how many names deep (default: 2)', words.parseDepth)
    .option('--by-layer', 'totals by the layer that made the difference')
    .option('--summary', 'totals only')
    .option('--mtree', 'mtree lines: of A, of B after a tab, of both after two tabs, as comm(1)')
    .option('--packages', 'changes rolled up by package: dpkg, apk, npm, pip')
    .option('--unexplained', 'changes that no package explains')
    .option('--docker', "docker diff's letters")
    .option('--no-expand', 'do not look into a directory that only one side has')
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'))
    .optionsGroup('What is compared:')
    .option('--path <path>', 'only this path and what is below it; may be repeated', words.collect)
    .option('--include <glob>', 'only paths that match; may be repeated', words.collect)
    .option('--exclude <glob>', 'no paths that match; may be repeated', words.collect)
    .option('--type <letters>', 'only these types, as find(1): f,d,l,c,b,p,s', words.parseTypes)
    .option('--only <aspects>', `only these: ${ASPECTS.join(',')}`, words.parseAspects)
    .option('--ignore <aspects>', 'all but these', words.parseAspects)
    .option('--ignore-xattr <name>', 'not this extended attribute; may be repeated', words.collect)
    .option('--ignore-noise <rules>', `not what means nothing: all, or some of ${RULES}`, words.parseNoise)
    .option('--mtime', 'times too')
    .option('--hardlinks', 'which names are one file, too')
    .option('--config', 'configurations too: environment, command, user, labels, …')
    .option('-M, --renames', 'find what was renamed or moved')
    .option('--show-init', "Docker's own -init layer of a container, too")
    .addOption(
      new Option(
        '--content <how>',
        'how contents are compared: read, crc (checksums the store recorded), none',
      )
        .choices([...words.CONTENT_MODES])
        .default('read'),
    )
    .option(
      '--fail-on <kinds>',
      'exit 1 only for these: added,removed,content,setuid,privilege,…',
      words.parseFailKinds,
    )
    .action(async (a: string, b: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<words.DiffOptions>();
      try {
        await diff(a, b, options, terminal);
      } catch (error) {
        if (!(error instanceof Trouble)) throw error;
        terminal.note(error.message);
        terminal.exitWith(EXIT.usage);
      }
    });
}

/** Answers the two sides; of a container alone, what it was made from and itself. */
async function openSides(
  a: string,
  b: string | undefined,
  options: words.DiffOptions,
): Promise<[SideLabel, SideLabel]> {
  const second = b ?? a;
  const sideB = await openSide(second, { ...options, root: options.rootB ?? options.root });
  if (b === undefined) return [originOf(sideB, { withEngine: options.showInit !== true }), sideB];
  return [await openSide(a, options), sideB];
}

async function diff(
  a: string,
  b: string | undefined,
  options: words.DiffOptions,
  terminal: Terminal,
): Promise<void> {
  const form = words.chosenForm(options);
  const labels = await openSides(a, b, options);
  const stacks = labels.flatMap(({ stack }) => stack ?? []);
  if (stacks.length === 0)
    throw new Trouble('usage', 'Cannot compare two mtree files: one side must be a tree');
  checkManifests(labels, options, form);
  const configured = options.config && (await import('../diff/config.ts'));
  const configuration =
    configured && (await configured.configChanges(labels, { ...options, ofOrigin: b === undefined }));
  const records = await recordsOfSides(labels, options);
  const union = openUnion(stacks, records, { trustIds: options.trustIds === true });
  try {
    const sides = await Promise.all(labels.map((label) => sideOf(label, union, labels)));
    const [sideA, sideB] = sides as [Side, Side];
    if (options.path !== undefined) await checkPaths(options.path, labels, sides);
    const context: DiffContext = {
      out: terminal.out,
      a: labels[0],
      b: labels[1],
      sharedLayers: stacks.length === 2 ? union.sharedLayers : 0,
      color: isColored(options, terminal),
      note: (message) => terminal.note(message),
    };
    const printer = await openPrinter(form, context, options, [sideA, sideB]);
    const progress = new DiffProgress(terminal);
    const watch = new Watch({ printer, options, terminal, labels, progress });
    const hasManifest = labels.some(({ kind }) => kind === 'manifest');
    const settings = {
      ...(await comparisonOptions(form, options, progress)),
      ...(options.content === 'crc' ? await checksumOption(labels, union, options) : {}),
      ...(hasManifest ? { digest: (await import('../../diff/contents/digest.ts')).sha256OfItem } : {}),
    };
    printer.begin?.();
    const summary = await compare(union, [sideA, sideB], watch, settings, options);
    progress.end();
    if (configuration !== undefined) {
      summary.config = configuration.length;
      printer.configuration?.(configuration);
    }
    printer.end(summary);
    terminal.exitWith(exitCode(summary, watch, options));
  } finally {
    union.close();
  }
}

/** A manifest has no contents to look into: neither package databases nor text. */
function checkManifests(
  labels: readonly SideLabel[],
  { content }: words.DiffOptions,
  form: words.Form | undefined,
): void {
  const manifest = labels.find(({ kind }) => kind === 'manifest');
  if (manifest === undefined) return;
  const asked = content === 'crc' ? '--content crc' : words.READING_FORMS.get(form);
  if (asked === undefined) return;
  const state = 'an mtree file has no contents to read';
  throw new Trouble('usage', `Cannot use "${asked}" with "${manifest.reference}": ${state}`);
}

/** A misspelt path would pass for one without differences. */
async function checkPaths(
  texts: readonly string[],
  labels: readonly SideLabel[],
  sides: readonly Side[],
): Promise<void> {
  const { mayHave } = await import('../../diff/lookup.ts');
  const where = labels.map(({ reference }) => reference).join(' or ');
  for (const path of pathArguments(texts)) {
    if (sides.some((side) => mayHave(side, path))) continue;
    const state = 'no such file or directory; links on the way are not followed';
    throw new Trouble('path', pathMessage('find', path, where, state));
  }
}

/** Compares, with what needs all of a comparison, or all of both trees, where it is asked for. */
async function compare(
  union: Union,
  [a, b]: readonly [Side, Side],
  watch: Sink,
  settings: ComparisonOptions,
  options: words.DiffOptions,
): Promise<Summary> {
  let sink = watch;
  const finishing: ((summary: Summary) => void)[] = [];
  if (options.renames) {
    const { RenameFinder } = await import('../../diff/renames.ts');
    const { wanted = new Set(), isXattrCompared = () => true, mtime = false } = settings;
    const form = words.chosenForm(options);
    const folds = FOLDED.includes(form);
    // A patch names files only.
    const wholeDirectories = form !== 'patch';
    const finder = new RenameFinder(sink, { wanted, isXattrCompared, mtime, folds, wholeDirectories });
    finishing.unshift((summary) => finder.finish(summary));
    sink = finder;
  }
  let linksOnly = 0;
  if (settings.wanted?.has('links')) {
    const { differentLinks, LinkSink } = await import('../../diff/hardlinks.ts');
    const { itemAt } = await import('../../diff/lookup.ts');
    const accepts = ({ path, a: item }: { readonly path: string; readonly a: Item }) =>
      settings.filter?.accepts(path, typeBits(item)) ?? true;
    const links = new LinkSink(sink, differentLinks({ a, b }, itemAt), { accepts, added: () => linksOnly++ });
    finishing.unshift(() => links.finish());
    sink = links;
  }
  const summary = new Comparison(union, a, b, sink, settings).run();
  for (const finish of finishing) finish(summary);
  summary.meta += linksOnly;
  return summary;
}

function openUnion(...given: ConstructorParameters<typeof Union>): Union {
  try {
    return new Union(...given);
  } catch (cause) {
    if (!(cause instanceof Errno)) throw cause;
    throw new Trouble('path', `Cannot open the layers: ${errnoWords(cause.errno)}`, { cause });
  }
}

async function sideOf(label: SideLabel, union: Union, labels: readonly SideLabel[]): Promise<Side> {
  if (label.stack === undefined) {
    const { readManifest } = await import('../manifest-file.ts');
    return readManifest(label.reference);
  }
  const index = labels.filter(({ stack }) => stack !== undefined).indexOf(label);
  const place = union.stacks[index];
  if (place === undefined) throw new RangeError('a side without a stack');
  try {
    return new LayeredSide(union, place);
  } catch (cause) {
    throw layersFailure(label.reference, cause, cause instanceof Errno ? cause.message : undefined);
  }
}

function isColored({ color }: words.DiffOptions, terminal: Terminal): boolean {
  if (color !== 'auto') return color === 'always';
  return terminal.out.columns !== undefined && !process.env.NO_COLOR;
}

const FOLDED: readonly (words.Form | undefined)[] = [undefined, 'json', 'tree', 'stat', 'byLayer', 'summary'];

async function comparisonOptions(
  form: words.Form | undefined,
  options: words.DiffOptions,
  progress: DiffProgress,
): Promise<ComparisonOptions> {
  const ignored = new Set(options.ignoreXattr ?? []);
  const folds: SubtreeMode = FOLDED.includes(form) && !options.renames ? 'fold' : 'list';
  const hidden = new Set(options.ignoreNoise);
  const paths = pathArguments(options.path ?? []);
  return {
    filter: new Filter(await words.filterOptions(options, paths)),
    wanted: words.wantedAspects(options, form),
    mtime: words.tellsTimes(options, form),
    subtrees: options.expand ? folds : words.looksInside(options) ? 'fold' : 'skip',
    ...(form === 'docker' ? { counts: words.countsForDocker } : {}),
    showInit: options.showInit === true,
    isXattrCompared: (name) => !ignored.has(name),
    noise: noiseOf,
    hidesNoise: (rule) => hidden.has(rule),
    progress: (path, names) => progress.show(path, names),
  };
}

/** Of the layers that the sides do not share: to compare what has changed in them. */
async function checksumOption(
  labels: readonly SideLabel[],
  union: Union,
  options: words.DiffOptions,
): Promise<{ checksum: Checksum }> {
  const { addChecksums, recordedChecksums } = await import('../../diff/contents/checksums.ts');
  const layers: Parameters<typeof addChecksums>[3] = new Map();
  for (const { stack, root = options.root } of labels) {
    if (stack === undefined || stack.kind === 'lowerdir') continue;
    await addChecksums(await openTheStore({ ...options, root }), stack, union.sharedLayers, layers);
  }
  return { checksum: recordedChecksums(layers) };
}
