// Tables as docker prints them: columns padded with spaces, three between them, none after the last. On a terminal that is too
// narrow columns lie closer, and then on further lines below their row; what is cut elsewhere is told as far as there is room.
import { displayWidth } from './width.ts';

/** Text, or what tells it in at most so many characters where it can be cut to that; 0 asks for the shortest. Printable. */
export type Cell = string | ((most: number) => string);

interface TableForm {
  /** Of a terminal; without, the table is as docker prints it into a file. */
  readonly columns?: number | undefined;
  /** Headings of columns that go to a further line before all others, the first of them first. */
  readonly details?: readonly string[] | undefined;
}

/** What a column takes beside the next. */
interface Spacing {
  readonly gap: number;
  readonly least: number;
}

const WIDE: Spacing = { gap: 3, least: 10 };
const NARROW: Spacing = { gap: 2, least: 0 };
/** Before a further line. */
const INDENT = '    ';

/** Lines, each ended by a newline. Cells must be printable already, and nothing that fits a terminal is cut on it. */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  { columns, details = [] }: TableForm = {},
): string {
  const lines: (readonly Cell[])[] = [heading, ...rows];
  const all = heading.map((_, column) => column);
  const measure = columns === undefined ? countCharacters : displayWidth;
  const widest = (most: number) =>
    all.map((column) =>
      lines.reduce((width, cells) => Math.max(width, measure(textOf(cells[column], most))), 0),
    );
  const least = widest(0);
  if (columns === undefined) {
    const shortest = lines.map((cells) => cells.map((cell) => textOf(cell, 0)));
    return formatLines(shortest, [all], least, WIDE, measure);
  }
  const whole = widest(Number.POSITIVE_INFINITY);
  const isWide = sum(all, least, WIDE) <= columns;
  const spacing = isWide ? WIDE : NARROW;
  const first = isWide ? all : firstLine(heading, { least, columns, details });
  const further = furtherLines(
    all.filter((column) => !first.includes(column)),
    whole,
    columns - INDENT.length,
  );
  const widths = [...least];
  for (const line of [first, ...further]) {
    const room = columns - (line === first ? 0 : INDENT.length);
    for (const column of line) {
      const spare = Math.max(room - sum(line, widths, spacing), 0);
      widths[column] = widest((widths[column] ?? 0) + spare)[column] ?? 0;
    }
  }
  return formatLines(lines, [first, ...further], widths, spacing, measure);
}

function countCharacters(text: string): number {
  return [...text].length;
}

function textOf(cell: Cell | undefined, most: number): string {
  return typeof cell === 'function' ? cell(most) : (cell ?? '');
}

/** What columns beside each other take. The last one of a line takes no more than its cells. */
function sum(line: readonly number[], widths: readonly number[], { gap, least }: Spacing): number {
  const last = line.at(-1);
  return line.reduce((total, column) => {
    const width = widths[column] ?? 0;
    return total + (column === last ? width : Math.max(width + gap, least));
  }, 0);
}

/** The columns, at least one, that stay on the line of their row. */
function firstLine(
  heading: readonly string[],
  { least, columns, details }: { least: readonly number[]; columns: number; details: readonly string[] },
): number[] {
  let line = heading.map((_, column) => column);
  const named = details.map((name) => heading.indexOf(name)).filter((column) => column >= 0);
  const order = [...named, ...line.filter((column) => !named.includes(column)).reverse()];
  for (const column of order) {
    if (line.length === 1 || sum(line, least, NARROW) <= columns) break;
    line = line.filter((one) => one !== column);
  }
  return line;
}

/** The others, in their order, on as few lines as have room for all of their text. */
function furtherLines(rest: readonly number[], whole: readonly number[], room: number): number[][] {
  const lines: number[][] = [];
  for (const column of rest) {
    const line = lines.at(-1);
    if (line !== undefined && sum([...line, column], whole, NARROW) <= room) line.push(column);
    else lines.push([column]);
  }
  return lines;
}

/** A further line is left out below a row that has nothing on it. */
function formatLines(
  rows: readonly (readonly Cell[])[],
  lines: readonly (readonly number[])[],
  widths: readonly number[],
  { gap, least }: Spacing,
  measure: (text: string) => number,
): string {
  let text = '';
  for (const cells of rows) {
    for (const [i, line] of lines.entries()) {
      const texts = line.map((column) => textOf(cells[column], widths[column] ?? 0));
      if (i > 0 && texts.every((one) => one === '')) continue;
      const padded = texts.map((one, at) => {
        const width = Math.max((widths[line[at] ?? 0] ?? 0) + gap, least);
        return at === texts.length - 1 ? one : one + ' '.repeat(width - measure(one));
      });
      text += `${i > 0 ? INDENT : ''}${padded.join('')}\n`;
    }
  }
  return text;
}

/**
 * A cell of text that is made printable by `show` after it was cut, so that what stands for one character is never cut in two.
 * `least` characters of it are always told.
 */
export function elasticText(text: string, least: number, show: (text: string) => string): Cell {
  const characters = [...text];
  const whole = show(text);
  const cut = (length: number) => show(`${characters.slice(0, length).join('')}…`);
  return (most) => {
    if (characters.length <= least || displayWidth(whole) <= most) return whole;
    let length = Math.min(most, characters.length);
    while (length >= least && displayWidth(cut(length)) > most) length--;
    return cut(Math.max(length, least - 1));
  };
}
