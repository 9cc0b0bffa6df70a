// `stratafs mount`: its words. The mount itself is made and served by serve.ts, in this process or in one of its own.
import { type Command, Option } from 'commander';
import { bytesOfText } from '../../sys/bytes.ts';
import { pathArguments } from '../arguments.ts';
import { addComparedOptions } from '../diff/compared-options.ts';
import { metadataOption } from '../metadata-option.ts';
import { becomeLauncher, isServer, isToBeLaunched } from '../mount/launch.ts';
import type { ServeArguments } from '../mount/serve.ts';
import { parseSize } from '../parse-size.ts';
import type { Terminal } from '../print/terminal.ts';
import { REFERENCE_WORDS } from '../topics.ts';

interface MountOptions extends Omit<ServeArguments, 'reference' | 'directory'> {
  readonly foreground?: true;
}

/** The group of options that only a comparison has. */
const COMPARED = 'With --diff, as "stratafs diff" has them:';

const EXAMPLES = `
Examples:
  stratafs mount nginx:latest /mnt                   look around, then: stratafs umount /mnt
  stratafs mount -f --debug nginx:latest /mnt        stay, and print each request
  stratafs mount --allow-other -o suid,dev web /mnt  as the container "web" would see it
  stratafs mount --all /mnt                          the whole store: images/, containers/, by-id/, layers/, .stratafs/
  stratafs --host-root /evidence mount --all /mnt    all stores of a disk: stores/docker/, stores/podman-alice/ …
  stratafs mount --volumes web /mnt                  with the volumes and files that the container had in place
  stratafs mount --layers nginx:latest /mnt          its layers side by side: 1/, 1.step, 2/, 2.step …
  stratafs mount --diff nginx:1.26 nginx:1.27 /mnt   what differs: added/, removed/, changed/a/, changed/b/, .stratafs/
  stratafs mount --diff web /mnt                     what the container "web" changed against its image

With --diff both are compared when they are mounted, by the rules and options of "stratafs diff"; the names that were found
are shown until the unmount. Of a container that runs on they are shown as they are by then, and no others. Each path is where it is in its tree, below its parent directories, and a
directory that only one side has is shown with all it holds. What is of another type is in changed/, with all it holds; with
-M what was renamed is in renamed/a/ by its old and in renamed/b/ by its new name, and nowhere else.
.stratafs/ has what "stratafs diff" prints: diff.txt, diff.json.

Ends when it is unmounted (stratafs umount, umount or fusermount3 -u), or by SIGINT, SIGTERM or SIGHUP: a mount in use
is then detached, and served on to those who use it; a second signal ends it at once, with exit code 130. One directory
takes one mount of ours: another there is refused.
`;

export function registerMount(program: Command, terminal: Terminal): void {
  const mount = program
    .command('mount')
    .summary('mount the root filesystem of an image or container, read-only')
    .description(
      'Mount the merged root filesystem of REF on DIR, read-only, and return when it answers; the server goes on in the ' +
        'background. Set-user-ID bits and devices mean nothing there, and no other user gets in, unless asked for. Without ' +
        'words, list the mounts of stratafs.',
    )
    .usage(
      '[options] <ref> <dir>\n       stratafs mount [options] --all <dir>\n' +
        '       stratafs mount [options] --diff <a> [<b>] <dir>\n       stratafs mount',
    )
    .argument('[ref]', REFERENCE_WORDS)
    .argument('[dir]', 'an existing directory, outside the store')
    .option(
      '--all',
      'the whole store: every image, container and layer in directories of their names and IDs',
    )
    .option('--layers', 'the layers of REF side by side, each alone, as directories 1 to n, the lowest first')
    .option(
      '--diff <ref>',
      'what differs between this and REF, as trees; of a container alone, what it changed',
    )
    .option(
      '--volumes',
      'what was mounted in a container, in place: volumes, binds, its /etc/hosts; tmpfs are empty; paths of the machine are ' +
        "those of --host-root, of this machine only where the store is its engines' own",
    )
    .addOption(
      new Option(
        '--marks <how>',
        'whiteouts in a layer that is shown alone: hidden, or the files that they are',
      )
        .choices(['hidden', 'files'])
        .default('hidden'),
    )
    .addOption(
      new Option(
        '--memory <size>',
        'about how much what is known of many stacks may take before it is let go: 200MB, 1GiB; an eighth of all if not given',
      ).argParser(parseSize),
    )
    .option('-f, --foreground', 'stay until it is unmounted')
    .option('--allow-other', 'let other users in; permissions are checked as on any file system')
    .option(
      '-o, --options <words>',
      'as mount(8): ro nosuid nodev noexec suid dev exec allow_other …; and those of --overlay',
      gather,
    )
    .addOption(metadataOption())
    .option('--debug', 'print each request on the error output; stays in the foreground')
    .option('--log <file>', 'append faults to a file')
    .addOption(
      new Option(
        '--data <way>',
        'what reading is made for: large files, which the kernel reads by itself; small ones, which it opens without asking once it was told; or whichever the use of the mount shows (auto). cached is small; passthrough has the kernel read all files by itself',
      )
        .choices(['auto', 'large', 'small', 'cached', 'passthrough'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--driver <name>',
        'who speaks to the kernel: stratafs itself (kernel), or libfuse 2 by way of the package fuse-native',
      )
        .choices(['kernel', 'fuse-native'])
        .default('kernel'),
    )
    .optionsGroup(COMPARED)
    .option('--root-b <dir>', 'data root of REF, where it is another than that of --diff');
  addComparedOptions(mount)
    .addHelpText('after', EXAMPLES)
    .action(async (first: string | undefined, second: string | undefined, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<MountOptions>();
      const { all, layers, diff, volumes } = options;
      if (first === undefined && !all && !layers && !volumes && diff === undefined) {
        const { listMounts } = await import('../mount/list.ts');
        terminal.out.write(listMounts());
        return;
      }
      checkCompared(options, command);
      const [reference, directory] = operandsOf(first, second, options, command);
      terminal.exitWith(await mountCommand(reference, directory, options, terminal));
    });
}

/** Commander's own words for what is missing or too much. */
function operandsOf(
  first: string | undefined,
  second: string | undefined,
  { all, layers, diff, volumes }: MountOptions,
  command: Command,
): [reference: string | undefined, directory: string] {
  if (all === true && layers === true) command.error('error: --layers is for one reference, not for --all');
  if (diff !== undefined && (all === true || layers === true))
    command.error(`error: --diff is not for ${all === true ? '--all' : '--layers'}`);
  if (volumes === true && (layers === true || diff !== undefined))
    command.error(`error: --volumes is not for ${layers === true ? '--layers' : '--diff'}`);
  if (first === undefined)
    command.error(`error: missing required argument '${all === true || diff !== undefined ? 'dir' : 'ref'}'`);
  if (all === true) {
    if (second !== undefined)
      command.error("error: too many arguments for 'mount --all'. Expected 1 argument.");
    return [undefined, first];
  }
  if (second === undefined && diff !== undefined) return [undefined, first];
  if (second === undefined) command.error("error: missing required argument 'dir'");
  return [first, second];
}

/** What would be left out unseen is no option of another mount. */
function checkCompared({ diff }: MountOptions, command: Command): void {
  if (diff !== undefined) return;
  const given = command.options.find(
    (option) =>
      option.helpGroupHeading === COMPARED && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (given !== undefined) command.error(`error: ${given.long} is for --diff`);
}

function gather(words: string, before: readonly string[] = []): string[] {
  return [...before, words];
}

/** Answers the exit code: at once for a mount in the background, after the unmount for one in the foreground. */
export async function mountCommand(
  reference: string | undefined,
  directory: string,
  options: MountOptions,
  terminal: Terminal,
): Promise<number> {
  const [place = bytesOfText(directory)] = pathArguments([directory]);
  if (isToBeLaunched(options)) becomeLauncher();
  const { serveMount } = await import('../mount/serve.ts');
  const code = await serveMount(
    { ...options, ...(reference === undefined ? {} : { reference }), directory: place },
    { terminal, isLaunched: isServer() },
  );
  // The package keeps the event loop alive for ever.
  if (options.driver === 'fuse-native') process.exit(code);
  return code;
}
