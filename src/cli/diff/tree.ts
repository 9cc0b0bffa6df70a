// `stratafs diff --tree`: the changed paths drawn as a tree, each directory once.
import type { Change, Summary } from '../../diff/change.ts';
import { asBytes } from '../../sys/bytes.ts';
import { escapeBytes } from '../../told/escape.ts';
import { colors } from '../print/colors.ts';
import { type DiffContext, type Printer, summaryWords } from './printer.ts';
import { differenceWords, letterOf, shownPath } from './words.ts';

/** Changes come in path order, so the branch drawn last is all there is to remember. */
export class TreePrinter implements Printer {
  readonly #context: DiffContext;
  #branch: readonly string[] = [];

  constructor(context: DiffContext) {
    this.#context = context;
  }

  begin(): void {
    this.#context.out.write('/\n');
  }

  change(change: Change): void {
    const { out, color } = this.#context;
    const paint = colors(color);
    const names = change.path === '/' ? [] : change.path.slice(1).split('/');
    let depth = 0;
    while (depth < names.length - 1 && names[depth] === this.#branch[depth]) depth++;
    for (; depth < names.length - 1; depth++) {
      out.write(`${indent(depth)}${escapeBytes(asBytes(names[depth] ?? ''))}/\n`);
    }
    this.#branch = names;
    const shown = shownPath(change);
    const name = change.path === '/' ? '/' : shown.slice(shown.replace(/\/\*\*$/, '').lastIndexOf('/') + 1);
    const mark = change.flags.length > 0 ? paint.red('!') : ' ';
    const words = differenceWords(change);
    const line = `${indent(Math.max(0, names.length - 1))}${mark}${letterOf(change)} ${name}  ${paint.dim(words)}`;
    out.write(`${line.trimEnd()}\n`);
  }

  end(summary: Summary): void {
    this.#context.out.write(`\n${summaryWords(summary)}\n`);
  }
}

function indent(depth: number): string {
  return '│   '.repeat(depth);
}
