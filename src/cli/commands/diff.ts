// `stratafs diff`: what differs between two merged root filesystems, without a mount. Exit codes are those of diff(1).
import { type Command, Option } from 'commander';
import type { ConfigChange } from '../../diff/explain/config.ts';
import type { Side } from '../../diff/item.ts';
import { recordsOfSides, type SideLabel } from '../../open/sides.ts';
import { Trouble } from '../../sys/errors.ts';
import { compare, compareSettings, storedChecksums, toldTo } from '../diff/compare.ts';
import { addComparedOptions } from '../diff/compared-options.ts';
import { type FailKind, PACKAGE_KINDS, parseFailOn } from '../diff/fail-on.ts';
import { isFiltered, openPrinter } from '../diff/forms.ts';
import { Gate } from '../diff/gate.ts';
import { checkPaths, openSides, openUnion, sideOf } from '../diff/opened.ts';
import * as words from '../diff/options.ts';
import type { DiffContext, Printer } from '../diff/printer.ts';
import { DiffProgress } from '../diff/progress.ts';
import { exitCode, Watch } from '../diff/watch.ts';
import { EXIT } from '../exit.ts';
import { beginJson } from '../json/stream.ts';
import { metadataOption } from '../metadata-option.ts';
import type { Terminal } from '../print/terminal.ts';
import { SIDE_WORDS } from '../topics.ts';

export function registerDiff(program: Command, terminal: Terminal): void {
  const command = program
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
      'across stores and archives: layers of one chain ID are the same, unread; not for an examination',
    )
    .addOption(metadataOption())
    .optionsGroup('Form:')
    .option('--json', 'JSON lines: a header, a change a line, a summary')
    .option('--name-status', 'a letter (A, D, M, T, R100) and a path a line')
    .option('--name-only', 'a path a line')
    .option('-z, --nul', 'with --name-status, --name-only and --itemize: raw names, ended by NUL')
    .option('--itemize', "rsync's eleven letters and a path a line")
    .option('--tree', 'changed paths as a tree')
    .option('-p, --patch', 'text differences, for git apply')
    .option('--stat', 'totals by directory')
    .option('--depth <names>', 'with --stat: how many names deep (default: 2)', words.parseDepth)
    .option('--by-layer', 'totals by the layer that made the difference, and what it stores')
    .option('--summary', 'totals only, and how much more the layers store')
    .option('--mtree', 'mtree lines: of A, of B after a tab, of both after two tabs, as comm(1)')
    .option('--packages', 'changes rolled up by package: dpkg, apk, npm, pip')
    .option('--unexplained', 'changes that no package explains')
    .option('--docker', "docker diff's letters")
    .option('--markdown', "for a merge request's comment: at most 65,536 characters, folded")
    .option(
      '--html <file>',
      'one page to look at, for any browser; - for the standard output; -p: text differences too',
    )
    .option('-q, --quiet', 'nothing: the exit code tells')
    .option('--expand', 'each name by itself: in a directory that only one side has, and of equal changes')
    .option('--no-expand', 'do not look into a directory that only one side has')
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'))
    .optionsGroup('What is compared:');
  addComparedOptions(command)
    .option('--config', 'configurations too: environment, command, user, labels, …')
    .option('--with-env', 'with --markdown and --html: values of environment variables too')
    .option(
      '--fail-on <kinds>',
      'exit 1 only for these, and name them: added,content,setuid,world-writable,package-added,growth=50MB,…',
      parseFailOn,
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

/** Kinds that package databases tell, which a manifest has not. */
const READING_KINDS: readonly FailKind[] = PACKAGE_KINDS;

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
  if (options.failOn?.growth !== undefined && isFiltered(options))
    throw new Trouble('usage', 'Cannot fail on growth of a part: layers are measured whole');
  const configuration = await configurationOf(labels, form, { ...options, ofOrigin: b === undefined });
  const { records, ...same } = await recordsOfSides(labels, options);
  const union = openUnion(stacks, records, same);
  let printer: Printer | undefined;
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
      beginJson: (more) => beginJson(terminal, 'diff', {}, more),
    };
    printer = await openPrinter(form, context, options, [sideA, sideB]);
    const progress = new DiffProgress(terminal);
    const gate = new Gate({ failOn: options.failOn, isFiltered: isFiltered(options) });
    const hasManifest = labels.some(({ kind }) => kind === 'manifest');
    const checksum = options.content === 'crc' ? await storedChecksums(labels, union, options) : undefined;
    const settings = {
      ...(await compareSettings(form, options, progress, checksum)),
      ...(hasManifest ? { digest: (await import('../../diff/contents/digest.ts')).sha256OfItem } : {}),
    };
    const told = toldTo(printer, context, form, options, settings);
    const watch = new Watch(told.sink, { gate, terminal, labels, progress });
    printer.begin?.();
    const summary = await watch.whileRead(options, () =>
      compare(union, [sideA, sideB], watch, settings, options),
    );
    told.finish();
    progress.end();
    if (configuration !== undefined) {
      summary.config = configuration.length;
      gate.configuration(configuration);
      printer.configuration?.(configuration);
    }
    await gate.packages([sideA, sideB]);
    if (needsGrowth(form, options)) {
      const { tellGrowth } = await import('../diff/layers/growth.ts');
      await tellGrowth(context, { printer, gate, terminal, options, union });
    }
    const code = exitCode(summary, gate, options);
    const isDecided = code !== EXIT.usage && terminal.exitCode === 0;
    terminal.exitWith(code);
    printer.verdict?.({ ...(gate.policy && { policy: gate.policy }), reasons: gate.reasons, isDecided });
    printer.end(summary);
    for (const reason of gate.reasons) terminal.note(reason);
  } finally {
    printer?.close?.();
    union.close();
  }
}

/** What is compared of the configurations where that is asked for, or the form tells it of sides that have one. */
async function configurationOf(
  labels: readonly [SideLabel, SideLabel],
  form: words.Form | undefined,
  options: words.DiffOptions & { readonly ofOrigin: boolean },
): Promise<ConfigChange[] | undefined> {
  if (!options.config && !words.WHOLE_FORMS.includes(form)) return undefined;
  const { areConfigured, configChanges } = await import('../diff/config.ts');
  const asked = options.ofOrigin ? labels.slice(1) : labels;
  if (!options.config && !areConfigured(asked)) return undefined;
  return configChanges(labels, options);
}

/** A manifest has no contents to look into: neither package databases nor text. */
function checkManifests(
  labels: readonly SideLabel[],
  { content, failOn, patch }: words.DiffOptions,
  form: words.Form | undefined,
): void {
  const manifest = labels.find(({ kind }) => kind === 'manifest');
  if (manifest === undefined) return;
  const kind = failOn?.growth?.words ?? failOn?.kinds.find((each) => READING_KINDS.includes(each));
  const asked =
    content === 'crc'
      ? '--content crc'
      : patch
        ? '--patch'
        : (words.READING_FORMS.get(form) ?? (kind === undefined ? undefined : `--fail-on ${kind}`));
  if (asked === undefined) return;
  const state = 'an mtree file has no contents to read';
  throw new Trouble('usage', `Cannot use "${asked}" with "${manifest.reference}": ${state}`);
}

/** What the layers store is that of whole stacks. */
function needsGrowth(form: words.Form | undefined, options: words.DiffOptions): boolean {
  const isTold =
    (form === 'summary' || form === 'byLayer' || words.WHOLE_FORMS.includes(form)) && !isFiltered(options);
  return isTold || options.failOn?.growth !== undefined;
}

function isColored({ color }: words.DiffOptions, terminal: Terminal): boolean {
  if (color !== 'auto') return color === 'always';
  return terminal.out.columns !== undefined && !process.env.NO_COLOR;
}
