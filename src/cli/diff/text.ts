// The default output of `stratafs diff`: a line a path, for people.

import type { Change, Summary } from '../../diff/change.ts';
import type { ConfigChange } from '../../diff/explain/config.ts';
import type { ChangeGroup } from '../../diff/explain/groups.ts';
import type { SideLabel } from '../../open/sides.ts';
import { escapeBytes, escapeText } from '../../told/escape.ts';
import { type Colors, colors } from '../print/colors.ts';
import { displayWidth } from '../print/width.ts';
import { configLine } from './config-words.ts';
import { groupSegments, type Segment, segmentsOf } from './layers/layer-words.ts';
import { type DiffContext, type Printer, sideFacts, summaryWords } from './printer.ts';
import { type Letter, letterOf, shownPath } from './words.ts';

const PATH_COLUMN = 32;
const WORDS_COLUMN = 36;
const LEAST_WORDS = 12;
/** What layers and steps have at least, with the gaps before them. */
const LAYERS_COLUMN = 28;
/** Before the path: marks, letter and gap. */
const MARGIN = 5;
const COLOR = /\x1b\[\d+m/g;
const COLOR_PIECES = /(\x1b\[\d+m)/;

export class TextPrinter implements Printer {
  readonly #context: DiffContext;
  readonly #colors: Colors;
  /** Of the terminal, asked once: a system call each. */
  readonly #columns: number | undefined;
  #isEmpty = true;

  constructor(context: DiffContext) {
    this.#context = context;
    this.#colors = colors(context.color);
    this.#columns = context.out.columns;
  }

  begin(): void {
    const { a, b, out, sharedLayers } = this.#context;
    const [widthA, widthB] = [displayWidth(escapeText(a.reference)), displayWidth(escapeText(b.reference))];
    const width = Math.max(widthA, widthB);
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
    const mark = change.flags.length > 0 ? this.#colors.red('!') : ' ';
    this.#line(mark, letterOf(change), shownPath(change), segmentsOf(change, this.#context));
  }

  group(group: ChangeGroup): void {
    this.#line(' ', 'm', `${escapeBytes(group.directory)}/**`, groupSegments(group, this.#context));
  }

  #line(mark: string, letter: Letter, path: string, segments: readonly Segment[]): void {
    const { out } = this.#context;
    if (this.#isEmpty) out.write('\n');
    this.#isEmpty = false;
    const rest = segments
      .map(({ words, layers }, index) => {
        const padded = index === 0 ? pad(words, this.#wordsColumn()) : words;
        return layers === '' ? words : `${padded}  ${this.#colors.dim(layers)}`;
      })
      .join('   ');
    const line = ` ${mark}${this.#paint(letter)}  ${pad(path, PATH_COLUMN)}  ${rest}`;
    out.write(`${this.#fit(line.trimEnd(), MARGIN + displayWidth(path))}\n`);
  }

  /** On a narrow screen the layers come nearer, rather than fall off its edge. */
  #wordsColumn(): number {
    const columns = this.#columns;
    if (columns === undefined) return WORDS_COLUMN;
    return Math.max(LEAST_WORDS, Math.min(WORDS_COLUMN, columns - MARGIN - PATH_COLUMN - LAYERS_COLUMN));
  }

  configuration(changes: readonly ConfigChange[]): void {
    if (changes.length === 0) return;
    const { out } = this.#context;
    out.write('\nconfiguration\n');
    this.#isEmpty = false;
    for (const change of changes) out.write(`  ${configLine(change, this.#colors)}\n`);
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

  /** On a terminal a line ends where the screen does, but for its first `kept` cells: a name is never cut. */
  #fit(line: string, kept: number): string {
    const columns = this.#columns;
    if (columns === undefined || displayWidth(line.replaceAll(COLOR, '')) <= columns) return line;
    const most = Math.max(columns - 1, kept);
    let shown = '';
    let width = 0;
    for (const piece of line.split(COLOR_PIECES)) {
      if (COLOR_PIECES.test(piece)) {
        shown += piece;
        continue;
      }
      for (const character of piece) {
        width += displayWidth(character);
        if (width > most) break;
        shown += character;
      }
    }
    return `${shown}…`;
  }
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

function sideWords(side: SideLabel, width: number): string {
  return [pad(escapeText(side.reference), width), ...sideFacts(side, escapeText)].join('  ');
}
