// Zstandard streams without a compressor: frames of raw blocks (RFC 8878), which every decoder must take.

const LARGEST_BLOCK = 128 << 10;

/** A frame of raw blocks (sections 3.1.1.1 and 3.1.1.2): single segment, its size in four bytes, no checksum. */
export function rawFrame(content: Uint8Array): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]);
  header.writeUInt32LE(content.length, 5);
  const parts: Uint8Array[] = [header];
  for (let at = 0; ; at += LARGEST_BLOCK) {
    const block = content.subarray(at, at + LARGEST_BLOCK);
    const isLast = at + LARGEST_BLOCK >= content.length;
    const head = Buffer.alloc(3);
    head.writeUIntLE((block.length << 3) | (isLast ? 1 : 0), 0, 3);
    parts.push(head, block);
    if (isLast) return Buffer.concat(parts);
  }
}

/** Section 3.1.2: what decoders pass over. */
export function skippableFrame(content: string): Buffer {
  const header = Buffer.from([0x51, 0x2a, 0x4d, 0x18, content.length, 0, 0, 0]);
  return Buffer.concat([header, Buffer.from(content)]);
}
