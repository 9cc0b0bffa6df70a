// Tables as docker prints them: columns padded with spaces, three between them, none after the last.

const GAP = 3;
const MIN_WIDTH = 10;

/** Of a second line. */
const INDENT = '    ';

/**
 * Lines, each ended by a newline. Cells must be printable already; width is counted in characters, as docker does. Columns that do
 * not fit `columns` of a terminal stand on a second line below their row, and nothing is cut.
 */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const lines = [heading, ...rows];
  const used = heading.map((_, column) =>
    lines.reduce((widest, cells) => Math.max(widest, [...(cells[column] ?? '')].length), 0),
  );
  const widths = used.map((width) => Math.max(width + GAP, MIN_WIDTH));
  const first = fitting(used, widths, columns);
  return lines
    .map((cells) => {
      const rest = cells.slice(first);
      const second = rest.some((cell) => cell !== '')
        ? `${INDENT}${formatLine(rest, widths.slice(first))}\n`
        : '';
      return `${formatLine(cells.slice(0, first), widths)}\n${second}`;
    })
    .join('');
}

/** How many columns, at least one, fit beside each other. The last one of a line takes no more than its cells. */
function fitting(used: readonly number[], widths: readonly number[], columns: number): number {
  let fit = 1;
  let before = 0;
  for (const [column, width] of used.entries()) {
    if (before + width <= columns) fit = column + 1;
    else break;
    before += widths[column] ?? 0;
  }
  return fit;
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => {
      const last = column === cells.length - 1;
      return last ? cell : cell + ' '.repeat((widths[column] ?? 0) - [...cell].length);
    })
    .join('');
}
