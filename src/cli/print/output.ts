// Where results and messages go: gathered into large writes to a descriptor, waiting for a reader that is slow.
import { fstatSync, writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { Trouble } from '../../sys/errors.ts';
import { terminalSize } from '../../sys/process/terminal-size.ts';

export interface Output {
  write(text: string): void;
  /** The bytes may be reused as soon as this returns. */
  writeBytes(bytes: Uint8Array): void;
  flush(): void;
  /** Width of the terminal; undefined where this is none. */
  readonly columns: number | undefined;
  /** Whether another program reads it, which may itself write to the terminal. */
  readonly isPiped?: boolean;
}

/** The reader went away: nobody is left to tell. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
  /** Whether it went away as a reader of a pager does, who has seen enough. */
  readonly isWanted: boolean = false;
}

/** Kept as text. */
export class TextOutput implements Output {
  readonly columns = undefined;
  #text = '';

  get text(): string {
    return this.#text;
  }

  write(text: string): void {
    this.#text += text;
  }

  writeBytes(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString('utf8');
  }

  flush(): void {}
}

/** Bytes gathered before they are written. */
const BATCH = 64 << 10;

/** After how many milliseconds a descriptor that this process was given non-blocking is tried again. */
const RETRY = 2;
const never = new Int32Array(new SharedArrayBuffer(4));

/** What gathers text before it is written. */
export abstract class GatheredOutput implements Output {
  #pending = '';

  abstract readonly columns: number | undefined;

  /** Writes all of them, or throws. */
  protected abstract writeAll(bytes: Uint8Array): void;

  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= BATCH) this.flush();
  }

  writeBytes(bytes: Uint8Array): void {
    this.flush();
    this.writeAll(bytes);
  }

  flush(): void {
    if (this.#pending === '') return;
    const bytes = Buffer.from(this.#pending, 'utf8');
    this.#pending = '';
    this.writeAll(bytes);
  }
}

export class DescriptorOutput extends GatheredOutput {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    super();
    this.#descriptor = descriptor;
  }

  get columns(): number | undefined {
    const size = terminalSize(this.#descriptor);
    return size && (size.columns || 80);
  }

  get isPiped(): boolean {
    const stat = fstatSync(this.#descriptor);
    return stat.isFIFO() || stat.isSocket();
  }

  /** Height of the terminal, where this is one. */
  get rows(): number {
    return terminalSize(this.#descriptor)?.rows || 24;
  }

  protected override writeAll(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.#descriptor, bytes, done);
      } catch (error) {
        const { code, errno } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') throw new OutputClosed('The reader of the output went away');
        if (code !== 'EAGAIN') {
          const words = getSystemErrorMap().get(errno ?? 0)?.[1] ?? code;
          throw new Trouble('usage', `Cannot write the output: ${words}`, { cause: error });
        }
        Atomics.wait(never, 0, 0, RETRY);
      }
    }
  }
}
