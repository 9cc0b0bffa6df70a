// The command as a whole: which commands there are, their help, and how a run ends. A command's module is loaded only
// when it is the one to run, or when all are to be listed.
import { Command, CommanderError, Option } from 'commander';
import { fromHere } from '../open/from-here.ts';
import { OVERLAY_WORDS } from '../open/overlay-words.ts';
import { TarReading, UNPACKERS } from '../open/tars.ts';
import { pathArgument } from './arguments.ts';
import { COMPLETE, complete } from './completion/complete.ts';
import { EXIT } from './exit.ts';
import { isPagedHelp, pagingOf } from './paging.ts';
import { readingWitness } from './print/progress/reading-progress.ts';
import type { Terminal } from './print/terminal.ts';
import { findTopic, formatTopic, HELP_END, TOPICS } from './topics.ts';
import { version } from './version.ts';
import { withPathApart } from './words/path-of-reference.ts';
import { placeRoots } from './words/place-roots.ts';
import { commandWord, helpPlace, ownWords } from './words/words.ts';

type Register = (program: Command, terminal: Terminal) => void;

interface CommandModule {
  readonly name: string;
  /** Answers the function that declares the command. */
  readonly load: () => Promise<Register>;
}

interface CommandGroup {
  readonly heading: string;
  readonly commands: readonly CommandModule[];
}

const GROUPS: readonly CommandGroup[] = [
  {
    heading: 'What is in the store:',
    commands: [
      { name: 'stores', load: async () => (await import('./commands/stores.ts')).registerStores },
      { name: 'images', load: async () => (await import('./commands/images.ts')).registerImages },
      { name: 'containers', load: async () => (await import('./commands/containers.ts')).registerContainers },
      { name: 'df', load: async () => (await import('./commands/df.ts')).registerDf },
      { name: 'inspect', load: async () => (await import('./commands/inspect.ts')).registerInspect },
    ],
  },
  {
    heading: 'Look inside an image or container, without a mount:',
    commands: [
      { name: 'ls', load: async () => (await import('./commands/ls.ts')).registerLs },
      { name: 'cat', load: async () => (await import('./commands/cat.ts')).registerCat },
      { name: 'stat', load: async () => (await import('./commands/stat.ts')).registerStat },
      { name: 'du', load: async () => (await import('./commands/du.ts')).registerDu },
    ],
  },
  {
    heading: 'Examine what lies in the store:',
    commands: [
      { name: 'verify', load: async () => (await import('./commands/verify.ts')).registerVerify },
      { name: 'export', load: async () => (await import('./commands/export.ts')).registerExport },
      { name: 'history', load: async () => (await import('./commands/history.ts')).registerHistory },
      { name: 'which', load: async () => (await import('./commands/which.ts')).registerWhich },
      { name: 'deleted', load: async () => (await import('./commands/deleted.ts')).registerDeleted },
      { name: 'extract', load: async () => (await import('./commands/extract.ts')).registerExtract },
      { name: 'timeline', load: async () => (await import('./commands/timeline.ts')).registerTimeline },
      { name: 'report', load: async () => (await import('./commands/report.ts')).registerReport },
      { name: 'whose', load: async () => (await import('./commands/whose.ts')).registerWhose },
      { name: 'doctor', load: async () => (await import('./commands/doctor.ts')).registerDoctor },
    ],
  },
  {
    heading: 'Compare:',
    commands: [
      { name: 'diff', load: async () => (await import('./commands/diff.ts')).registerDiff },
      { name: 'manifest', load: async () => (await import('./commands/manifest.ts')).registerManifest },
    ],
  },
  {
    heading: 'Mount:',
    commands: [
      { name: 'mount', load: async () => (await import('./commands/mount.ts')).registerMount },
      { name: 'umount', load: async () => (await import('./commands/umount.ts')).registerUmount },
    ],
  },
  {
    heading: 'Help:',
    commands: [
      { name: 'completion', load: async () => (await import('./commands/completion.ts')).registerCompletion },
    ],
  },
];

const DATA_ROOT = '/var/lib/docker';

/** Runs one command line (without node and script) and answers its exit code; output is flushed. */
export async function runProgram(given: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [first, ...others] = given;
    if (first === COMPLETE) {
      const typed = [...ownWords(others.slice(0, -1)), ...others.slice(-1)];
      await complete(await buildProgram(typed.slice(0, -1), terminal), typed, terminal.out);
      return finish(terminal);
    }
    const words = ownWords(given);
    if (isPagedHelp(words)) await terminal.page('long');
    const program = await buildProgram(words, terminal);
    const topic = findTopic(words);
    if (topic !== undefined) {
      const help = program.createHelp();
      const columns = terminal.out.columns ?? 100;
      terminal.out.write(formatTopic(topic, columns, (text, width) => help.boxWrap(text, width)));
      return finish(terminal);
    }
    if (words.length === 0) program.help({ error: true });
    await program.parseAsync(await withPathApart(program, withKnownHelp(words)), { from: 'user' });
    terminal.complete();
    terminal.out.flush();
  } catch (error) {
    if (!(error instanceof CommanderError)) terminal.end(error);
    else if (error.exitCode !== 0) terminal.exitWith(EXIT.usage);
  }
  return finish(terminal);
}

function finish(terminal: Terminal): number {
  terminal.close();
  return terminal.exitCode;
}

/** With every command, to be described. */
export function wholeProgram(terminal: Terminal): Promise<Command> {
  return buildProgram([], terminal);
}

async function buildProgram(words: readonly string[], terminal: Terminal): Promise<Command> {
  const wanted = commandWord(words);
  const program = new Command('stratafs')
    .description(
      'Look into the root filesystem of a container image or container, straight from the store on disk: ' +
        'no daemon, no container, and nothing in the store is changed.',
    )
    .usage('[options] <command>')
    .addOption(
      new Option(
        '--root <dir>',
        "the root of a store: Docker's data root, Podman's graph root; or an archive",
      )
        .env('STRATAFS_ROOT')
        .default(DATA_ROOT, 'all that the engines of this machine have'),
    )
    .option(
      '--host-root <dir>',
      "another machine's disk: all stores on it (--root and all other roots are paths of that machine)",
    )
    // Alone it asks a report for the whole store.
    .option(
      wanted === 'report' ? '--store [name]' : '--store <name>',
      'which store, where the data root has several: overlay2, vfs, …',
    )
    .option(
      '--additional-root <dir>',
      'a root that images and layers are taken from besides (an additional image store of Podman); may be given again',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .addOption(
      new Option('--owners <as>', 'owners as the container sees them, or as on disk')
        .choices(['container', 'disk'])
        .default('container'),
    )
    .option(
      '--namespace <name>',
      "containerd's namespace: default, moby, k8s.io, …; stores, df, doctor and whose tell of all",
    )
    .option('--platform <os/arch>', 'which image of several platforms: linux/arm64, arm/v7, …')
    .option('--containerd-root <dir>', 'the root of the containerd that a Docker keeps its images in')
    .addOption(overlayOption())
    .addOption(
      new Option(
        '--unpack-as <engine>',
        'show layers that nobody unpacked as this engine would unpack them',
      ).choices(Object.keys(UNPACKERS)),
    )
    .option(
      '--index-dir <dir>',
      'keep there what reading such layers came to, and what a mount learnt of directories, for the next time',
    )
    .option('--no-pager', 'write long results to the terminal as they are')
    .option('--paginate', 'through the pager ($STRATAFS_PAGER, $PAGER or less), also what is short or JSON')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => terminal.out.columns ?? 100,
      getErrHelpWidth: () => terminal.err.columns ?? 100,
      outputError: (text) =>
        terminal.note(
          text
            .trim()
            .replace(/^error: /, '')
            .split('\n')
            .map((line) => line.trim())
            .join(' '),
        ),
    })
    .addHelpText('after', () => HELP_END)
    .hook('preAction', async (whole, command) => {
      const rule = pagingOf(command);
      if (rule !== undefined) await terminal.page(rule);
      const { indexDir: named } = whole.opts<{ indexDir?: string }>();
      const indexDir = named === undefined ? undefined : fromHere(named);
      whole.setOptionValue('indexDir', indexDir);
      whole.setOptionValue('tars', new TarReading(readingWitness(terminal), indexDir));
      const said = new Set<string>();
      whole.setOptionValue('say', (message: string) => {
        // A store that is opened several times says the same each time.
        if (!said.has(message)) terminal.note(message);
        said.add(message);
      });
      whole.setOptionValue('bytesOf', pathArgument);
      await placeRoots(whole, command, (message) => terminal.note(message));
    })
    .exitOverride();
  const isKnown = isCommand(wanted);
  for (const { heading, commands } of GROUPS) {
    program.commandsGroup(heading);
    for (const { name, load } of commands) {
      if (!isKnown || name === wanted) (await load())(program, terminal);
    }
  }
  return program.helpCommand(
    'help [command]',
    `print the help of a command, or of: ${[...TOPICS.keys()].join(', ')}`,
  );
}

function isCommand(word: string | undefined): boolean {
  return GROUPS.some(({ commands }) => commands.some(({ name }) => name === word));
}

/** `help nope` as `nope`: there commander says what is wrong, here it would print all help. */
function withKnownHelp(words: readonly string[]): readonly string[] {
  const at = helpPlace(words);
  const asked = words[at + 1];
  const isUnknown = at >= 0 && asked !== undefined && asked === commandWord(words) && !isCommand(asked);
  return isUnknown ? words.toSpliced(at, 1) : words;
}

function overlayOption(): Option {
  return new Option(
    '--overlay <words>',
    `read the layers as overlayfs would with ${OVERLAY_WORDS}`,
  ).argParser((words: string, before: readonly string[] = []) => [...before, words]);
}
