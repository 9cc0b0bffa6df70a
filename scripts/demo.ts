// `npm run demo`: what stratafs does, shown on an image of this machine's Docker, or on a sample store made for it.
// Nothing is left behind; with `-- --keep` it is always the sample store, which is left, so that README's scenes can be pasted.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSampleStore } from './sample-store.ts';

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../dist/cli/stratafs.sh', import.meta.url));
const DOCKER = '/var/lib/docker';

const isKept = process.argv.includes('--keep');
const folder = mkdtempSync(join(tmpdir(), 'stratafs-demo-'));
const sample = join(folder, 'docker');
const own = isKept ? undefined : firstImage(DOCKER);
try {
  demonstrate();
} finally {
  if (own !== undefined || !isKept) rmSync(folder, { recursive: true, force: true });
}
sayWhatNext();

function demonstrate(): void {
  const root = own === undefined ? sample : DOCKER;
  if (own === undefined) {
    const why = isKept ? '' : `No Docker image can be read in ${DOCKER}: `;
    say(`${why}this is a sample store, made for the demo.`);
    writeSampleStore(root);
  }
  const image = own ?? 'sample/web:1.1';
  const stratafs = (...words: readonly string[]) => show('stratafs', ['--root', root, ...words]);

  say('What the store holds:');
  stratafs('images');
  say('The layers of one image, top first, and what made each:');
  stratafs('inspect', image);
  say('Its merged root, without a mount:');
  stratafs('ls', '-l', image, '/');
  if (own === undefined) {
    stratafs('cat', image, '/srv/server.conf');
    say('The layer on top removed /etc/motd and replaced /srv/plugins, so neither shows what lies below:');
    stratafs('ls', '-R', image, '/');
    say('What changed since the version before, and which layer did it:');
    stratafs('diff', 'sample/web:1.0', image);
  }

  const obstacle = whyNoMount();
  if (obstacle !== undefined) {
    say(`A mount is not shown: ${obstacle}.`);
    return;
  }
  const directory = join(folder, 'mnt');
  mkdirSync(directory);
  say('The same as a mount, for any tool:');
  stratafs('mount', image, directory);
  try {
    show('grep', [folder, '/proc/mounts']);
    show('ls', ['-la', directory]);
    if (own === undefined) show('grep', ['-r', '.', join(directory, 'srv')]);
  } finally {
    stratafs('umount', directory);
  }
}

function sayWhatNext(): void {
  if (isKept) {
    say("With these two lines README's scenes can be pasted as they stand:");
    process.stdout.write(`export STRATAFS_ROOT=${sample}\nalias stratafs=${LAUNCHER}\n`);
    return;
  }
  const command = relative(process.cwd(), LAUNCHER);
  say(`The command is ${command}; "npm link" puts it on the path as stratafs. What to try next:`);
  if (own !== undefined) process.stdout.write(`$ ${command} history ${own}\n`);
  else process.stdout.write('$ npm run demo -- --keep    # the sample store is removed; this keeps it\n');
}

/** The first tag of a data root, undefined where there is none or it cannot be read. */
function firstImage(root: string): string | undefined {
  const { status, stdout } = spawnSync(process.execPath, [COMMAND, '--root', root, 'images', '--json'], {
    encoding: 'utf8',
  });
  const tag = /"tags":\["([^"]+)"/.exec(stdout);
  return status === 0 ? tag?.[1] : undefined;
}

function whyNoMount(): string | undefined {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return '/dev/fuse cannot be opened here';
  }
  if (process.getuid?.() === 0 || spawnSync('fusermount3', ['--version']).status === 0) return undefined;
  return 'it needs root, or fusermount3 of the package fuse3';
}

function say(text: string): void {
  process.stdout.write(`\n# ${text}\n`);
}

/** Prints a command line as a person would type it, runs it, and ends the demo where it fails; 1 says "different". */
function show(name: string, words: readonly string[]): void {
  process.stdout.write(`$ ${name} ${words.join(' ')}\n`);
  const [command, args] = name === 'stratafs' ? [process.execPath, [COMMAND, ...words]] : [name, words];
  const { status, signal } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0 && !(words.includes('diff') && status === 1))
    throw new Error(`${name} ended with ${signal ?? status}`);
}
