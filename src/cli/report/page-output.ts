// Where a page goes: a new file, which is there whole or not at all, or the standard output.
import { bytesOfText } from '../../sys/bytes.ts';
import { checkWritable, type Kept } from '../../sys/kept.ts';
import { OutputFile } from '../new-file.ts';
import type { Output } from '../print/output.ts';

export class PageOutput {
  readonly #out: Output;
  #file: OutputFile | undefined;

  /** `-` is the standard output. Throws Trouble where there is such a file, or where it would lie in a kept directory. */
  constructor(path: string, kept: readonly Kept[], out: Output) {
    this.#out = out;
    if (path === '-') return;
    checkWritable(bytesOfText(path), kept);
    this.#file = new OutputFile(path);
  }

  /** The whole page. Throws Trouble. */
  write(html: string): void {
    if (this.#file === undefined) {
      this.#out.write(html);
      return;
    }
    this.#file.write(html);
    this.#file.keep();
    this.#file = undefined;
  }

  /** Leaves nothing where no page was written. */
  close(): void {
    this.#file?.discard();
    this.#file = undefined;
  }
}
