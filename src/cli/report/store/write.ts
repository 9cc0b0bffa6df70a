// A report on the stores of a root, written: one page, or a directory of the page and its parts.
import { createHash } from 'node:crypto';
import { TarReading } from '../../../open/tars.ts';
import { storeDocument } from '../../../report/store/document.ts';
import { isEngineAtWork } from '../../../store/machine/live.ts';
import { findRoots } from '../../../store/machine/places.ts';
import { bytesOfText, shownBytes } from '../../../sys/bytes.ts';
import { Trouble } from '../../../sys/errors.ts';
import { checkWritable, type Kept } from '../../../sys/kept.ts';
import { seesTrustedXattrs } from '../../../sys/privilege.ts';
import { escapeText } from '../../../told/escape.ts';
import { everyStore, type WholeStoreOptions } from '../../examine/every-store.ts';
import { Interrupted, Interruption } from '../../interruption.ts';
import { readingWitness } from '../../print/progress/reading-progress.ts';
import { humanSize } from '../../print/size.ts';
import type { Terminal } from '../../print/terminal.ts';
import { utcTime } from '../../print/time.ts';
import { version } from '../../version.ts';
import { readPageFiles } from '../page-files.ts';
import { PageOutput } from '../page-output.ts';
import { Witness } from '../witness.ts';
import { Examination } from './examination.ts';
import { jsonLine } from './lines.ts';
import { type OpenedRoot, openReportRoot } from './opened-root.ts';
import { makeEmptyDirectory, NoParts, PartsDirectory, SUMS } from './parts.ts';
import { type RecordInput, type ReportOrigin, storeReport } from './record.ts';

export interface StoreReportOptions extends WholeStoreOptions {
  /** A new file for the page alone, or `-`. */
  readonly output?: string;
  /** A directory for the page and all parts; this or `output` is given. */
  readonly out?: string;
  readonly verify?: true;
  readonly indexDir?: string;
  /** Of several roots, all that have a report. */
  readonly reported?: readonly string[];
}

/** The page among the parts. */
const PAGE = 'report.html';

/**
 * Of several roots a directory of parts for each, below the one that is named. Prints the sha256 of what was written last. What could
 * not be read is told, and in the report. Throws Trouble.
 */
export async function writeStoreReport(options: StoreReportOptions, terminal: Terminal): Promise<void> {
  const stores = await everyStore(options, terminal, { shares: true });
  const [only, ...others] = stores;
  if (only !== undefined && others.length === 0) {
    await reportOn(only.options, terminal);
    return;
  }
  const { out } = options;
  if (out === undefined) {
    const roots = stores.map(({ mark }) => `"--root ${mark?.shown}"`).join(' or ');
    const state = `give --out DIR, which has a directory for each, or choose one with ${roots}`;
    throw new Trouble('usage', `Cannot write one page on ${stores.length} stores: ${state}`);
  }
  checkWritable(
    bytesOfText(out),
    stores.map(({ store }) => ({ directory: store.directory, what: 'the store' })),
  );
  makeEmptyDirectory(out);
  const reported = stores.map(({ options: own }) => own.root);
  for (const { options: own, mark } of stores) {
    const name = mark?.shown.replace(/^\//, '').replaceAll('/', '-') ?? '';
    if (!(await reportOn({ ...own, reported, out: `${out}/${name}` }, terminal))) return;
  }
}

/** The store of one root; false where a signal ended it. */
async function reportOn({ opened: _, ...options }: StoreReportOptions, terminal: Terminal): Promise<boolean> {
  const witness = new Witness(terminal.out, terminal.err, { now: terminal.now });
  const say = (message: string) => witness.note(message);
  const when = timeOfReport(terminal);
  const store = { ...options, say, tars: new TarReading(readingWitness(witness), options.indexDir) };
  const opened = await openReportRoot(store, witness);
  const origin = originOf(opened, options, when);
  const interruption = new Interruption();
  const target = openTarget(options, opened.kept, terminal);
  try {
    const parts = target instanceof PartsDirectory ? target : new NoParts();
    const verifies = options.verify === true;
    const examined = new Examination(opened, { store, verifies, parts, witness, interruption });
    await examined.run();
    const input = { examined, origin, told: witness.told };
    if (target instanceof PartsDirectory) {
      target.open('run.json').write(runOf(input));
      const page = pageOf({ ...input, parts: target.written() });
      target.open(PAGE).write(page);
      terminal.out.write(sumLine(target.keep(), `${options.out}/${SUMS}`));
    } else {
      const page = pageOf({ ...input, parts: undefined });
      const sum = createHash('sha256').update(page).digest('hex');
      target.write(page);
      if (options.output === '-') terminal.note(`the sha256 of the report is ${sum}`);
      else terminal.out.write(sumLine(sum, options.output ?? ''));
    }
    terminal.exitWith(witness.exitCode);
    return true;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return false;
  } finally {
    // What was kept is no more to be closed.
    target.close();
    interruption.end();
  }
}

function openTarget(
  { out, output = '-' }: StoreReportOptions,
  kept: readonly Kept[],
  terminal: Terminal,
): PartsDirectory | PageOutput {
  if (out === undefined) return new PageOutput(output, kept, terminal.out);
  checkWritable(bytesOfText(out), kept);
  return new PartsDirectory(out);
}

function pageOf(input: RecordInput): string {
  const { tool } = input.origin;
  return storeDocument(storeReport(input), { ...readPageFiles(), tool, size: humanSize });
}

/** How the report was made, and what was and was not done, for programs. */
function runOf({ examined, origin, told }: Omit<RecordInput, 'parts'>): string {
  return jsonLine({ ...origin, root: escapeText(examined.opened.root.directory), done: examined.done, told });
}

function originOf(opened: OpenedRoot, options: StoreReportOptions, when: string): ReportOrigin {
  const { hostRoot } = options;
  const isElsewhere = hostRoot !== undefined || opened.root.kind === 'archive';
  const user = process.getuid?.() ?? 0;
  const marks = seesTrustedXattrs() ? '' : ', without the right to see marks of root (trusted.*)';
  return {
    tool: `stratafs ${version()}`,
    commandLine: ['stratafs', ...process.argv.slice(2).map(typedWord)].join(' '),
    when,
    rights: `as ${user === 0 ? 'root' : `user ${user}`}${marks}, by Node.js ${process.versions.node}`,
    ...(hostRoot === undefined ? {} : { hostRoot }),
    others: hostRoot === undefined ? [] : otherRoots(hostRoot, opened, options.reported),
    isLive: isElsewhere ? undefined : isEngineAtWork(opened.root.directory, opened.stores),
  };
}

/** What else is on another machine's disk, and is not reported. */
function otherRoots(hostRoot: string, { root }: OpenedRoot, reported: readonly string[] = []): string[] {
  const told = new Set([root.directory, ...reported.map(bytesOfText)]);
  const roots = findRoots(hostRoot, () => {}).filter(({ directory }) => !told.has(directory));
  return roots.map(({ directory, why }) => `the store "${shownBytes(directory)}" (${why})`);
}

function typedWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Now, or what SOURCE_DATE_EPOCH says, so that a report can be made again to the byte. Throws Trouble. */
function timeOfReport(terminal: Terminal): string {
  const told = process.env.SOURCE_DATE_EPOCH;
  if (told === undefined || told === '') return utcTime({ seconds: Math.floor(terminal.now() / 1000) });
  if (/^\d{1,12}$/.test(told)) return utcTime({ seconds: Number(told) });
  throw new Trouble(
    'usage',
    `Cannot take the time of SOURCE_DATE_EPOCH "${told}": it is no number of seconds`,
  );
}

/** As `sha256sum` prints it; a name in which something is escaped is marked in front. */
function sumLine(sum: string, path: string): string {
  const escaped = escapeText(path);
  return `${escaped === path ? '' : '\\'}${sum}  ${escaped}\n`;
}
