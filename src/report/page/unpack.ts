/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The page's side of `columns.ts`: a table of the page, unpacked.

type Part = Uint8Array | Uint32Array | Float64Array;

interface PackedColumn {
  readonly name: string;
  readonly kind: string;
  readonly choices?: readonly string[];
  readonly parts: readonly { readonly length: number; readonly width: number }[];
}

interface PackedHead {
  readonly count: number;
  readonly more: object;
  readonly columns: readonly PackedColumn[];
}

/** A column of few different values. */
export interface Choices {
  readonly all: readonly string[];
  /** By row: place in `all`. */
  readonly chosen: ArrayLike<number>;
  of(row: number): string;
}

/** Each column is asked for as what it was packed as; a RangeError where there is none of the name. */
export class PageTable {
  readonly count: number;
  readonly more: object;
  readonly #columns: ReadonlyMap<string, { readonly choices: readonly string[]; readonly parts: Part[] }>;

  constructor(buffer: ArrayBuffer) {
    const size = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size))) as PackedHead;
    this.count = head.count;
    this.more = head.more;
    let at = 4 + size;
    const read = ({ length, width }: PackedColumn['parts'][number]): Part => {
      at += -at & 7;
      const Numbers = width === 1 ? Uint8Array : width === 4 ? Uint32Array : Float64Array;
      const part = new Numbers(buffer, at, length);
      at += part.byteLength;
      return part;
    };
    this.#columns = new Map(
      head.columns.map(({ name, choices = [], parts }) => [name, { choices, parts: parts.map(read) }]),
    );
  }

  numbers(name: string): ArrayLike<number> {
    return this.#part(name, 0);
  }

  choices(name: string): Choices {
    const all = this.#column(name).choices;
    const chosen = this.#part(name, 0);
    return { all, chosen, of: (row) => all[chosen[row] ?? -1] ?? '' };
  }

  /** Answers the text of a row. */
  texts(name: string): (row: number) => string {
    const [lengths, bytes] = [this.#part(name, 0), this.#part(name, 1)];
    const text = textDecoder();
    const ends = new Uint32Array(lengths.length);
    let end = 0;
    for (let i = 0; i < lengths.length; i++) {
      end += lengths[i] ?? 0;
      ends[i] = end;
    }
    return (row) => text.decode(bytes.subarray(row === 0 ? 0 : ends[row - 1], ends[row]));
  }

  paths(name: string): readonly string[] {
    const [shared, added, rest] = [this.#part(name, 0), this.#part(name, 1), this.#part(name, 2)];
    const text = textDecoder();
    const paths: string[] = [];
    let path = new Uint8Array(4096);
    let at = 0;
    for (let i = 0; i < shared.length; i++) {
      const [same, more] = [shared[i] ?? 0, added[i] ?? 0];
      if (same + more > path.length) {
        const longer = new Uint8Array(2 * (same + more));
        longer.set(path);
        path = longer;
      }
      path.set(rest.subarray(at, at + more), same);
      at += more;
      paths.push(text.decode(path.subarray(0, same + more)));
    }
    return paths;
  }

  #column(name: string): { readonly choices: readonly string[]; readonly parts: readonly Part[] } {
    const column = this.#columns.get(name);
    if (column === undefined) throw new RangeError(`no column "${name}"`);
    return column;
  }

  #part(name: string, place: number): Part {
    const part = this.#column(name).parts[place];
    if (part === undefined) throw new RangeError(`no part ${place} of the column "${name}"`);
    return part;
  }
}

/** What a text begins with is part of it. */
function textDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}

/** Of what `columns.ts` packed. */
export async function unpackTable(base64: string): Promise<PageTable> {
  const characters = atob(base64);
  const packed = new Uint8Array(characters.length);
  for (let i = 0; i < packed.length; i++) packed[i] = characters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new PageTable(await new Response(stream).arrayBuffer());
}

/** The table that the page has as data under an id. */
export function tableOfPage(id: string): Promise<PageTable> {
  return unpackTable(document.getElementById(id)?.textContent ?? '');
}
