// A machine's files by its own paths: this one's, or another's whose disk is mounted at a directory. Absolute links, `..` and all
// lead nowhere but into that directory; nothing but directories and small regular files is opened, no access time is changed.

import { closeSync, readlinkSync, readSync } from 'node:fs';
import { fileType, NO_OPENAT2, openAsRoot, readNames } from '../../sys/beneath.ts';
import { asBytes, type ByteString, bytesOf, bytesOfText, cString, shownBytes } from '../../sys/bytes.ts';
import { E, errnoWords, Trouble } from '../../sys/errors.ts';
import { O, open } from '../../sys/libc.ts';
import { openCloneOfAll } from '../../sys/mount/clone.ts';
import { S_IFREG } from '../../sys/statx.ts';

const LARGEST_CONFIG = 1 << 20;
/** The root of this machine itself. */
export const THIS_MACHINE = '/';

/** All paths are the machine's own, absolute. */
export interface Machine {
  /** Where its root is on this machine, as it was named. */
  readonly label: ByteString;
  readonly isThis: boolean;
  /** What engines would have in their environment: ours on this machine, nothing on another. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The place of a directory on this machine, without links; undefined where there is none that can be seen. */
  directory(path: ByteString): ByteString | undefined;
  /** Sorted; none where there is no such directory, or it cannot be read. */
  names(path: ByteString): ByteString[];
  /** A small regular file; undefined where there is none that can be read. */
  read(path: ByteString): Buffer | undefined;
  /** Of all users that its passwd or /home tells of, root first. */
  homes(): readonly Home[];
}

export interface Home {
  readonly path: ByteString;
  /** Name of the user; the directory's own where only /home tells of it. */
  readonly user: string;
  readonly uid?: number;
}

/** Gives the machine to `use`, and lets go of it then. Throws Trouble where `host` cannot be opened. */
export function withMachine<T>(host: string, use: (machine: Machine) => T): T {
  const disk = new Disk(bytesOfText(host));
  try {
    return use(disk);
  } finally {
    disk.close();
  }
}

/** Undefined where /proc does not tell. */
function placeOf(descriptor: number): ByteString | undefined {
  try {
    return bytesOf(readlinkSync(`/proc/self/fd/${descriptor}`, 'buffer'));
  } catch {
    return undefined;
  }
}

class Disk implements Machine {
  readonly label: ByteString;
  readonly isThis: boolean;
  readonly environment: Machine['environment'];
  readonly #root: number;
  /** What stands before a path in a clone of the disk, to name it on this machine; empty where there is no clone. */
  readonly #prefix: string = '';

  constructor(host: ByteString) {
    this.label = host;
    this.isThis = host === THIS_MACHINE;
    this.environment = this.isThis ? process.env : {};
    const plain = open(cString(host), O.PATH | O.DIRECTORY | O.CLOEXEC);
    if (plain < 0) {
      const state = plain === -E.ENOENT ? 'no such directory' : errnoWords(-plain);
      throw new Trouble('store', `Cannot open host root "${shownBytes(host)}": ${state}`);
    }
    // Links of the disk are followed, and only a clone keeps their access times.
    const clone = openCloneOfAll(plain, cString(asBytes('')));
    this.#root = clone < 0 ? plain : clone;
    if (clone < 0) return;
    const place = this.isThis ? host : placeOf(plain);
    if (place === undefined)
      throw new Trouble('store', `Cannot tell where host root "${shownBytes(host)}" is: is /proc mounted?`);
    this.#prefix = place === '/' ? '' : place;
    closeSync(plain);
  }

  close(): void {
    closeSync(this.#root);
  }

  homes(): readonly Home[] {
    const passwd = this.read(asBytes('/etc/passwd'));
    const lines = passwd === undefined ? [] : bytesOf(passwd).split('\n');
    const named = lines.flatMap((line): Home[] => {
      const [user = '', , uid = '', , , home = ''] = line.split(':');
      const isHome = home.startsWith('/') && home !== '/';
      return isHome
        ? [{ path: asBytes(home), user, ...(/^\d{1,10}$/.test(uid) ? { uid: Number(uid) } : {}) }]
        : [];
    });
    const listed = this.names(asBytes('/home')).map(
      (user): Home => ({ path: asBytes(`/home/${user}`), user }),
    );
    const homes = new Map<ByteString, Home>([
      [asBytes('/root'), { path: asBytes('/root'), user: 'root', uid: 0 }],
    ]);
    for (const home of [...named, ...listed]) if (!homes.has(home.path)) homes.set(home.path, home);
    return [...homes.values()];
  }

  /** A descriptor or a negative errno. Throws Trouble where nothing can be opened confined to the disk. */
  #open(path: ByteString, flags: number): number {
    const descriptor = openAsRoot(this.#root, path, flags);
    if (descriptor !== -E.ENOSYS) return descriptor;
    throw new Trouble('store', `Cannot look for stores in "${shownBytes(this.label)}": ${NO_OPENAT2}`);
  }

  /** The place of a directory on this machine, undefined where there is none. */
  directory(path: ByteString): ByteString | undefined {
    const descriptor = this.#open(path, O.PATH | O.DIRECTORY);
    if (descriptor < 0) return undefined;
    try {
      const place = placeOf(descriptor);
      if (place === undefined) return undefined;
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
    // To open a device is to use it, so its type is asked first.
    const probe = this.#open(path, O.PATH);
    if (probe < 0) return undefined;
    const isFile = fileType(probe) === S_IFREG;
    closeSync(probe);
    const descriptor = isFile ? this.#open(path, O.RDONLY | O.NONBLOCK) : -1;
    if (descriptor < 0) return undefined;
    try {
      // Something else may lie there by now.
      if (fileType(descriptor) !== S_IFREG) return undefined;
      const buffer = Buffer.alloc(LARGEST_CONFIG);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(descriptor);
    }
  }
}
