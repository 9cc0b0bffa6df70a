// Which hidden files were written again as they were: their contents and those of what took their place, read and compared.

import type { OpenContents } from '../../overlay/layer/open-contents.ts';
import { Errno } from '../../sys/errors.ts';
import { S_IFMT, S_IFREG } from '../../sys/statx.ts';
import type { SurveyedStack } from './survey-stack.ts';

/** Bytes that are read at once. */
const PIECE = 1 << 18;

export class Copies {
  readonly #stack: SurveyedStack;
  /** By row: 1 where its contents are those of its rival. */
  readonly #copied: Uint8Array;
  /** Rows whose contents could not be compared. */
  readonly damage = new Map<number, Errno>();
  readonly #a = Buffer.alloc(PIECE);
  readonly #b = Buffer.alloc(PIECE);

  constructor(stack: SurveyedStack) {
    this.#stack = stack;
    this.#copied = new Uint8Array(stack.survey.table.end);
  }

  /** Compares all that may be copies; a step for each piece of a file. */
  *compare(): Generator<void> {
    const { rival, survey } = this.#stack;
    const { size, mode } = survey.table.columns;
    const isFile = (row: number) => ((mode[row] as number) & S_IFMT) === S_IFREG;
    for (let row = 1; row < survey.table.end; row++) {
      const other = rival[row] as number;
      if (other === 0 || !isFile(row) || !isFile(other) || size[row] !== size[other]) continue;
      if (survey.table.isMetacopy(row)) continue;
      // A metacopy file has the contents of the one below it, which it hides.
      if (survey.table.isMetacopy(other)) this.#copied[row] = 1;
      else yield* this.#compareOne(row, other);
    }
  }

  isCopied(row: number): boolean {
    return this.#copied[row] === 1;
  }

  *#compareOne(row: number, other: number): Generator<void> {
    const files: OpenContents[] = [];
    try {
      for (const one of [row, other]) files.push(this.#stack.survey.openFile(one));
      const [a, b] = files as [OpenContents, OpenContents];
      for (let offset = 0; ; offset += PIECE) {
        const [left, right] = [a.read(offset, this.#a), b.read(offset, this.#b)];
        if (left !== right || this.#a.compare(this.#b, 0, right, 0, left) !== 0) return;
        if (left < PIECE) break;
        yield;
      }
      this.#copied[row] = 1;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.damage.set(row, error);
    } finally {
      for (const file of files) file.close();
    }
    yield;
  }
}
