// Where a server tells of what goes wrong while it serves: a file, the terminal of one in the foreground, or nowhere.
import { openSync, writeSync } from 'node:fs';
import { opcodeName } from '../../fuse/abi.ts';
import { type Errno, systemWords, Trouble } from '../../sys/errors.ts';
import { escapeMessage, escapeText } from '../../told/escape.ts';
import type { Terminal } from '../print/terminal.ts';

/** So many different messages are remembered, so that none is repeated. */
const REMEMBERED = 1000;

export class Log {
  readonly #told = new Set<string>();
  readonly #fd: number | undefined;
  readonly #terminal: Terminal | undefined;

  /** `file` is opened to append; it is made where it is not there. */
  constructor(file: string | undefined, terminal: Terminal | undefined) {
    this.#fd = file === undefined ? undefined : openLog(file);
    this.#terminal = terminal;
  }

  line(message: string): void {
    this.#terminal?.note(message);
    if (this.#fd === undefined) return;
    try {
      writeSync(this.#fd, `${new Date().toISOString()} ${escapeMessage(message)}\n`);
    } catch {
      // A full disk must not end the mount.
    }
  }

  /** A request that failed because of what lies on the disk. Whoever reads a tree may ask a thousand times. */
  damage(error: Errno, opcode: number): void {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    this.once(`${opcodeName(opcode)} failed: ${error.message}${cause}`);
  }

  /** A line that may come again and again. */
  once(message: string): void {
    if (this.#told.has(message)) return;
    if (this.#told.size >= REMEMBERED) this.#told.clear();
    this.#told.add(message);
    this.line(message);
  }

  /** A request that threw: a bug of ours, answered with EIO. */
  fault(error: unknown, opcode: number): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of `${opcodeName(opcode)} failed: ${text}`.split('\n')) this.line(line);
  }
}

function openLog(file: string): number {
  try {
    return openSync(file, 'a', 0o640);
  } catch (cause) {
    throw new Trouble('usage', `Cannot write the log "${escapeText(file)}": ${systemWords(cause)}`, {
      cause,
    });
  }
}
