// A terminal that keeps what is printed, and a run of the whole command against it, in this process.
import type { Output } from '../../../src/cli/print/output.ts';
import { Terminal } from '../../../src/cli/print/terminal.ts';
import { runProgram } from '../../../src/cli/program.ts';

export class MemoryOutput implements Output {
  readonly columns: number | undefined;
  readonly #chunks: Buffer[] = [];

  constructor(columns?: number) {
    this.columns = columns;
  }

  write(text: string): void {
    this.#chunks.push(Buffer.from(text, 'utf8'));
  }

  writeBytes(bytes: Uint8Array): void {
    this.#chunks.push(Buffer.from(bytes));
  }

  flush(): void {}

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly bytes: Buffer;
}

/** 2024-05-01 12:00 UTC, the time of every run. */
export const NOW = Date.UTC(2024, 4, 1, 12);

export function memoryTerminal(columns?: number): {
  terminal: Terminal;
  out: MemoryOutput;
  err: MemoryOutput;
} {
  const out = new MemoryOutput(columns);
  const err = new MemoryOutput(columns);
  return { terminal: new Terminal(out, err, { now: () => NOW }), out, err };
}

export async function stratafs(words: readonly string[], columns?: number): Promise<Outcome> {
  const { terminal, out, err } = memoryTerminal(columns);
  const code = await runProgram(words, terminal);
  return { code, out: out.text, err: err.text, bytes: out.bytes };
}
