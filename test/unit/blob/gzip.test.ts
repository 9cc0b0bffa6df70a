// Gzip streams read by place: whatever a compressor writes, in blocks and members of any size, every part is what zlib gives of
// the whole, and damage is told.
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlobBytes, BlobDamage, type BlobIndex, type BlobReader } from '../../../src/blob/blob.ts';
import { BlobCache } from '../../../src/blob/cache.ts';
import { FileBytes } from '../../../src/blob/file-bytes.ts';
import { BLOCK_BYTES, GzipScan, indexedGzip } from '../../../src/blob/gzip.ts';
import { WindowRoom } from '../../../src/blob/window-room.ts';
import { Errno } from '../../../src/sys/errors.ts';
import { tries } from '../../support/altered.ts';
import { inMemory, partOf, sample } from './bytes.ts';

interface Scanned {
  readonly whole: Buffer;
  readonly trailing: number;
  readonly reader: BlobReader;
}

function scan(bytes: BlobBytes, step?: number, cache = new BlobCache()): Scanned {
  const pass = new GzipScan(bytes, cache, step);
  try {
    const chunks: Buffer[] = [];
    for (let chunk = pass.next(); chunk !== undefined; chunk = pass.next()) chunks.push(Buffer.from(chunk));
    return { whole: Buffer.concat(chunks), trailing: pass.trailing, reader: pass.reader() };
  } finally {
    pass.close();
  }
}

const member = fc.record({
  size: fc.oneof(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 3 * BLOCK_BYTES })),
  seed: fc.nat(),
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
  memLevel: fc.integer({ min: 1, max: 9 }),
});

describe('FileBytes', () => {
  it('are a part of a file, and end where that does', () => {
    const directory = mkdtempSync(join(tmpdir(), 'stratafs-blob-'));
    const path = join(directory, 'archive');
    const whole = sample(5000, 3);
    writeFileSync(path, whole);
    const descriptor = openSync(path, 'r');
    try {
      const bytes = new FileBytes({ descriptor, offset: 1000, size: 3000 });
      expect(partOf(bytes, 2900, 500).equals(whole.subarray(3900, 4000))).toBe(true);
      expect(partOf(bytes, 3000, 10).length).toBe(0);
      // The file became shorter than it was said to be.
      expect(partOf(new FileBytes({ descriptor, offset: 4000, size: 3000 }), 0, 3000).length).toBe(1000);
    } finally {
      closeSync(descriptor);
      rmSync(directory, { recursive: true });
    }
  });
});

describe('GzipScan', () => {
  it('gives the whole, and then any part of it in any order, whatever was compressed how', () => {
    fc.assert(
      fc.property(
        fc.array(member, { minLength: 1, maxLength: 4 }),
        fc.constantFrom({ step: 1 }, { step: 20_000, most: 5_000 }, { step: 1 << 20 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 300_000 })), { maxLength: 12 }),
        (members, { step, most }, places) => {
          const plain = members.map(({ size, seed }) => sample(size, seed));
          const whole = Buffer.concat(plain);
          const packed = Buffer.concat(
            members.map(({ level, strategy, memLevel }, i) =>
              gzipSync(plain[i] as Buffer, { level, strategy, memLevel }),
            ),
          );
          const cache = new BlobCache(new WindowRoom(most));
          const { whole: scanned, trailing, reader } = scan(inMemory(packed), step, cache);
          try {
            expect(scanned.equals(whole)).toBe(true);
            expect([trailing, reader.size]).toEqual([0, whole.length]);
            for (const [place, length] of places) {
              const offset = place % (whole.length + 1);
              const expected = whole.subarray(offset, offset + length);
              expect(partOf(reader, offset, length).equals(expected)).toBe(true);
            }
          } finally {
            reader.close();
          }
        },
      ),
      { numRuns: tries(10) },
    );
  });

  it('reads several blobs by turns through one cache that is smaller than they are', () => {
    const cache = new BlobCache();
    const blobs = [1, 2, 3].map((seed) => sample(6 << 20, seed));
    const readers = blobs.map(
      (blob) => scan(inMemory(gzipSync(blob, { level: 1 })), undefined, cache).reader,
    );
    for (let offset = 0; offset < 6 << 20; offset += 700_001) {
      for (const [i, reader] of readers.entries()) {
        const expected = (blobs[i] as Buffer).subarray(offset, offset + 100_000);
        expect(partOf(reader, offset, 100_000).equals(expected)).toBe(true);
      }
    }
    for (const reader of readers) reader.close();
  });

  it('keeps the windows of several blobs within one room, read and indexed, and every part of them right', () => {
    const most = 100_000;
    const windows = new WindowRoom(most);
    const cache = new BlobCache(windows);
    const step = 1 << 16;
    // The second is so short that its points lie apart when the others have to give way.
    const blobs = [4 << 20, 1 << 18, 3 << 20, 5 << 20].map((size, seed) => sample(size, seed));
    const packed = blobs.map((blob) => gzipSync(blob, { level: 1 }));
    const taken: number[] = [];
    const passes = packed.map((bytes) => {
      const pass = new GzipScan(inMemory(bytes), cache, step);
      while (pass.next() !== undefined) taken.push(windows.bytes);
      return pass;
    });
    // Each alone would fill the room.
    const alone = packed.map((bytes) => {
      const own = new WindowRoom();
      scan(inMemory(bytes), step, new BlobCache(own));
      return own.bytes;
    });
    expect(alone.map((bytes) => bytes > most)).toEqual([true, false, true, true]);
    expect(Math.max(...taken)).toBeLessThanOrEqual(most);
    const indexes = passes.map((pass) => pass.index() as BlobIndex & { readonly kind: 'gzip' });
    const readers = passes.map((pass) => pass.reader());
    for (const pass of passes) pass.close();
    const again = indexes.map((index, i) => indexedGzip(inMemory(packed[i] as Buffer), cache, index));
    expect(windows.bytes).toBeGreaterThan(0);
    expect(windows.bytes).toBeLessThanOrEqual(most);
    for (let offset = 0; offset < 5 << 20; offset += 300_007) {
      for (const all of [readers, again]) {
        for (const [i, reader] of all.entries()) {
          const expected = (blobs[i] as Buffer).subarray(offset, offset + 50_000);
          expect(partOf(reader, offset, 50_000).equals(expected)).toBe(true);
        }
      }
    }
    for (const reader of [...readers, ...again]) reader.close();
    expect(windows.bytes).toBe(0);
  });

  it('gives its room back where its pass ends without a reader', () => {
    const windows = new WindowRoom();
    const pass = new GzipScan(inMemory(gzipSync(sample(2 << 20, 1))), new BlobCache(windows), 1 << 18);
    for (let chunk = pass.next(); chunk !== undefined; ) chunk = pass.next();
    expect(windows.bytes).toBeGreaterThan(0);
    pass.close();
    expect(windows.bytes).toBe(0);
  });

  it('counts what follows the last member, which is no gzip', () => {
    const packed = Buffer.concat([gzipSync('contents'), Buffer.alloc(700)]);
    const { whole, trailing } = scan(inMemory(packed));
    expect([whole.toString(), trailing]).toEqual(['contents', 700]);
  });

  const sound = gzipSync(sample(300_000, 5));
  const altered = Buffer.from(sound);
  altered[altered.length - 6] = (altered[altered.length - 6] as number) ^ 1;
  it.each([
    ['is empty', Buffer.alloc(0), 'it is empty'],
    ['is no gzip', Buffer.from('not at all compressed'), 'incorrect header check at byte 2'],
    ['ends in its midst', sound.subarray(0, sound.length / 2), 'it is cut off'],
    ['ends in its trailer', sound.subarray(0, -3), 'it is cut off'],
    ['has another checksum', altered, `incorrect data check at byte ${sound.length - 4}`],
    ['lacks its header', deflateRawSync('contents'), 'incorrect header check at byte 2'],
  ])('tells damage of a stream that %s', (_, bytes, message) => {
    expect(() => scan(inMemory(bytes))).toThrow(new BlobDamage(message));
  });

  it('answers EIO, never other bytes, where the blob has changed since', () => {
    const whole = sample(4 << 20, 9);
    const packed = gzipSync(whole);
    const { reader } = scan(inMemory(packed), 1 << 18);
    for (let at = packed.length >> 1; at < (packed.length >> 1) + 64; at++)
      packed[at] = (packed[at] as number) ^ 0x55;
    expect(partOf(reader, 0, 1000).equals(whole.subarray(0, 1000))).toBe(true);
    expect(() => partOf(reader, 0, whole.length)).toThrow(Errno);
    reader.close();
  });
});
