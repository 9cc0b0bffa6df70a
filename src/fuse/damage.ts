// Which failures of a file system tell of damage, or of what this process may not do, and belong in a log.
import { E, type Errno } from '../sys/errors.ts';

/** Failures that are an ordinary answer to a question. */
const ORDINARY: ReadonlySet<number> = new Set([
  E.EINVAL,
  E.EISDIR,
  E.ENODATA,
  E.ENOENT,
  E.ENOTDIR,
  E.ENXIO,
  E.EOPNOTSUPP,
  E.ERANGE,
  E.ESTALE,
]);

export function isDamage({ errno }: Errno): boolean {
  return !ORDINARY.has(errno);
}
