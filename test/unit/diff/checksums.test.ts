// Checksums that Docker recorded: found where the contents lie, and believed of no record but a sound one in its place.
import { rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { addChecksums, type LayerChecksums, readChecksums } from '../../../src/diff/contents/checksums.ts';
import type { Layer } from '../../../src/store/layer-stack.ts';
import { openStore } from '../../../src/store/open.ts';
import { asBytes, cString } from '../../../src/sys/bytes.ts';
import { mknod } from '../../../src/sys/libc.ts';
import { S_IFIFO } from '../../../src/sys/statx.ts';
import { TarDamage, type TarEntry } from '../../../src/tar/entry.ts';
import { TAR_TYPE } from '../../../src/tar/type.ts';
import { tarHeader } from '../../../src/tar/write.ts';
import { MOBY_RULES } from '../../../src/unpack/rules.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { type Temporary, temporaryForTest } from '../../support/temporary.ts';

interface Given {
  readonly name: string;
  readonly type: string;
  readonly linkName?: string;
  /** A checksum, of what has contents. */
  readonly crc64?: string;
}

function recordOf(entries: readonly Given[]): Buffer {
  const lines = entries.flatMap(({ name, type, linkName = '', crc64 }) => {
    const size = crc64 === undefined ? 0 : 512;
    const entry: TarEntry = {
      ...{ name: asBytes(name), linkName: asBytes(linkName), type, mode: 0o755, uid: 0, gid: 0, size },
      ...{ mtime: { seconds: 1, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
    };
    return [
      { type: 2, payload: tarHeader(entry).toString('base64') },
      { type: 1, name, size, payload: Buffer.from(crc64 ?? '', 'hex').toString('base64') },
    ];
  });
  return gzipSync(lines.map((line, position) => `${JSON.stringify({ ...line, position })}\n`).join(''));
}

function read(record: Buffer) {
  let rest = record;
  return readChecksums((buffer) => {
    const count = rest.copy(buffer);
    rest = rest.subarray(count);
    return count;
  }, MOBY_RULES.trusted);
}

describe('readChecksums()', () => {
  it('finds each checksum where the contents lie, by any of their names', async () => {
    const [a, b, c] = ['0011223344556677', 'ffeeddccbbaa9988', '0123456789abcdef'];
    const sums = await read(
      recordOf([
        { name: 'usr/lib/', type: '5' },
        { name: 'lib', type: '2', linkName: 'usr/lib' },
        { name: 'lib/so', type: '0', crc64: a },
        { name: './hard', type: '1', linkName: '../usr/lib/so' },
        { name: 'twice', type: '0', crc64: b },
        { name: '/twice', type: '0', crc64: c },
        { name: 'empty', type: '0' },
        { name: '.wh.gone', type: '0', crc64: c },
      ]),
    );
    const places = ['usr/lib/so', '/hard', '/twice', 'lib/so', '/empty', '/gone', 'usr/lib', 'none/so'];
    const found = places.map((place) => {
      const slash = place.lastIndexOf('/');
      return sums.of(place.slice(0, slash), place.slice(slash + 1));
    });
    expect(found).toEqual([a, a, c, undefined, '0'.repeat(16), undefined, undefined, undefined]);
  });

  it('has room for many', async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({
      ...{ name: `f${i}`, type: '0' },
      crc64: i.toString(16).padStart(16, '0'),
    }));
    const sums = await read(recordOf(many));
    expect(many.every(({ name, crc64 }) => sums.of('', name) === crc64)).toBe(true);
  });

  it('refuses a record that is damaged', async () => {
    await expect(read(gzipSync('{"type":1,"name":5}\n'))).rejects.toThrow(TarDamage);
  });
});

describe('addChecksums()', () => {
  const sum = '0011223344556677';
  const sound = recordOf([{ name: 'file', type: TAR_TYPE.file, crc64: sum }]);

  /** The checksum of `file` as the store's record tells it, after `damage` was done to that record's file. */
  async function checksumAfter(damage: (record: string, temporary: Temporary) => void) {
    const temporary = temporaryForTest();
    const fake = new FakeStore(temporary.path('root'));
    fake.image({ names: ['app:latest'], layers: ['a'] });
    const record = FakeStore.layerFile(['a'], 'tar-split.json.gz');
    fake.write(record, sound);
    damage(fake.path(record), temporary);
    const store = openStore(fake.root);
    const stack = store.resolve('app:latest', 'refuse');
    const known = new Map<Layer, LayerChecksums>();
    await addChecksums(store, stack, 0, known);
    return [...known.values()][0]?.of('', 'file');
  }

  it('believes a record, and leaves its access time as it was', async () => {
    const old = new Date(0);
    let path = '';
    const found = await checksumAfter((record) => {
      path = record;
      // An access before the last change is written down by every read that does not forbid it.
      utimesSync(record, old, new Date());
    });
    expect([found, statSync(path).atime]).toEqual([sum, old]);
  });

  it.each<[state: string, damage: (record: string, temporary: Temporary) => void]>([
    [
      'a FIFO, at which a reader would wait',
      (record) => {
        rmSync(record);
        expect(mknod(cString(asBytes(record)), S_IFIFO | 0o600, 0)).toBe(0);
      },
    ],
    [
      'a link to a record outside the store',
      (record, temporary) => {
        writeFileSync(temporary.path('outside'), sound);
        rmSync(record);
        symlinkSync(temporary.path('outside'), record);
      },
    ],
    ['cut off', (record) => writeFileSync(record, sound.subarray(0, sound.length - 12))],
    ['no gzip', (record) => writeFileSync(record, 'nothing of the kind')],
    ['of other lines', (record) => writeFileSync(record, gzipSync('{"type":1,"name":5}\n'))],
    ['not there', (record) => rmSync(record)],
  ])('has files read where the record is %s', async (_, damage) => {
    expect(await checksumAfter(damage)).toBeUndefined();
  });
});
