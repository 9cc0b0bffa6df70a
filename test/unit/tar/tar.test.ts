import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes, type ByteString } from '../../../src/sys/bytes.ts';
import { Crc64 } from '../../../src/tar/crc64.ts';
import { TarDamage, type TarEntry } from '../../../src/tar/entry.ts';
import { TarHeaders } from '../../../src/tar/header.ts';
import { cleanPath, isDot } from '../../../src/tar/path.ts';
import { parsePax, paxLine, paxTime } from '../../../src/tar/pax.ts';
import { tarHeader } from '../../../src/tar/write.ts';

function crc64(bytes: Uint8Array): string {
  const crc = new Crc64();
  crc.update(bytes);
  return crc.digest();
}

/** CRC-64/ISO, a bit at a time. */
function slowCrc64(bytes: Uint8Array): string {
  let crc = 0xffffffffffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 0n ? crc >> 1n : (crc >> 1n) ^ 0xd800000000000000n;
  }
  return (crc ^ 0xffffffffffffffffn).toString(16).padStart(16, '0');
}

const PLAIN: TarEntry = {
  ...{ name: asBytes('a'), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0, size: 0 },
  ...{ mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
};

/** What a reader makes of header bytes, given in pieces of `step`. */
function read(bytes: Uint8Array, step = bytes.length): TarEntry | undefined {
  const headers = new TarHeaders();
  for (let at = 0; at < bytes.length; at += step) headers.push(bytes.subarray(at, at + step));
  return headers.take();
}

describe('Crc64', () => {
  it('gives the check value of the catalogue', () => {
    expect(crc64(Buffer.from('123456789'))).toBe('b90956c775a41001');
  });

  it('gives what the definition gives, however the bytes are cut and aligned', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(7), (bytes, cut, shift) => {
        const moved = new Uint8Array(bytes.length + shift).subarray(shift);
        moved.set(bytes);
        const crc = new Crc64();
        crc.update(moved.subarray(0, cut));
        crc.update(moved.subarray(cut));
        expect(crc.digest()).toBe(slowCrc64(bytes));
      }),
    );
  });
});

describe('cleanPath()', () => {
  it.each([
    ['a/b', 'a/b'],
    ['./a/b/', 'a/b'],
    ['/a//b', 'a/b'],
    ['./', ''],
    ['.', ''],
    ['', ''],
    ['/', ''],
    ['a/../b', 'b'],
    ['a/./b', 'a/b'],
    ['/../a', 'a'],
    ['..a/b..', '..a/b..'],
    ['../a', 'a'],
    ['a/../../b', 'b'],
    ['..', ''],
    ['...', '...'],
  ])('makes %j %j', (name, path) => {
    expect(cleanPath(asBytes(name))).toBe(path);
  });
});

describe('isDot()', () => {
  it.each([
    ['.', true],
    ['./', true],
    ['', true],
    ['a/..', true],
    ['/', false],
    ['..', false],
    ['../a', false],
    ['a', false],
  ])('says of %j that it is the root by a dot: %j', (name, is) => {
    expect(isDot(asBytes(name))).toBe(is);
  });
});

describe('paxTime()', () => {
  it.each([
    ['0', 0, 0],
    ['1234567890.123456789', 1234567890, 123456789],
    ['1.5', 1, 500000000],
    ['1.0000000019', 1, 1],
    ['-1', -1, 0],
    ['-1.25', -2, 750000000],
  ])('reads %s', (text, seconds, nanoseconds) => {
    expect(paxTime(text)).toEqual({ seconds, nanoseconds });
  });

  it.each(['', 'x', '1e3', '1.2.3', '99999999999999999999'])('refuses %j', (text) => {
    expect(() => paxTime(text)).toThrow(TarDamage);
  });
});

describe('parsePax()', () => {
  it.each([
    ['no length', 'abc'],
    ['a length past the end', '99 a=b\n'],
    ['a length too short', '4 a=b\n'],
    ['no newline', '6 a=bc'],
    ['no key', '5 abc'],
    ['a length of nothing', '0 a=b\n'],
    ['a size that is no number', paxLine('size', '1x')],
  ])('refuses %s', (_, text) => {
    expect(() => parsePax(Buffer.from(text, 'latin1'))).toThrow(TarDamage);
  });

  it('reads lines of every length that paxLine writes', () => {
    for (let length = 1; length < 1100; length++) {
      const value = asBytes('x'.repeat(length));
      expect(parsePax(Buffer.from(paxLine('path', value))).path).toBe(value);
    }
  });
});

const bytesOfName = (max: number) =>
  fc
    .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: max })
    .map((codes) => String.fromCharCode(...codes).replaceAll('/', '_') as ByteString);

const anyEntry: fc.Arbitrary<TarEntry> = fc
  .record({
    name: fc.array(bytesOfName(120), { minLength: 1, maxLength: 4 }).map((parts) => asBytes(parts.join('/'))),
    linkName: fc.oneof(fc.constant(asBytes('')), bytesOfName(300)),
    type: fc.constantFrom('0', '1', '2', '3', '4', '5', '6'),
    mode: fc.nat(0o7777),
    uid: fc.oneof(fc.nat(0o7777777), fc.nat(0xfffffffe)),
    gid: fc.oneof(fc.nat(0o7777777), fc.nat(0xfffffffe)),
    size: fc.oneof(fc.nat(1000), fc.maxSafeNat()),
    mtime: fc.record({
      seconds: fc.oneof(fc.integer(), fc.maxSafeInteger()),
      nanoseconds: fc.oneof(fc.constant(0), fc.nat(999_999_999)),
    }),
    major: fc.nat(4095),
    minor: fc.nat(0xfffff),
    xattrs: fc
      .array(fc.tuple(fc.constantFrom('user.a', 'security.capability', 'user.b'), bytesOfName(40)), {
        maxLength: 3,
      })
      .map((pairs) => new Map(pairs as [ByteString, ByteString][])),
  })
  .map((entry) => {
    const isDevice = entry.type === '3' || entry.type === '4';
    return {
      ...entry,
      size: entry.type === '0' ? entry.size : 0,
      major: isDevice ? entry.major : 0,
      minor: isDevice ? entry.minor : 0,
      sparse: false,
    };
  });

describe('TarHeaders', () => {
  it('reads what tarHeader writes, however the bytes are cut', () => {
    fc.assert(
      fc.property(anyEntry, fc.integer({ min: 1, max: 700 }), (entry, step) => {
        expect(read(tarHeader(entry), step)).toEqual(entry);
      }),
    );
  });

  it('reads the sparse files that tarHeader writes', () => {
    const entry = { ...PLAIN, size: 1 << 30 };
    const header = tarHeader(entry, {
      runs: [
        [4096, 10],
        [1 << 30, 0],
      ],
    });
    expect(header.subarray(-512).toString('latin1').replace(/\0+$/, '')).toBe('2\n4096\n10\n1073741824\n0\n');
    expect(read(header.subarray(0, -512))).toEqual({ ...entry, sparse: true });
  });

  it('reads numbers in base 256', () => {
    const header = tarHeader(PLAIN);
    header.fill(0, 136, 148);
    header.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], 136);
    header.fill(0, 108, 116);
    header.set([0x80, 0, 0, 0, 1, 0, 0, 0], 108);
    expect(read(withChecksum(header))).toEqual({
      ...PLAIN,
      uid: 2 ** 24,
      mtime: { seconds: -2, nanoseconds: 0 },
    });
  });

  it('puts the prefix of a ustar header before the name, but not what GNU has in its place', () => {
    const header = tarHeader(PLAIN);
    header.write('dir/sub', 345, 'latin1');
    expect(read(withChecksum(Buffer.from(header)))?.name).toBe('dir/sub/a');
    header.write('ustar  \0', 257, 'latin1');
    header.fill(0, 345, 500);
    header.write('00000000123\0', 345, 'latin1');
    expect(read(withChecksum(header))?.name).toBe('a');
  });

  it('takes an old header with a slash at its end for a directory', () => {
    const header = tarHeader({ ...PLAIN, name: asBytes('d/') });
    header[156] = 0;
    expect(read(withChecksum(header))?.type).toBe('5');
  });

  it.each([
    ['a wrong checksum', (header: Buffer) => header.fill('x', 0, 1)],
    ['a mode that is no number', (header: Buffer) => withChecksum(header.fill('z', 100, 107))],
    [
      'a size past all bounds',
      (header: Buffer) => withChecksum(header.fill(0xff, 125, 136).fill(0xbf, 124, 125)),
    ],
    ['a negative size', (header: Buffer) => withChecksum(header.fill(0xff, 124, 136))],
  ])('refuses %s', (_, spoil) => {
    expect(() => read(spoil(tarHeader(PLAIN)))).toThrow(TarDamage);
  });

  it.each([
    ['size', 483],
    ['place', 386],
    ['length', 398],
  ])('refuses a map of a sparse file whose %s is below 0', (_, at) => {
    const header = tarHeader(PLAIN);
    header.write('ustar  \0', 257, 'latin1');
    header[156] = 'S'.charCodeAt(0);
    header.write('0000000000100000000010', 386, 'latin1');
    header.fill(0xff, at, at + 12);
    expect(() => read(withChecksum(header))).toThrow('a map of a sparse file has a number below 0');
  });

  it('refuses an extended header that would fill the memory', () => {
    const header = tarHeader({ ...PLAIN, size: 0o77777777777 });
    header[156] = 'x'.charCodeAt(0);
    expect(() => read(withChecksum(header))).toThrow('too large');
  });
});

function withChecksum(header: Buffer): Buffer {
  header.write('        ', 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
