// Names in columns, down and then across, as ls(1) prints them on a terminal.

const GAP = 2;

/** Lines, each ended by a newline, in as few rows as fit `width`. Names must be printable already. */
export function formatColumns(names: readonly string[], width: number): string {
  const widths = names.map((name) => [...name].length);
  for (let columns = Math.min(names.length, Math.floor(width / (GAP + 1)) || 1); columns > 1; columns--) {
    const rows = Math.ceil(names.length / columns);
    // With so many rows, fewer columns are enough: that number has its own turn.
    if (Math.ceil(names.length / rows) !== columns) continue;
    const columnWidths = Array.from({ length: columns }, (_, column) =>
      widths.slice(column * rows, (column + 1) * rows).reduce((widest, next) => Math.max(widest, next), 0),
    );
    const total = columnWidths.reduce((sum, next) => sum + next + GAP, -GAP);
    if (total < width) return layOut(names, widths, rows, columnWidths);
  }
  return names.map((name) => `${name}\n`).join('');
}

function layOut(
  names: readonly string[],
  widths: readonly number[],
  rows: number,
  columnWidths: readonly number[],
): string {
  let text = '';
  for (let row = 0; row < rows; row++) {
    for (let at = row, column = 0; at < names.length; at += rows, column++) {
      const last = at + rows >= names.length;
      text += names[at] ?? '';
      text += last ? '\n' : ' '.repeat((columnWidths[column] ?? 0) - (widths[at] ?? 0) + GAP);
    }
  }
  return text;
}
