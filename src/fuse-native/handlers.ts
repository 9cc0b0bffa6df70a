// A FileSystem as the callbacks of fuse-native: paths for numbers, text for bytes. Knows no mount and loads no package.
import type { Handlers, Reply, Stat } from 'fuse-native';
import { OPCODE } from '../fuse/abi.ts';
import { isDamage } from '../fuse/damage.ts';
import type { FileSystem } from '../fuse/filesystem.ts';
import { bytesOf, bytesOfText, textOf } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { Inodes } from './inodes.ts';
import { nameText, Paths } from './paths.ts';
import { listedStat, statfsOf, statOf } from './stat.ts';

const NAME_MAX = 255;
const LINK_MAX = 4095;
/** XATTR_LIST_MAX of the kernel. */
const XATTR_LIST_MAX = 65_536;

export interface HandlerOptions {
  /** Who is taken to ask for lists of attributes: fuse-native does not tell. */
  readonly uid: number;
  /** Told what cannot be shown. Bytes in a message are latin1. */
  readonly log: (message: string) => void;
  /** Told of every throw that is not an `Errno`; the request is answered with EIO. */
  readonly onBug: (error: unknown, opcode: number) => void;
  /** Told of every failure of the file system itself that is no ordinary answer. */
  readonly onDamage?: (error: Errno, opcode: number) => void;
  /** Told of every request once it is answered: `result` is a negative errno where it failed. */
  readonly trace?: (opcode: number, path: string, result: number) => void;
}

export interface XattrHandlers {
  /** The value's length, or a negative errno; written to `out` where that has any room. */
  readonly value: (path: string, name: string, out: Uint8Array) => number;
  /** Likewise the names, each ended by NUL. */
  readonly names: (path: string, out: Uint8Array) => number;
}

interface Listing {
  readonly names: string[];
  readonly stats: Stat[];
}

/** An answer that is not an errno. */
type Answer<T> = { readonly value: T } | number;

export function handlersOf(
  fs: FileSystem,
  options: HandlerOptions,
): { readonly handlers: Handlers; readonly xattrs: XattrHandlers } {
  const paths = new Paths(fs);
  const inodes = new Inodes(() =>
    options.log(
      'Cannot show all inode numbers: fuse-native has 32 bits for them; larger ones are stood in for',
    ),
  );
  const link = Buffer.alloc(LINK_MAX);
  const list = Buffer.alloc(XATTR_LIST_MAX);
  const complained = new Set<number>();

  /** Nothing that an answer may throw gets past here. A number is an errno, or of `read` and attributes a length. */
  const guard = <T>(opcode: number, path: string, answer: (entry: number) => Answer<T>): Answer<T> => {
    let result: Answer<T>;
    try {
      const entry = paths.find(path);
      result = entry < 0 ? entry : answer(entry);
    } catch (error) {
      if (error instanceof Errno && error.errno > 0) {
        if (isDamage(error)) options.onDamage?.(error, opcode);
        result = -error.errno;
      } else {
        options.onBug(error, opcode);
        result = -E.EIO;
      }
    }
    options.trace?.(opcode, path, typeof result === 'number' ? result : 0);
    return result;
  };

  const count = (opcode: number, path: string, answer: (node: number) => number): number => {
    const result = guard(opcode, path, (entry) => answer(fs.nodeOf(entry)));
    return typeof result === 'number' ? result : -E.EIO;
  };

  const listing = (node: number, path: string): Listing => {
    const parent = fs.parentOf(node);
    const names = ['.', '..'];
    const stats = [listedStat(fs, node, inodes), listedStat(fs, parent, inodes)];
    const name = Buffer.alloc(NAME_MAX);
    const first = fs.firstEntry(node);
    const end = first + fs.entryCount(node);
    let left = '';
    let leftOut = 0;
    for (let entry = first; entry < end; entry++) {
      const bytes = name.subarray(0, fs.nameLength(entry));
      fs.copyName(entry, bytes, 0);
      const text = nameText(bytes);
      if (text === undefined) {
        if (leftOut++ === 0) left = bytesOf(bytes);
      } else {
        names.push(text);
        stats.push(listedStat(fs, entry, inodes));
      }
    }
    if (leftOut > 0 && !complained.has(node)) {
      complained.add(node);
      options.log(
        `Cannot show ${leftOut} of the names in "${path}", as "${left}": fuse-native takes only UTF-8`,
      );
    }
    return { names, stats };
  };

  const handlers: Handlers = {
    getattr(path, reply) {
      const answer = guard(OPCODE.FUSE_GETATTR, path, (entry) => ({ value: statOf(fs, entry, inodes) }));
      send(answer, reply, (stat) => reply(0, stat));
    },
    readdir(path, reply) {
      const answer = guard(OPCODE.FUSE_READDIR, path, (entry) => ({
        value: listing(fs.nodeOf(entry), path),
      }));
      send(answer, reply, ({ names, stats }) => reply(0, names, stats));
    },
    readlink(path, reply) {
      const answer = guard(OPCODE.FUSE_READLINK, path, (entry) => {
        const length = fs.readLink(fs.nodeOf(entry), link, 0, LINK_MAX);
        if (length < 0) return length;
        const target = textOf(bytesOf(link, 0, length));
        return target === undefined ? -E.EILSEQ : { value: target };
      });
      send(answer, reply, (target) => reply(0, target));
    },
    ...openOf(fs, guard, options),
    read(path, _fd, buffer, length, offset, reply) {
      reply(count(OPCODE.FUSE_READ, path, (node) => fs.read(node, offset, buffer, 0, length)));
    },
    statfs(path, reply) {
      const answer = guard(OPCODE.FUSE_STATFS, path, () => ({ value: statfsOf(fs) }));
      send(answer, reply, (totals) => reply(0, totals));
    },
    getxattr: true,
    listxattr: true,
  };

  const xattrs: XattrHandlers = {
    value: (path, name, out) =>
      count(OPCODE.FUSE_GETXATTR, path, (node) => {
        if (name.includes('\ufffd')) return -E.EILSEQ;
        return fs.getXattr(node, bytesOfText(name), out, 0, out.length, options.uid);
      }),
    names: (path, out) =>
      count(OPCODE.FUSE_LISTXATTR, path, (node) => {
        const length = fs.listXattr(node, list, 0, list.length, options.uid);
        if (length < 0) return length;
        const names = askable(list.toString('latin1', 0, length));
        if (out.length === 0) return names.length;
        if (names.length > out.length) return -E.ERANGE;
        out.set(Buffer.from(names, 'latin1'));
        return names.length;
      }),
  };
  return { handlers, xattrs };
}

/** Where all opens are alike libfuse answers them by itself. */
function openOf(
  fs: FileSystem,
  guard: (opcode: number, path: string, answer: (entry: number) => Answer<true>) => Answer<true>,
  { log }: HandlerOptions,
): Pick<Handlers, 'open'> {
  const { open } = fs;
  if (open === undefined) return {};
  return {
    open(path, _flags, reply) {
      const answer = guard(OPCODE.FUSE_OPEN, path, (entry) => {
        if (open(fs.nodeOf(entry))) return { value: true };
        // Only a read past the kernel's cache would tell the truth, and fuse-native has none.
        log(`Cannot open "${path}": its data are not as long as its size`);
        return -E.EIO;
      });
      send(answer, reply, () => reply(0, 0));
    },
  };
}

function send<T>(answer: Answer<T>, reply: Reply<[]>, succeed: (value: T) => void): void {
  if (typeof answer === 'number') reply(answer);
  else succeed(answer.value);
}

/** Of names ended by NUL those that can be asked for: their bytes come back as text. */
function askable(names: string): string {
  return names
    .split('\0')
    .slice(0, -1)
    .filter((name) => nameText(Buffer.from(name, 'latin1')) !== undefined)
    .map((name) => `${name}\0`)
    .join('');
}
