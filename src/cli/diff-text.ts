// The default output of `stratafs diff`: a line a path, for people.

import type { Change, Summary } from '../diff/change.ts';
import { type Colors, colors } from './colors.ts';
import { counted } from './count.ts';
import { type DiffContext, type Printer, type SideLabel, summaryWords } from './diff-printer.ts';
import { differenceWords, type Letter, layerWords, letterOf, type Stacks, shownPath } from './diff-words.ts';
import { escapeText } from './escape.ts';
import { humanSize } from './size.ts';
import { displayWidth } from './width.ts';

const PATH_COLUMN = 32;
const WORDS_COLUMN = 36;
const SHORT_ID = 12;

export class TextPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #stacks: Stacks;
  readonly #colors: Colors;
  #isEmpty = true;

  constructor(context: DiffContext) {
    this.#context = context;
    this.#colors = colors(context.color);
    this.#stacks = {
      ...(context.a.stack === undefined ? {} : { a: context.a.stack }),
      ...(context.b.stack === undefined ? {} : { b: context.b.stack }),
    };
  }

  begin(): void {
    const { a, b, out, sharedLayers } = this.#context;
    const width = Math.max(...[a, b].map(({ reference }) => displayWidth(escapeText(reference))));
    const shared = sharedLayers === 0 ? '' : `  (${sharedLayers} shared)`;
    out.write(`A  ${sideWords(a, width)}\nB  ${sideWords(b, width)}${shared}\n`);
    for (const [side, { stack }] of [['A', a] as const, ['B', b] as const]) {
      if (stack?.mountPoints === undefined) continue;
      out.write(
        `   mounted in ${side}, and not part of it: ${stack.mountPoints.map(escapeText).join(', ')}\n`,
      );
    }
  }

  change(change: Change): void {
    const { out } = this.#context;
    if (this.#isEmpty) out.write('\n');
    this.#isEmpty = false;
    const letter = letterOf(change);
    const mark = change.flags.length > 0 ? this.#colors.red('!') : ' ';
    const path = pad(shownPath(change), PATH_COLUMN);
    const words = differenceWords(change);
    const layers = layerWords(change, this.#stacks);
    const rest = layers === '' ? words : `${pad(words, WORDS_COLUMN)}  ${this.#colors.dim(layers)}`;
    const line = ` ${mark}${this.#paint(letter)}  ${path}  ${rest}`;
    out.write(`${this.#fit(line.trimEnd())}\n`);
  }

  end(summary: Summary): void {
    this.#context.out.write(`${this.#isEmpty ? '' : '\n'}${summaryWords(summary)}\n`);
  }

  #paint(letter: Letter): string {
    const { green, red, yellow, cyan } = this.#colors;
    if (letter === '+') return green(letter);
    if (letter === '-') return red(letter);
    if (letter === '?') return red(letter);
    return letter === 'm' ? cyan(letter) : yellow(letter);
  }

  /** On a terminal a line ends where the screen does; a name is never cut. */
  #fit(line: string): string {
    const { columns } = this.#context.out;
    if (columns === undefined || displayWidth(line) <= columns) return line;
    let shown = '';
    let width = 0;
    const least = PATH_COLUMN + WORDS_COLUMN + 6;
    for (const piece of line.split(/(\x1b\[\d+m)/)) {
      if (piece.startsWith('\x1b')) {
        shown += piece;
        continue;
      }
      for (const character of piece) {
        width += displayWidth(character);
        if (width > Math.max(columns - 1, least)) break;
        shown += character;
      }
    }
    return `${shown}…`;
  }
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

function sideWords({ reference, stack }: SideLabel, width: number): string {
  const name = pad(escapeText(reference), width);
  if (stack === undefined) return `${name}  manifest`;
  const layers = counted(stack.layers.length, 'layer');
  const size = stack.layers.reduce((sum, layer) => sum + (layer.size ?? 0), 0);
  const words = [name, stack.id?.slice(0, SHORT_ID), layers, size > 0 ? humanSize(size) : undefined];
  return words.filter((word) => word !== undefined).join('  ');
}
