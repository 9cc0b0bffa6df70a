// A layer that is taken for a bomb in the midst of its pass: what came before is there, names and bytes, and the rest is an error. And
// one that is read while others wait.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BlobCache } from '../../../src/blob/cache.ts';
import { E } from '../../../src/sys/errors.ts';
import { readBlobLayer } from '../../../src/unpack/blob-layer.ts';
import { MOBY_RULES } from '../../../src/unpack/rules.ts';
import { tarOf, textMember } from '../../support/fake-archive.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { rawFrame } from '../../support/zstd-frames.ts';
import { inMemory } from '../blob/bytes.ts';

const MIB = 1 << 20;
const LIMIT = 5 * MIB + 1000;
const ZEROS = 16 * MIB;
const TAR = tarOf(
  textMember('a', 'first'),
  { name: 'zeros', contents: Buffer.alloc(ZEROS) },
  textMember('b', 'x'),
);

describe('readBlobLayer() of a bomb', () => {
  it.each([
    ['not compressed', TAR],
    ['gzip', gzipSync(TAR)],
    ['zstd', rawFrame(TAR)],
  ])('keeps what lies before the limit, and no byte past it: %s', async (_, blob) => {
    const { layer, contents, damage, entries, index } = await readBlobLayer(inMemory(blob), {
      ...{ cache: new BlobCache(), rules: MOBY_RULES.trusted, salvages: true },
      spools: { directory: temporaryForTest().directory, limit: 1 << 30, used: 0 },
      bomb: { bytes: LIMIT, times: 2000, first: 2 ** 32 },
    });
    expect([damage?.message, entries, index]).toEqual([`it becomes more than ${LIMIT} bytes`, 2, undefined]);
    const room = Buffer.alloc(4096, 1);
    const read = (name: string, offset: number) => contents.read(layer.find(1, name), offset, room);
    expect([read('a', 0), room.toString('latin1', 0, 5)]).toEqual([5, 'first']);
    for (let at = 0; at < LIMIT - MIB; at += MIB - 1) {
      expect([read('zeros', at), room.every((byte) => byte === 0)]).toEqual([4096, true]);
    }
    // The limit is noticed at the end of a piece.
    for (let at = LIMIT - MIB; at < ZEROS - 4096; at += MIB / 2) {
      try {
        expect([read('zeros', at), room.every((byte) => byte === 0)]).toEqual([4096, true]);
      } catch (error) {
        expect(error).toMatchObject({ errno: E.EIO });
        expect(_ === 'not compressed').toBe(false);
      }
    }
    if (_ !== 'not compressed')
      expect(() => read('zeros', ZEROS - 4096)).toThrow(expect.objectContaining({ errno: E.EIO }));
    contents.close();
  });
});

describe('readBlobLayer()', () => {
  it('lets others have a turn after each mebibyte', async () => {
    let turns = 0;
    let isOver = false;
    const count = () => {
      if (isOver) return;
      turns++;
      setImmediate(count);
    };
    setImmediate(count);
    const { contents, size } = await readBlobLayer(inMemory(gzipSync(TAR)), {
      ...{ cache: new BlobCache(), rules: MOBY_RULES.trusted },
      spools: { directory: temporaryForTest().directory, limit: 1 << 30, used: 0 },
    });
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(Math.floor(size / MIB));
    contents.close();
  });
});
