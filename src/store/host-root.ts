// Docker's data roots on another machine's disk, mounted at a directory: by what its own configuration says and by the
// usual places. All paths are that machine's: absolute links, `..` and all lead nowhere but into that directory.
import { closeSync, fstatSync, readlinkSync, readSync } from 'node:fs';
import { readNames } from '../sys/beneath.ts';
import { asBytes, type ByteString, bufferOf, bytesOf, bytesOfText, cString, textOf } from '../sys/bytes.ts';
import { openCloneOfAll } from '../sys/clone.ts';
import { E, errnoWords, Trouble } from '../sys/errors.ts';
import { O, open, openat2 } from '../sys/libc.ts';
import { STRING, struct } from './go-shape.ts';
import { optionalString, parseJson } from './json.ts';

/** RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT (linux/openat2.h). */
const RESOLVE = 0x02n | 0x10n;
const LARGEST_CONFIG = 1 << 20;

/** A data root that was found. */
export interface HostDataRoot {
  /** Where it is on this machine, without links. */
  readonly directory: ByteString;
  /** What led to it, as paths of the other machine. */
  readonly why: string;
}

const SYSTEM_CONFIGS = ['/etc/docker/daemon.json', '/var/snap/docker/current/config/daemon.json'];
const SYSTEM_ROOTS = ['/var/lib/docker', '/var/snap/docker/common/var-lib-docker'];
const ROOTLESS_CONFIG = '.config/docker/daemon.json';
const ROOTLESS_ROOT = '.local/share/docker';
const DAEMON_CONFIG = struct({ 'data-root': STRING, graph: STRING });
const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);
const REMAPPED = /^\d{1,10}\.\d{1,10}$/;

/** All that hold a store, the likeliest first. Throws Trouble where `host` cannot be opened. */
export function findDataRoots(host: string, say: (damage: string) => void): HostDataRoot[] {
  const disk = new Disk(bytesOfText(host));
  try {
    const found = new Map<ByteString, HostDataRoot>();
    for (const { path, why, isConfigured } of candidates(disk, say)) {
      const roots = disk.storesAt(path, why);
      for (const root of roots) if (!found.has(root.directory)) found.set(root.directory, root);
      if (roots.length === 0 && isConfigured) {
        const state = disk.directory(path) === undefined ? 'no such directory' : 'no store is there';
        say(`Cannot open data root "${path}" of the host root "${host}" (${why}): ${state}`);
      }
    }
    return [...found.values()];
  } finally {
    disk.close();
  }
}

/** One data root, named by a path of the other machine. Throws Trouble. */
export function dataRootAt(host: string, path: string): string {
  const disk = new Disk(bytesOfText(host));
  try {
    const directory = disk.directory(bytesOfText(path));
    if (directory !== undefined) return asText(directory);
    throw new Trouble('store', `Cannot open store "${path}" of the host root "${host}": no such directory`);
  } finally {
    disk.close();
  }
}

interface Candidate {
  readonly path: ByteString;
  readonly why: string;
  readonly isConfigured?: true;
}

function* candidates(disk: Disk, say: (damage: string) => void): Generator<Candidate> {
  const homes = homesOf(disk);
  const configs = [
    ...SYSTEM_CONFIGS.map(asBytes),
    ...homes.map((home) => asBytes(`${home}/${ROOTLESS_CONFIG}`)),
  ];
  for (const config of configs) {
    try {
      const path = configuredRoot(disk, config);
      if (path !== undefined) yield { path, why: `"data-root" in ${config}`, isConfigured: true };
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      say(error.message);
    }
  }
  for (const path of SYSTEM_ROOTS) yield { path: asBytes(path), why: 'a usual place' };
  for (const home of homes) yield { path: asBytes(`${home}/${ROOTLESS_ROOT}`), why: 'rootless Docker' };
}

/** `data-root`, or `graph` as it was called before 17.05. */
function configuredRoot(disk: Disk, config: ByteString): ByteString | undefined {
  const bytes = disk.read(config);
  if (bytes === undefined) return undefined;
  // Of all files that dockerd reads, in this alone it passes over a byte order mark.
  const text = bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
  const fields = parseJson(text, asBytes(`${config}" of the host root "${disk.label}`), DAEMON_CONFIG);
  const root = optionalString(fields, 'data-root') ?? optionalString(fields, 'graph');
  return root === undefined ? undefined : bytesOfText(root);
}

/** Of the users in its passwd, and of those that only /home tells. */
function homesOf(disk: Disk): ByteString[] {
  const passwd = disk.read(asBytes('/etc/passwd'));
  const lines = passwd === undefined ? [] : bytesOf(passwd).split('\n');
  const named = lines.flatMap((line) => {
    const home = line.split(':')[5];
    return home?.startsWith('/') && home !== '/' ? [asBytes(home)] : [];
  });
  const listed = disk.names(asBytes('/home')).map((name) => asBytes(`/home/${name}`));
  return [...new Set([asBytes('/root'), ...named, ...listed])];
}

function placeOf(descriptor: number): ByteString {
  return bytesOf(readlinkSync(`/proc/self/fd/${descriptor}`, 'buffer'));
}

class Disk {
  readonly label: ByteString;
  readonly #root: number;
  /** What stands before a path in a clone of the disk, to name it on this machine; empty where there is no clone. */
  readonly #prefix: string = '';

  constructor(host: ByteString) {
    this.label = host;
    const plain = open(cString(host), O.PATH | O.DIRECTORY | O.CLOEXEC);
    if (plain < 0) {
      const state = plain === -E.ENOENT ? 'no such directory' : errnoWords(-plain);
      throw new Trouble('store', `Cannot open host root "${host}": ${state}`);
    }
    // Links of the disk are followed, and only a clone keeps their access times.
    const clone = openCloneOfAll(plain, cString(asBytes('')));
    this.#root = clone < 0 ? plain : clone;
    if (clone < 0) return;
    const place = placeOf(plain);
    this.#prefix = place === '/' ? '' : place;
    closeSync(plain);
  }

  close(): void {
    closeSync(this.#root);
  }

  /** A descriptor or a negative errno. O_NOATIME is for the owner and the privileged; others go without. */
  #open(path: ByteString, flags: number): number {
    const descriptor = this.#openWith(path, flags | (flags & O.PATH ? 0 : O.NOATIME));
    return descriptor === -E.EPERM ? this.#openWith(path, flags) : descriptor;
  }

  #openWith(path: ByteString, flags: number): number {
    const how = Buffer.alloc(24);
    how.writeBigUInt64LE(BigInt(flags | O.CLOEXEC), 0);
    how.writeBigUInt64LE(RESOLVE, 16);
    return openat2(this.#root, cString(path), how);
  }

  /** The place of a directory on this machine, undefined where there is none. */
  directory(path: ByteString): ByteString | undefined {
    const descriptor = this.#open(path, O.PATH | O.DIRECTORY);
    if (descriptor < 0) return undefined;
    try {
      const place = placeOf(descriptor);
      return place === '/' && this.#prefix !== ''
        ? asBytes(this.#prefix)
        : asBytes(`${this.#prefix}${place}`);
    } finally {
      closeSync(descriptor);
    }
  }

  names(path: ByteString): ByteString[] {
    const descriptor = this.#open(path, O.RDONLY | O.DIRECTORY);
    if (descriptor < 0) return [];
    try {
      const names = readNames(descriptor);
      return typeof names === 'number' ? [] : names.sort();
    } finally {
      closeSync(descriptor);
    }
  }

  /** A small regular file; undefined where there is none. */
  read(path: ByteString): Buffer | undefined {
    const probe = this.#open(path, O.PATH);
    if (probe < 0) return undefined;
    const isFile = fstatSync(probe).isFile();
    closeSync(probe);
    const descriptor = isFile ? this.#open(path, O.RDONLY | O.NONBLOCK) : -1;
    if (descriptor < 0) return undefined;
    try {
      if (!fstatSync(descriptor).isFile()) return undefined;
      const buffer = Buffer.alloc(LARGEST_CONFIG);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(descriptor);
    }
  }

  /** The store at a path of the other machine, and those of user namespaces below it (userns-remap). */
  storesAt(path: ByteString, why: string): HostDataRoot[] {
    const remapped = this.names(path).filter((name) => REMAPPED.test(name));
    const places = [
      { at: path, reason: why },
      ...remapped.map((name) => ({ at: asBytes(`${path}/${name}`), reason: `${why}, userns-remap` })),
    ];
    return places.flatMap(({ at, reason }) => {
      const directory = this.directory(asBytes(`${at}/image`)) === undefined ? undefined : this.directory(at);
      return directory === undefined ? [] : [{ directory, why: reason }];
    });
  }
}

/** The root to be used, as text for `--root`; the others are told to `say`. Throws Trouble where there is none. */
export function chooseDataRoot(host: string, say: (message: string) => void): string {
  const [first, ...others] = findDataRoots(host, say);
  if (first === undefined) {
    throw new Trouble(
      'store',
      `Cannot find a data root of Docker in host root "${host}": none is where one is configured, and none at the usual places; ` +
        'name it with --root, as that machine would',
    );
  }
  for (const { directory, why } of others) {
    say(`also found: "${directory}" (${why}); --root names it, as that machine would`);
  }
  return asText(first.directory);
}

/** Paths of a command line are text; one that is not cannot be handed on. */
function asText(directory: ByteString): string {
  const text = textOf(directory);
  if (text !== undefined) return text;
  const shown = bufferOf(directory).toString('utf8');
  throw new Trouble('store', `Cannot use data root "${shown}": its path is not UTF-8`);
}
