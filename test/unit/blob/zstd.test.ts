// Zstandard read by place: frames of any size, short ones decompressed when they are asked for, long ones from a spool.
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BlobBytes, BlobDamage, type BlobReader } from '../../../src/blob/blob.ts';
import { BlobCache } from '../../../src/blob/cache.ts';
import type { SpoolRoom } from '../../../src/blob/spool.ts';
import { newZstdScan } from '../../../src/blob/zstd.ts';
import { Errno, Trouble } from '../../../src/sys/errors.ts';
import { tries } from '../../support/altered.ts';
import { rawFrame, skippableFrame } from '../../support/zstd-frames.ts';
import { inMemory, partOf, sample } from './bytes.ts';

const MIB = 1 << 20;

function room(limit = 64 * MIB): SpoolRoom {
  return { directory: tmpdir(), limit, used: 0 };
}

async function scan(bytes: BlobBytes, spools = room()): Promise<{ whole: Buffer; reader: BlobReader }> {
  const pass = await newZstdScan(bytes, new BlobCache(), spools);
  const chunks: Uint8Array[] = [];
  for (let chunk = pass.next(); chunk !== undefined; chunk = pass.next()) chunks.push(Buffer.from(chunk));
  return { whole: Buffer.concat(chunks), reader: pass.reader() };
}

describe('newZstdScan()', () => {
  const frame = fc.record({
    size: fc.oneof(
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0, max: 300_000 }),
      fc.integer({ min: 2 * MIB - 10, max: 2 * MIB + 10 }),
      fc.constant(5 * MIB),
    ),
    seed: fc.nat(),
    isSkipped: fc.boolean(),
  });

  it('gives the whole, and then any part of it in any order, from frames of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(frame, { minLength: 1, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 400_000 })), { maxLength: 12 }),
        async (frames, places) => {
          const whole = Buffer.concat(frames.map(({ size, seed }) => sample(size, seed)));
          const packed = frames.map(({ size, seed, isSkipped }) =>
            Buffer.concat([
              isSkipped ? skippableFrame('toc') : Buffer.alloc(0),
              rawFrame(sample(size, seed)),
            ]),
          );
          const spools = room();
          const { whole: scanned, reader } = await scan(inMemory(Buffer.concat(packed)), spools);
          expect(scanned.equals(whole)).toBe(true);
          expect(reader.size).toBe(whole.length);
          for (const [place, length] of places) {
            const offset = place % (whole.length + 1);
            expect(partOf(reader, offset, length).equals(whole.subarray(offset, offset + length))).toBe(true);
          }
          reader.close();
          expect(spools.used).toBe(0);
        },
      ),
      { numRuns: tries(8) },
    );
  });

  it('spools only frames that are long, and leaves no name behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('stratafs-'));
    const spools = room();
    const packed = Buffer.concat([
      rawFrame(sample(MIB, 1)),
      rawFrame(sample(3 * MIB, 2)),
      rawFrame(sample(100, 3)),
    ]);
    const { reader } = await scan(inMemory(packed), spools);
    expect(spools.used).toBe(3 * MIB);
    const after = readdirSync(tmpdir()).filter(
      (name) => name.startsWith('stratafs-') && !before.includes(name),
    );
    expect(after.filter((name) => /^stratafs-[0-9a-f]{8}-/.test(name))).toEqual([]);
    reader.close();
  });

  it('refuses in words to spool more than it may, or where it cannot', async () => {
    const bytes = inMemory(rawFrame(sample(3 * MIB, 2)));
    await expect(scan(bytes, room(MIB))).rejects.toThrow(
      new Trouble(
        'store',
        `Cannot decompress a layer to "${tmpdir()}": it would take more than 1048576 bytes there, ` +
          'as it can be read only from its start to its end',
      ),
    );
    const nowhere = { directory: '/nonexistent', limit: 64 * MIB, used: 0 };
    await expect(scan(bytes, nowhere)).rejects.toThrow(
      'Cannot decompress a layer to "/nonexistent": no such file or directory; set TMPDIR',
    );
  });

  const sound = rawFrame(sample(300_000, 5));
  it.each([
    ['is empty', Buffer.alloc(0), 'it is empty'],
    ['is no zstd', Buffer.from('not at all compressed'), 'it is not sound zstd'],
    ['ends in its midst', sound.subarray(0, sound.length / 2), 'it is cut off'],
    ['has garbage after it', Buffer.concat([sound, Buffer.from('garbage')]), 'it is not sound zstd'],
  ])('tells damage of a stream that %s', async (_, bytes, message) => {
    await expect(scan(inMemory(bytes))).rejects.toThrow(new BlobDamage(message));
  });

  it('answers EIO, never other bytes, where the blob has changed since', async () => {
    const whole = sample(MIB, 9);
    const packed = Buffer.concat([rawFrame(whole.subarray(0, MIB / 2)), rawFrame(whole.subarray(MIB / 2))]);
    const { reader } = await scan(inMemory(packed));
    packed[packed.length - 100] = (packed[packed.length - 100] as number) ^ 1;
    expect(partOf(reader, 0, MIB / 2).equals(whole.subarray(0, MIB / 2))).toBe(true);
    expect(() => partOf(reader, MIB / 2, 10)).toThrow(Errno);
    reader.close();
  });
});
