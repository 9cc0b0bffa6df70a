// A layer as Docker describes it: the digest of its tar stream, and the tar-split file from which, with the layer's
// files, that stream can be made again byte for byte.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Names in an archive are relative; a directory's ends with a slash. At most 100 bytes, ASCII. */
export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link';
  readonly mode: number;
  readonly target?: string;
  readonly contents?: string;
}

export interface PackedLayer {
  /** `sha256:…` of the tar stream. */
  readonly diffId: string;
  /** Of contents, bytes. */
  readonly size: number;
  /** The bytes of `tar-split.json.gz`. */
  readonly tarSplit: Buffer;
}

const BLOCK = 512;
const TYPE_FLAGS = { file: '0', link: '1', symlink: '2', directory: '5' } as const;

/** `mtime` in seconds, the same for all entries. */
export function packLayer(entries: readonly TarEntry[], mtime: number): PackedLayer {
  const stream = createHash('sha256');
  const lines: string[] = [];
  let pending: Buffer[] = [];
  let size = 0;
  const flush = () => {
    const payload = Buffer.concat(pending).toString('base64');
    lines.push(JSON.stringify({ type: 2, payload, position: lines.length }));
    pending = [];
  };
  for (const entry of entries) {
    const contents = Buffer.from(entry.contents ?? '', 'utf8');
    const head = header(entry, contents.length, mtime);
    const padding = Buffer.alloc((BLOCK - (contents.length % BLOCK)) % BLOCK);
    stream.update(head).update(contents).update(padding);
    pending.push(head);
    flush();
    const payload = contents.length === 0 ? null : crc64(contents).toString('base64');
    const about = { name: entry.name, ...(contents.length === 0 ? {} : { size: contents.length }), payload };
    lines.push(JSON.stringify({ type: 1, ...about, position: lines.length }));
    pending.push(padding);
    size += contents.length;
  }
  const end = Buffer.alloc(2 * BLOCK);
  stream.update(end);
  pending.push(end);
  flush();
  return { diffId: `sha256:${stream.digest('hex')}`, size, tarSplit: gzipSync(`${lines.join('\n')}\n`) };
}

/** A POSIX ustar header, owner root. */
function header(entry: TarEntry, size: number, mtime: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(entry.name, 0, 100, 'latin1');
  block.write(
    octal(entry.mode, 7) + octal(0, 7) + octal(0, 7) + octal(size, 11) + octal(mtime, 11),
    100,
    'latin1',
  );
  block.write(`        ${TYPE_FLAGS[entry.type]}${entry.target ?? ''}`, 148, 'latin1');
  block.write('ustar\x0000root', 257, 'latin1');
  block.write('root', 297, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** CRC-64/GO-ISO, as tar-split keeps it of each file: eight bytes, the highest first. */
function crc64(bytes: Uint8Array): Buffer {
  const all = 0xffffffffffffffffn;
  let crc = all;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0xd800000000000000n : crc >> 1n;
  }
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64BE(crc ^ all);
  return sum;
}
