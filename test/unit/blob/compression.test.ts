import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlobDamage } from '../../../src/blob/blob.ts';
import { type Compression, compressionOf, decompressed } from '../../../src/blob/compression.ts';
import type { ReadSome } from '../../../src/sys/bytes.ts';
import { rawFrame, skippableFrame } from '../../support/zstd-frames.ts';

/** 100,000 times "x", by zstd 1.5.4. */
const MANY_X = Buffer.from('KLUv/QRYVQAAEHh4AQCbhjnAAls0WwI=', 'base64');

/** Hands out at most `most` bytes at a time. */
function reader(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): ReadSome {
  let at = 0;
  return (buffer) => {
    const count = Math.min(buffer.length, most, bytes.length - at);
    buffer.set(bytes.subarray(at, at + count));
    at += count;
    return count;
  };
}

async function read(bytes: Uint8Array, compression: Compression, most?: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decompressed(reader(bytes, most), compression, 'a blob')) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function stateOf(bytes: Uint8Array, compression: Compression): Promise<string> {
  try {
    return `${(await read(bytes, compression)).length} bytes`;
  } catch (error) {
    return error instanceof BlobDamage ? error.message : String(error);
  }
}

describe('compressionOf()', () => {
  it.each<[string, Buffer, Compression]>([
    ['gzip', gzipSync('x'), 'gzip'],
    ['zstd', MANY_X, 'zstd'],
    ['zstd that begins with a frame to be skipped', skippableFrame('toc'), 'zstd'],
    ['a tar, which begins with a name', Buffer.from('etc/passwd'), 'none'],
    ['nothing', Buffer.alloc(0), 'none'],
    ['less than tells', Buffer.from([0x28, 0xb5]), 'none'],
  ])('tells %s', (_, bytes, expected) => expect(compressionOf(bytes)).toBe(expected));
});

describe('decompressed()', () => {
  it('reads what zstd(1) wrote', async () => {
    expect((await read(MANY_X, 'zstd')).equals(Buffer.alloc(100_000, 'x'))).toBe(true);
  });

  it('reads every frame of a stream, and passes over those to be skipped, however many follow each other', async () => {
    const skipped = [skippableFrame('a'), skippableFrame('b'), skippableFrame('c')];
    const frames = [rawFrame(Buffer.from('hello ')), ...skipped, rawFrame(Buffer.alloc(0)), MANY_X];
    const expected = Buffer.concat([Buffer.from('hello '), Buffer.alloc(100_000, 'x')]);
    for (const most of [1, 7, 1 << 20]) {
      expect((await read(Buffer.concat(frames), 'zstd', most)).equals(expected)).toBe(true);
    }
  });

  it('gives back any content in any pieces', async () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 5000 }), async (contents, most) => {
        const whole = Buffer.concat(contents);
        expect((await read(Buffer.concat(contents.map(rawFrame)), 'zstd', most)).equals(whole)).toBe(true);
        expect((await read(gzipSync(whole), 'gzip', most)).equals(whole)).toBe(true);
        expect((await read(whole, 'none', most)).equals(whole)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  const wide = Buffer.from(MANY_X);
  // The window descriptor: 2^(10 + 31) bytes.
  wide[5] = 0xf8;
  it.each<[string, Buffer, Compression, string]>([
    ['zstd that is cut off', MANY_X.subarray(0, -5), 'zstd', 'it is cut off'],
    ['zstd that is cut off after its header', MANY_X.subarray(0, 9), 'zstd', 'it is cut off'],
    [
      'zstd with a wrong checksum',
      Buffer.concat([MANY_X.subarray(0, -1), Buffer.from([0])]),
      'zstd',
      'it is not sound zstd',
    ],
    [
      'zstd with something after it',
      Buffer.concat([MANY_X, Buffer.from('garbage')]),
      'zstd',
      'it is not sound zstd',
    ],
    ['zstd with a gigantic window', wide, 'zstd', 'its zstd window is larger than 128 MiB'],
    ['gzip that is cut off', gzipSync('hello').subarray(0, -9), 'gzip', 'it is cut off'],
    ['gzip that is not sound', Buffer.from('hello, world'), 'gzip', 'it is not sound gzip'],
    ['gzip that is zstd', MANY_X, 'gzip', 'it is not sound gzip'],
  ])('says so of %s', async (_, bytes, compression, expected) => {
    expect(await stateOf(bytes, compression)).toBe(expected);
  });

  it('ends on damaged zstd, whichever byte it is, with an answer or an error', async () => {
    const sound = Buffer.concat([rawFrame(Buffer.from('hello ')), skippableFrame('toc'), MANY_X]);
    const states = new Set<string>();
    for (let at = 0; at < sound.length; at++) {
      for (const flip of [0x01, 0x10, 0x80, 0xff]) {
        const bytes = Buffer.from(sound);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        states.add((await stateOf(bytes, 'zstd')).replace(/^\d+ bytes$/, 'an answer'));
      }
    }
    expect([...states].sort()).toEqual([
      'an answer',
      'it is cut off',
      'it is not sound zstd',
      'its zstd window is larger than 128 MiB',
    ]);
  });
});
