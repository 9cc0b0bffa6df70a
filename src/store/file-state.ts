// What lies at a path of a store, and what is said of it where it cannot be used.
import { NO_OPENAT2 } from '../sys/beneath.ts';
import { asBytes, shownBytes } from '../sys/bytes.ts';
import { E, errnoWords, Trouble } from '../sys/errors.ts';

/** What lies at a path, links not followed. */
export type FileKind = 'directory' | 'file' | 'link' | 'other';

/** What a person can do who may not read. */
export const WHO_MAY = 'run as root, or as the user who owns it';

const STATES = new Map<number, string>([
  [E.EACCES, `permission denied; ${WHO_MAY}`],
  [E.EPERM, `permission denied; ${WHO_MAY}`],
  [E.EIO, 'input/output error; the disk or the copy of it may be damaged'],
  [E.EXDEV, 'the path leads out of the directory'],
  [E.ENOSYS, NO_OPENAT2],
]);

/** *Cannot ⟨doing⟩ "⟨path⟩": ⟨state⟩*. */
export function trouble(doing: string, path: string, state: string, cause?: unknown): Trouble {
  return new Trouble(
    'store',
    `Cannot ${doing} "${shownBytes(asBytes(path))}": ${state}`,
    cause === undefined ? {} : { cause },
  );
}

export function notA(wanted: string, kind: FileKind): string {
  return kind === 'link' ? 'a symbolic link, which is not followed' : `not a ${wanted}`;
}

/** What an errno says of what should be a `wanted`, a file or a directory. */
export function stateOfErrno(errno: number, wanted: string): string {
  if (errno === E.ENOENT) return `no such ${wanted}`;
  if (errno === E.ENOTDIR) return 'not a directory';
  return STATES.get(errno) ?? errnoWords(errno);
}
