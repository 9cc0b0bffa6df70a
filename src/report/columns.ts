// Rows as columns of numbers, paths by what they add to the path before: what a page unpacks in one step. The layout is read
// by `page/unpack.ts`: a length of 4 bytes, that many bytes of JSON, then the columns in that order, each at a multiple of 8.
import { gzipSync } from 'node:zlib';
import { type ReportRow, ROW_STATES } from './record.ts';

type Column = Uint8Array | Uint32Array | Float64Array;

/** Compressed, in base64. `more` is what the page needs besides. */
export function packRows(rows: readonly ReportRow[], more: object): string {
  const modes = [...new Set(rows.map(({ mode }) => mode))];
  const modeIndex = new Map(modes.map((mode, i) => [mode, i]));
  const columns: readonly (readonly [name: string, column: Column])[] = [
    ...frontCoded(rows.map(({ path }) => path)),
    ['escaped', Uint8Array.from(rows, ({ isEscaped }) => Number(isEscaped))],
    ['state', Uint8Array.from(rows, ({ state }) => ROW_STATES.indexOf(state))],
    ['mode', Uint32Array.from(rows, ({ mode }) => modeIndex.get(mode) ?? 0)],
    ['uid', Uint32Array.from(rows, ({ uid }) => uid)],
    ['gid', Uint32Array.from(rows, ({ gid }) => gid)],
    ['layer', Uint32Array.from(rows, ({ layer }) => layer)],
    ['by', Uint32Array.from(rows, ({ by }) => by)],
    ['shown', Float64Array.from(rows, ({ shown }) => shown)],
    ['hidden', Float64Array.from(rows, ({ hidden }) => hidden)],
  ];
  const layout = columns.map(([name, { length, BYTES_PER_ELEMENT }]) => ({
    name,
    length,
    width: BYTES_PER_ELEMENT,
  }));
  const head = Buffer.from(JSON.stringify({ ...more, count: rows.length, modes, columns: layout }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  const parts: Uint8Array[] = [size, head];
  let at = size.length + head.length;
  for (const [, column] of columns) {
    const gap = -at & 7;
    parts.push(new Uint8Array(gap), new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    at += gap + column.byteLength;
  }
  return gzipSync(Buffer.concat(parts), { level: 9 }).toString('base64');
}

/** How many bytes each has in common with the one before, how many more it has, and these. */
function frontCoded(paths: readonly string[]): [string, Column][] {
  const shared = new Uint32Array(paths.length);
  const added = new Uint32Array(paths.length);
  const rests: Buffer[] = [];
  let before = Buffer.alloc(0);
  for (const [i, path] of paths.entries()) {
    const bytes = Buffer.from(path);
    let same = 0;
    while (same < before.length && same < bytes.length && before[same] === bytes[same]) same++;
    shared[i] = same;
    added[i] = bytes.length - same;
    rests.push(bytes.subarray(same));
    before = bytes;
  }
  return [
    ['shared', shared],
    ['added', added],
    ['rest', Uint8Array.from(Buffer.concat(rests))],
  ];
}
