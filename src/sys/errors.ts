// The two kinds of failure that are not bugs: a number the kernel understands, and what a person can mend.
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** Kernel error numbers by their kernel names, positive. The same on x86-64 and arm64. */
export const E = constants.errno;

const NAMES = new Map<number, string>(Object.entries(E).map(([name, number]) => [number, name]));

/** `ENOENT` for 2; `errno 999` for a number that has no name. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

/** `EUCLEAN`, which Node does not know: what XFS and ext4 answer where their own metadata is damaged. */
const EUCLEAN = 117;

/** Where the words of Node's table are odd, or it has none. */
const WORDS = new Map<number, string>([
  [E.EISDIR, 'is a directory'],
  [E.ELOOP, 'too many levels of symbolic links'],
  [E.EIO, 'input/output error'],
  [E.EBADMSG, 'bad message: the file system is damaged there'],
  [E.ESTALE, 'stale file handle'],
  [E.ENOSYS, 'a system call is missing: the kernel is too old, or a filter forbids it'],
  [EUCLEAN, 'the file system is damaged there and needs cleaning'],
]);

/** `no such file or directory` for 2. */
export function errnoWords(errno: number): string {
  return WORDS.get(errno) ?? getSystemErrorMap().get(-errno)?.[1] ?? errnoName(errno);
}

/** Words for an error of Node's own calls. One that is none of the system's is thrown on. */
export function systemWords(error: unknown): string {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined;
  if (errno === undefined) throw error;
  return errnoWords(-errno);
}

/** A failure to hand to the kernel: `errno` is positive. Thrown by overlay and view, answered as `-errno` in one place. */
export class Errno extends Error {
  override readonly name = 'Errno';
  readonly errno: number;

  constructor(errno: number, doing: string, options?: ErrorOptions) {
    super(`${doing}: ${errnoWords(errno)}`, options);
    this.errno = errno;
  }
}

/** The positive errno of an `Errno` or of one of Node's system errors; undefined for all else. */
export function errnoOf(error: unknown): number | undefined {
  if (error instanceof Errno) return error.errno;
  if (!(error instanceof Error)) return undefined;
  const { errno, syscall } = error as NodeJS.ErrnoException;
  return syscall === undefined || errno === undefined ? undefined : -errno;
}

/**
 * What went wrong, in the words of the exit-code table (`cli/exit.ts`):
 * usage: the command line itself; reference: no such image or container, or more than one;
 * store: a file of the store is missing or damaged; path: a path inside the image, or a file of a layer;
 * mount: the mount could not be made; busy: it could not be undone.
 */
export type TroubleKind = 'usage' | 'reference' | 'store' | 'path' | 'mount' | 'busy';

/** A failure a person can mend. Message form: Cannot ⟨do⟩ "⟨value⟩": ⟨state⟩. Printed by `cli/main.ts` without a stack. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
  readonly kind: TroubleKind;

  constructor(kind: TroubleKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** A failure that a person can mend as a value; anything else is thrown. */
export function attempt<T>(read: () => T): T | Trouble {
  try {
    return read();
  } catch (error) {
    if (error instanceof Trouble) return error;
    throw error;
  }
}

/** Undefined where an `Errno` is thrown, for who need not tell of it; anything else is thrown. */
export function unlessErrno<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Errno) return undefined;
    throw error;
  }
}
