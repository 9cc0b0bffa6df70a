// Blobs in memory, and what to fill them with.
import type { BlobBytes } from '../../../src/blob/blob.ts';

export function inMemory(bytes: Uint8Array): BlobBytes {
  return {
    size: bytes.length,
    read(offset, room) {
      const part = bytes.subarray(offset, offset + room.length);
      room.set(part);
      return part.length;
    },
  };
}

export function partOf(reader: Pick<BlobBytes, 'read'>, offset: number, length: number): Buffer {
  const room = Buffer.alloc(length);
  return room.subarray(0, reader.read(offset, room));
}

/** Bytes that compress, and some that do not: a simple congruential generator, so that a seed says all. */
export function sample(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = (i >> 13) % 3 === 0 ? state >>> 24 : 97 + ((state >>> 24) % 7);
  }
  return bytes;
}
