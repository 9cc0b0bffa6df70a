// A terminal that remembers what it was told: what a report could not read stands in the report as well. The same words for
// forty images that share a layer are told once.
import { escapeMessage } from '../../told/escape.ts';
import { Terminal } from '../print/terminal.ts';

export class Witness extends Terminal {
  readonly #told = new Set<string>();
  #count = 0;
  #partExitCode = 0;

  /** Printable, in the order in which they were told. */
  get told(): readonly string[] {
    return [...this.#told];
  }

  /** How often something was told, the same words again too. */
  get count(): number {
    return this.#count;
  }

  /** The first exit code since `beginPart`; 0 where there was none. */
  get partExitCode(): number {
    return this.#partExitCode;
  }

  beginPart(): void {
    this.#partExitCode = 0;
  }

  override exitWith(code: number): void {
    super.exitWith(code);
    if (this.#partExitCode === 0) this.#partExitCode = code;
  }

  override note(message: string): void {
    this.#count += 1;
    const line = escapeMessage(message);
    if (this.#told.has(line)) return;
    this.#told.add(line);
    super.note(message);
  }
}
