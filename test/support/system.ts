// What a system test needs of the machine. A test that cannot run says so and why; under REQUIRE_SYSTEM=1 it fails.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { AsyncLookups } from '../../src/sys/uring/async-lookups.ts';
import { storesFolder } from './real-stores.ts';
import { BUILT_COMMAND } from './stratafs.ts';

/** Each answers why it cannot be had here, undefined where it can. */
const NEEDS = {
  root: () => rootProblem(),
  // What a test has mounted is unmounted by umount(8).
  fuse: () =>
    usable('/dev/fuse') ? missingCommands('umount') : '/dev/fuse cannot be opened for reading and writing',
  overlay: () => overlayProblem() ?? missingCommands('mount', 'umount'),
  mount: () => missingCommands('mount', 'umount'),
  unshare: () => missingCommands('unshare'),
  search: () => missingCommands('find', 'grep'),
  zones: () => (usable(ZONES, constants.R_OK) ? undefined : `"${ZONES}" has no time zones`),
  tmpfs: () => tmpfsProblem(),
  io_uring: () => ringProblem(),
  passthrough: () =>
    kernelSince(6, 9) ? undefined : `Linux ${release()} has FUSE pass nothing through (6.9 has)`,
  docker: () => missingCommands('dockerd', 'docker', 'containerd', 'runc'),
  containerd: () => missingCommands('containerd', 'ctr', 'runc'),
  podman: () => missingCommands('podman'),
  buildkit: () => (buildKitClient() === undefined ? 'no docker client here can use BuildKit' : undefined),
  attributes: () => missingCommands('setfattr', 'setfacl', 'setcap'),
  bash: () => missingCommands('bash'),
  fish: () => missingCommands('fish'),
  zsh: () => missingCommands('zsh'),
  man: () => missingCommands('man'),
  busybox: () => missingCommands('busybox'),
  python: () => missingCommands('python3'),
  compiler: () => missingCommands('cc'),
  'fuse-overlayfs': () => missingCommands('fuse-overlayfs'),
  fusermount3: () => missingCommands('fusermount3'),
  git: () => missingCommands('git'),
  patch: () => missingCommands('patch'),
  rsync: () => missingCommands('rsync'),
  mtree: () => missingCommands('mtree'),
  less: () => missingCommands('less'),
  mactime: () => missingCommands('mactime'),
  bsdtar: () => missingCommands('bsdtar'),
  zstd: () => missingCommands('zstd'),
  stores: () =>
    storesFolder() === undefined
      ? 'there are no real stores in ../shared/stores or $STRATAFS_STORES'
      : undefined,
  chromium: () => (browserPath() === undefined ? missingCommands('chromium-headless-shell') : undefined),
  sqlite3: () => missingCommands('sqlite3'),
  strace: () => missingCommands('strace'),
  ext4: () => missingCommands('mkfs.ext4'),
  xfs: () => missingCommands('mkfs.xfs'),
  btrfs: () => missingCommands('btrfs', 'mkfs.btrfs'),
  npm: () => missingCommands('npm'),
  build: () => (usable(BUILT_COMMAND, constants.R_OK) ? undefined : `"${BUILT_COMMAND}" is not built`),
} as const satisfies Record<string, () => string | undefined>;

export type Need = keyof typeof NEEDS;

/** What the C library and its programs know of zones other than UTC. */
const ZONES = '/usr/share/zoneinfo/Asia/Kolkata';
/** A tmpfs nearly everywhere. */
export const SHARED_MEMORY = '/dev/shm';
const TMPFS_MAGIC = 0x01021994;

function kernelSince(major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = release().split('.').map(Number);
  return ofMajor > major || (ofMajor === major && ofMinor >= minor);
}

/** Why something needed is not there, undefined where all is. */
export function missing(needs: readonly Need[]): string | undefined {
  for (const need of needs) {
    const reason = NEEDS[need]();
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** `describe` for tests that need the machine; what they need stands beside their name. */
export function describeSystem(name: string, needs: readonly Need[], body: () => void): void {
  const reason = missing(needs);
  if (reason === undefined) {
    describe(name, body);
    return;
  }
  describe(name, () => {
    it(`${LEFT_OUT}${reason}`, (context) => leaveOut(context, reason));
  });
}

/** `it` for a test that needs more of the machine than the others beside it. */
export function itSystem(name: string, needs: readonly Need[], body: () => void | Promise<void>): void {
  const reason = missing(needs);
  if (reason === undefined) it(name, body);
  else it(`${name}: ${LEFT_OUT}${reason}`, (context) => leaveOut(context, reason));
}

/** The name of a test that is left out ends with this and why; `left-out.ts` tells of them in the end. */
export const LEFT_OUT = 'cannot run here: ';

function leaveOut(context: TestContext, reason: string): void {
  if (process.env.REQUIRE_SYSTEM === '1') throw new Error(`REQUIRE_SYSTEM=1, and ${reason}`);
  context.skip(reason);
}

/** Clients before 23 ask the engine's BuildKit themselves, later ones by the plugin buildx. */
export function buildKitClient(): string | undefined {
  const clients = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'docker'));
  return clients.find((client) => {
    if (!usable(client, constants.X_OK)) return false;
    const version = / version (\d+)/.exec(spawnSync(client, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
    return Number(version) < 23 || spawnSync(client, ['buildx', 'version']).status === 0;
  });
}

/** The browser without windows, which takes a third of the processor that the usual one takes for a page, or the usual one. */
export function browserPath(): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter);
  return ['chromium-headless-shell', 'chromium']
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((path) => usable(path, constants.X_OK));
}

function usable(path: string, mode = constants.R_OK | constants.W_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function missingCommands(...names: readonly string[]): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter);
  const absent = names.filter(
    (name) => !directories.some((directory) => usable(join(directory, name), constants.X_OK)),
  );
  return absent.length === 0 ? undefined : `not installed: ${absent.join(', ')}`;
}

/** In a container root may lack what makes it root: CAP_SYS_ADMIN is bit 21 (linux/capability.h). */
function rootProblem(): string | undefined {
  if (process.getuid?.() !== 0) return 'the tests do not run as root';
  const effective = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${effective}`) >> 21n) & 1n ? undefined : 'root may not mount here (CAP_SYS_ADMIN)';
}

/** It has files longer than 2^53 bytes, which ext4 has not. */
function tmpfsProblem(): string | undefined {
  const problem = `"${SHARED_MEMORY}" is no tmpfs that can be written`;
  try {
    return statfsSync(SHARED_MEMORY).type === TMPFS_MAGIC && usable(SHARED_MEMORY) ? undefined : problem;
  } catch {
    return problem;
  }
}

function ringProblem(): string | undefined {
  const ring = AsyncLookups.open(1);
  ring?.close();
  return ring === undefined ? 'the kernel, or a filter, has no io_uring for this process' : undefined;
}

/** The oracle's mounts name layers one by one (`lowerdir+`), which Linux 6.5 brought. */
function overlayProblem(): string | undefined {
  if (!readFileSync('/proc/filesystems', 'latin1').includes('\toverlay\n'))
    return 'the kernel has no overlayfs';
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  if (major > 6 || (major === 6 && minor >= 5)) return undefined;
  return `the kernel is ${release()}, and naming layers one by one needs 6.5`;
}
