// The index of a layer as bytes: what reading its tar once came to, so that it need not be read again. Made for one blob by one
// set of rules, which the bytes name; whatever is not whole, of another version or for something else is told apart.
import { createHash } from 'node:crypto';
import type { BlobIndex, FrameRun } from '../blob/blob.ts';
import type { PackedLayer } from '../overlay/recorded/recorded-data.ts';
import type { LayerIndex } from './blob-layer.ts';
import type { SparseContents } from './tar-contents.ts';

/** Magic and version; then the SHA-256 of all that follows, a u32 with the length of the description, it, and the sections. */
const MAGIC = Buffer.from('stratafs index 1\n', 'latin1');
const HASH_BYTES = 32;
const START = MAGIC.length + HASH_BYTES + 4;

/** What stands before the sections, as JSON. */
interface Description {
  /** What it was made for. */
  readonly key: string;
  readonly targets: PackedLayer['targets'];
  readonly xattrs: PackedLayer['xattrs'];
  readonly sparse: readonly (readonly [entry: number, contents: SparseContents])[];
  readonly blob:
    | { readonly kind: 'plain' }
    | {
        readonly kind: 'gzip';
        readonly size: number;
        readonly bits: readonly number[];
        readonly windows: readonly number[];
      }
    | { readonly kind: 'zstd'; readonly runs: readonly FrameRun[] };
  /** Lengths in bytes: objects, names, bytes of names, places of contents, and for gzip `out`, `in`, checksums, windows. */
  readonly sections: readonly number[];
}

export function encodeLayerIndex(key: string, { layer, table, blob }: LayerIndex): Buffer {
  const sections = [
    bytesOfWords(layer.objects),
    bytesOfWords(layer.names),
    layer.bytes,
    bytesOfWords(table.at),
  ];
  if (blob.kind === 'gzip') {
    sections.push(
      bytesOfWords(Float64Array.from(blob.points.out)),
      bytesOfWords(Float64Array.from(blob.points.in)),
    );
    sections.push(bytesOfWords(Uint32Array.from(blob.checksums)), Buffer.concat(blob.points.windows));
  }
  const description: Description = {
    key,
    targets: layer.targets,
    xattrs: layer.xattrs,
    sparse: [...table.sparse],
    blob: describe(blob),
    sections: sections.map(({ length }) => length),
  };
  const text = Buffer.from(JSON.stringify(description), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const rest = Buffer.concat([length, text, ...sections]);
  return Buffer.concat([MAGIC, createHash('sha256').update(rest).digest(), rest]);
}

function describe(blob: BlobIndex): Description['blob'] {
  if (blob.kind !== 'gzip') return blob;
  const { bits, windows } = blob.points;
  return { kind: 'gzip', size: blob.size, bits, windows: windows.map(({ length }) => length) };
}

/** Undefined where the bytes are no index for what `key` names, are of another version, or were damaged. */
export function decodeLayerIndex(key: string, bytes: Buffer): LayerIndex | undefined {
  if (bytes.length < START || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const rest = bytes.subarray(MAGIC.length + HASH_BYTES);
  const hash = createHash('sha256').update(rest).digest();
  if (!hash.equals(bytes.subarray(MAGIC.length, MAGIC.length + HASH_BYTES))) return undefined;
  const end = 4 + rest.readUInt32LE(0);
  const description = JSON.parse(rest.toString('utf8', 4, end)) as Description;
  if (description.key !== key) return undefined;
  let at = end;
  const sections = description.sections.map((length) => {
    at += length;
    return rest.subarray(at - length, at);
  });
  const section = (index: number) => sections[index] ?? Buffer.alloc(0);
  return {
    layer: {
      objects: new Uint32Array(memoryOf(section(0))),
      names: new Uint32Array(memoryOf(section(1))),
      bytes: section(2),
      targets: description.targets,
      xattrs: description.xattrs,
    },
    table: { at: new Float64Array(memoryOf(section(3))), sparse: new Map(description.sparse) },
    blob: blobOf(description.blob, section),
  };
}

function blobOf(blob: Description['blob'], section: (index: number) => Buffer): BlobIndex {
  if (blob.kind !== 'gzip') return blob;
  const windows: Uint8Array[] = [];
  let at = 0;
  for (const length of blob.windows) {
    windows.push(section(7).subarray(at, at + length));
    at += length;
  }
  return {
    kind: 'gzip',
    size: blob.size,
    points: {
      out: [...new Float64Array(memoryOf(section(4)))],
      in: [...new Float64Array(memoryOf(section(5)))],
      bits: blob.bits,
      windows,
    },
    checksums: [...new Uint32Array(memoryOf(section(6)))],
  };
}

function bytesOfWords({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A copy, as words must not lie at odd places. */
function memoryOf({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
