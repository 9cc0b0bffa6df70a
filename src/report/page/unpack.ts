/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The page's rows, unpacked from what `columns.ts` packed.

export interface Rows {
  readonly count: number;
  readonly leftOut: number;
  readonly paths: readonly string[];
  readonly modes: readonly string[];
  readonly escaped: Uint8Array;
  readonly state: Uint8Array;
  readonly mode: Uint32Array;
  readonly uid: Uint32Array;
  readonly gid: Uint32Array;
  readonly layer: Uint32Array;
  readonly by: Uint32Array;
  readonly shown: Float64Array;
  readonly hidden: Float64Array;
}

interface PackedHead {
  readonly count: number;
  readonly leftOut: number;
  readonly modes: readonly string[];
  readonly columns: readonly { readonly name: string; readonly length: number; readonly width: 1 | 4 | 8 }[];
}

export async function unpackRows(base64: string): Promise<Rows> {
  const characters = atob(base64);
  const packed = new Uint8Array(characters.length);
  for (let i = 0; i < packed.length; i++) packed[i] = characters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const buffer = await new Response(stream).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true);
  const text = new TextDecoder();
  const { count, leftOut, modes, columns } = JSON.parse(
    text.decode(new Uint8Array(buffer, 4, size)),
  ) as PackedHead;
  const found: Record<string, Uint8Array | Uint32Array | Float64Array> = {};
  let at = 4 + size;
  for (const { name, length, width } of columns) {
    at += -at & 7;
    const Numbers = width === 1 ? Uint8Array : width === 4 ? Uint32Array : Float64Array;
    found[name] = new Numbers(buffer, at, length);
    at += length * width;
  }
  return { ...found, count, leftOut, modes, paths: readPaths(found, count, text) } as unknown as Rows;
}

function readPaths(
  { shared, added, rest }: Record<string, ArrayLike<number> | undefined>,
  count: number,
  text: TextDecoder,
): string[] {
  const paths: string[] = [];
  const bytes = rest as Uint8Array;
  let path = new Uint8Array(4096);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const [same, more] = [shared?.[i] ?? 0, added?.[i] ?? 0];
    if (same + more > path.length) {
      const longer = new Uint8Array(2 * (same + more));
      longer.set(path);
      path = longer;
    }
    path.set(bytes.subarray(at, at + more), same);
    at += more;
    paths.push(text.decode(path.subarray(0, same + more)));
  }
  return paths;
}
