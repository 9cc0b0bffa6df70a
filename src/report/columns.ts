// A table as columns, for a page to unpack in one step: numbers as they lie in memory, paths by what they add to the path
// before. The layout is read by `page/unpack.ts`: a length of 4 bytes, that many bytes of JSON, then the parts of the columns
// in that order, each at a multiple of 8.
import { gzipSync } from 'node:zlib';

/** The highest takes three times as long for a hundredth. */
const LEVEL = 6;

type Part = Uint8Array | Uint32Array | Float64Array;

/** Values of one column, one a row. */
export type Column =
  /** Whole numbers of 8 or 32 bits, and any others. */
  | { readonly kind: 'bytes' | 'integers' | 'numbers'; readonly values: ArrayLike<number> }
  /** Each much like the one before; all are unpacked at once. */
  | { readonly kind: 'paths'; readonly values: readonly string[] }
  /** Each is unpacked when it is asked for. */
  | { readonly kind: 'texts'; readonly values: readonly string[] }
  /** A few that are the same in many rows. */
  | { readonly kind: 'choices'; readonly values: readonly string[] };

/** What the JSON says of a column. */
interface ColumnLayout {
  readonly name: string;
  readonly kind: Column['kind'];
  readonly choices?: readonly string[];
  readonly parts: readonly { readonly length: number; readonly width: number }[];
}

export interface ColumnTable {
  /** How many rows; as many values each column has. */
  readonly count: number;
  readonly columns: Readonly<Record<string, Column>>;
  /** What the page needs besides, as JSON has it. */
  readonly more?: object;
}

/** Compressed, in base64. */
export function packTable({ count, columns, more = {} }: ColumnTable): string {
  const packed = Object.entries(columns).map(([name, column]) => ({ name, ...pack(column) }));
  const layout = packed.map(
    ({ name, kind, choices, parts }): ColumnLayout => ({
      ...{ name, kind },
      ...(choices === undefined ? {} : { choices }),
      parts: parts.map(({ length, BYTES_PER_ELEMENT: width }) => ({ length, width })),
    }),
  );
  const head = Buffer.from(JSON.stringify({ count, more, columns: layout }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  const pieces: Uint8Array[] = [size, head];
  let at = size.length + head.length;
  for (const part of packed.flatMap(({ parts }) => parts)) {
    const gap = -at & 7;
    pieces.push(new Uint8Array(gap), new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    at += gap + part.byteLength;
  }
  return gzipSync(Buffer.concat(pieces), { level: LEVEL }).toString('base64');
}

interface PackedColumn {
  readonly kind: Column['kind'];
  readonly choices?: readonly string[];
  readonly parts: readonly Part[];
}

function pack(column: Column): PackedColumn {
  const { kind, values } = column;
  switch (kind) {
    case 'bytes':
      return { kind, parts: [Uint8Array.from(values)] };
    case 'integers':
      return { kind, parts: [Uint32Array.from(values)] };
    case 'numbers':
      return { kind, parts: [Float64Array.from(values)] };
    case 'paths':
      return { kind, parts: frontCoded(values) };
    case 'texts': {
      const texts = values.map((text) => Buffer.from(text));
      return { kind, parts: [lengthsOf(texts), Buffer.concat(texts)] };
    }
    case 'choices': {
      const numbers = new Map<string, number>();
      const chosen = Uint32Array.from(values, (value) => {
        const number = numbers.get(value) ?? numbers.size;
        numbers.set(value, number);
        return number;
      });
      return { kind, choices: [...numbers.keys()], parts: [chosen] };
    }
  }
}

/** How many bytes each has in common with the one before, how many more it has, and these. */
function frontCoded(paths: readonly string[]): Part[] {
  const shared = new Uint32Array(paths.length);
  const rests: Buffer[] = [];
  let before = Buffer.alloc(0);
  for (const [i, path] of paths.entries()) {
    const bytes = Buffer.from(path);
    let same = 0;
    while (same < before.length && same < bytes.length && before[same] === bytes[same]) same++;
    shared[i] = same;
    rests.push(bytes.subarray(same));
    before = bytes;
  }
  return [shared, lengthsOf(rests), Buffer.concat(rests)];
}

function lengthsOf(texts: readonly Uint8Array[]): Uint32Array {
  return Uint32Array.from(texts, ({ length }) => length);
}
