// Tables as docker prints them: columns padded with spaces, three between them, none after the last.

const GAP = 3;
const MIN_WIDTH = 10;

/** Lines, each ended by a newline. Cells must be printable already; width is counted in characters, as docker does. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows];
  const widths = heading.map((_, column) =>
    lines.reduce((widest, cells) => Math.max(widest, [...(cells[column] ?? '')].length + GAP), MIN_WIDTH),
  );
  return lines.map((cells) => `${formatLine(cells, widths)}\n`).join('');
}

function formatLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => {
      const last = column === cells.length - 1;
      return last ? cell : cell + ' '.repeat((widths[column] ?? 0) - [...cell].length);
    })
    .join('');
}
