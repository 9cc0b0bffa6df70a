// `stratafs mount`: its words. The mount itself is made and served by serve.ts, in this process or in one of its own.
import { type Command, Option } from 'commander';
import { bytesOfText } from '../../sys/bytes.ts';
import { pathArguments } from '../arguments.ts';
import { metadataOption } from '../metadata-option.ts';
import { becomeLauncher, isServer } from '../mount/launch.ts';
import type { ServeArguments } from '../mount/serve.ts';
import type { Terminal } from '../print/terminal.ts';
import { REFERENCE_WORDS } from '../stack.ts';

interface MountOptions extends Omit<ServeArguments, 'reference' | 'directory'> {
  readonly foreground?: true;
}

const EXAMPLES = `
Examples:
  stratafs mount nginx:latest /mnt                   look around, then: stratafs umount /mnt
  stratafs mount -f --debug nginx:latest /mnt        stay, and print each request
  stratafs mount --allow-other -o suid,dev web /mnt  as the container "web" would see it

Ends when it is unmounted (stratafs umount, umount or fusermount3 -u), or by SIGINT, SIGTERM or SIGHUP: a mount in use
is then detached, and served on to those who use it; a second signal ends it at once, with exit code 130. One directory
takes one mount of ours: another there is refused.
`;

export function registerMount(program: Command, terminal: Terminal): void {
  program
    .command('mount')
    .summary('mount the root filesystem of an image or container, read-only')
    .description(
      'Mount the merged root filesystem of REF on DIR, read-only, and return when it answers; the server goes on in the ' +
        'background. Set-user-ID bits and devices mean nothing there, and no other user gets in, unless asked for.',
    )
    .argument('<ref>', REFERENCE_WORDS)
    .argument('<dir>', 'an existing directory, outside the store')
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
        'who reads file contents: the server (cached), the kernel by itself (passthrough), or as it seems best',
      )
        .choices(['auto', 'cached', 'passthrough'])
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
    .addHelpText('after', EXAMPLES)
    .action(async (reference: string, directory: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<MountOptions>();
      terminal.exitWith(await mountCommand(reference, directory, options, terminal));
    });
}

function gather(words: string, before: readonly string[] = []): string[] {
  return [...before, words];
}

/** Answers the exit code: at once for a mount in the background, after the unmount for one in the foreground. */
export async function mountCommand(
  reference: string,
  directory: string,
  options: MountOptions,
  terminal: Terminal,
): Promise<number> {
  const [place = bytesOfText(directory)] = pathArguments([directory]);
  const isLaunched = isServer();
  if (!isLaunched && options.foreground !== true && options.debug !== true) becomeLauncher();
  const { serveMount } = await import('../mount/serve.ts');
  const code = await serveMount({ ...options, reference, directory: place }, { terminal, isLaunched });
  // The package keeps the event loop alive for ever.
  if (options.driver === 'fuse-native') process.exit(code);
  return code;
}
