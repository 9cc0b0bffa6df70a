// The one class of errors that the library throws for what is not a fault of its own or of the caller's code.

import { Errno, errnoName, Trouble } from '../sys/errors.ts';
import { escapeMessage } from '../told/escape.ts';

/**
 * usage: what was asked for cannot be had so; reference: no such image or container, or more than one; store: the store or an archive is
 * missing, unreadable or damaged; path: a path in the image, or a file of a layer, is missing or unreadable.
 */
export type ErrorCode = 'usage' | 'reference' | 'store' | 'path';

export class StratafsError extends Error {
  override readonly name = 'StratafsError';
  readonly code: ErrorCode;
  /** Of a `path`: `ENOENT`, `ENOTDIR`, `EIO`, … */
  readonly errno?: string;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; errno?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    if (options.errno !== undefined) this.errno = options.errno;
  }
}

/** @internal An error of ours as the library's; any other is a fault, and stays as it is. `doing` is told of a path's number. */
export function libraryError(error: unknown, doing = 'read'): unknown {
  if (error instanceof Errno) {
    const errno = errnoName(error.errno);
    return new StratafsError('path', escapeMessage(`Cannot ${doing}: ${error.message}`), {
      cause: error,
      errno,
    });
  }
  if (!(error instanceof Trouble)) return error;
  const code: ErrorCode = error.kind === 'mount' || error.kind === 'busy' ? 'usage' : error.kind;
  const { cause } = error;
  const errno = cause instanceof Errno ? { errno: errnoName(cause.errno) } : {};
  return new StratafsError(code, escapeMessage(error.message), { cause: error, ...errno });
}

/** @internal What a function answers, its errors being the library's. */
export function guarded<T>(read: () => T, doing?: string): T {
  try {
    return read();
  } catch (error) {
    throw libraryError(error, doing);
  }
}

/** @internal The same of a promise. */
export async function guardedAsync<T>(read: () => Promise<T>, doing?: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw libraryError(error, doing);
  }
}
