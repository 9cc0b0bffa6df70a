import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import { Errno } from '../../../src/sys/errors.ts';
import { TarDamage, type TarEntry } from '../../../src/tar/entry.ts';
import { readTarSplit } from '../../../src/tar/tar-split.ts';
import { tarHeader } from '../../../src/tar/write.ts';

type Line = Readonly<Record<string, unknown>> | string;

function entry(name: string, size = 0): TarEntry {
  return {
    ...{ name: asBytes(name), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0, size },
    ...{ mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
  };
}

/** The lines, numbered where they have no position. */
function record(...lines: readonly Line[]): Buffer {
  const text = lines.map((line, position) =>
    typeof line === 'string' ? line : JSON.stringify({ position, ...line }),
  );
  return gzipSync(text.map((line) => `${line}\n`).join(''));
}

const raw = (bytes: Uint8Array): Line => ({ type: 2, payload: Buffer.from(bytes).toString('base64') });
const header = (name: string, size = 0): Line => raw(tarHeader(entry(name, size)));
const CRC = Buffer.from('0123456789abcdef', 'hex').toString('base64');

async function read(bytes: Uint8Array): Promise<string[]> {
  const told: string[] = [];
  let at = 0;
  await readTarSplit(
    (buffer) => {
      const part = bytes.subarray(at, at + Math.min(buffer.length, 100));
      buffer.set(part);
      at += part.length;
      return part.length;
    },
    {
      raw: (piece) => told.push(`raw ${piece.length}`),
      entry: ({ name }, index, contents) =>
        told.push(`entry ${index} ${name} ${contents?.size ?? '-'} ${contents?.crc64 ?? '-'}`),
    },
  );
  return told;
}

describe('readTarSplit()', () => {
  it('tells of headers, files and padding in the order of the tar', async () => {
    const told = await read(
      record(
        header('./a/', 0),
        { type: 1, name: './a/', payload: null },
        header('a/b', 5),
        { type: 1, name: 'a/b', size: 5, payload: CRC },
        raw(Buffer.alloc(507)),
        header('\xff'),
        { type: 1, name_raw: Buffer.from([0xff]).toString('base64') },
        raw(Buffer.alloc(1024)),
        { type: 2, payload: '' },
      ),
    );
    expect(told).toEqual([
      'raw 512',
      'entry 0 ./a/ - -',
      'raw 512',
      'entry 1 a/b 5 0123456789abcdef',
      'raw 507',
      'raw 512',
      'entry 2 \xff - -',
      'raw 1024',
    ]);
  });

  const file = { type: 1, name: 'a', size: 5, payload: CRC };
  it.each<[string, Buffer, string]>([
    ['nothing', gzipSync(''), 'it is empty'],
    ['what is not gzip', Buffer.from('{"type":2}'), 'it is not sound gzip'],
    ['gzip that is cut off', record(header('a', 5), file).subarray(0, -12), 'it is cut off'],
    [
      'a last line that is cut off',
      gzipSync('{"type":2,"payload":"","position":0}\n{"ty'),
      'the last line is cut off',
    ],
    ['what is not JSON', record('{"type":2,'), 'line 1: it is not JSON'],
    ['JSON that is no object', record('null'), 'line 1: it is not a JSON object'],
    ['a type it does not know', record({ type: 3 }), 'line 1: it is neither a file nor a segment'],
    ['no position', record('{"type":2}'), 'line 1: it has no position'],
    [
      'a line left out',
      record(header('a', 5), { ...file, position: 2 }),
      'line 2: a line before it is missing',
    ],
    [
      'a payload that is not base64',
      record({ type: 2, payload: '@@@@' }),
      'line 1: its payload is not base64',
    ],
    ['a payload that is no text', record({ type: 2, payload: 7 }), 'line 1: its payload is not text'],
    ['a file without header', record(file), 'line 1: a file has a record but no header'],
    [
      'a header without file',
      record(header('a', 5), header('b')),
      'line 2: an entry has a header but no record',
    ],
    ['a header at the end', record(header('a', 5)), 'the last entry has no record'],
    [
      'another name',
      record(header('a', 5), { ...file, name: 'b' }),
      'line 2: the record and the header name different files',
    ],
    ['another size', record(header('a', 4), file), 'line 2: the record and the header have different sizes'],
    [
      'a negative size',
      record(header('a', 5), { ...file, size: -5 }),
      'line 2: its size is no number of bytes',
    ],
    [
      'a size past counting',
      record(header('a', 5), { ...file, size: 1e300 }),
      'line 2: its size is no number of bytes',
    ],
    [
      'a checksum cut short',
      record(header('a', 5), { ...file, payload: 'AAAA' }),
      'line 2: its checksum has the wrong length',
    ],
    ['a line without end', gzipSync(Buffer.alloc(20 << 20, 'x')), 'a line is too long'],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(new TarDamage(message));
  });

  it('hands on that the file cannot be read', async () => {
    await expect(readTarSplit(() => -5, { raw() {}, entry() {} })).rejects.toThrow(Errno);
  });
});
