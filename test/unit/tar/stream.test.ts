import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import { TarDamage, type TarEntry } from '../../../src/tar/entry.ts';
import { TarStream } from '../../../src/tar/stream.ts';
import { tarEnd, tarHeader } from '../../../src/tar/write.ts';

const PLAIN: TarEntry = {
  ...{ name: asBytes('a'), linkName: asBytes(''), type: '0', mode: 0o644, uid: 0, gid: 0, size: 0 },
  ...{ mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false },
};

function padded(contents: Uint8Array): Buffer {
  return Buffer.concat([contents, Buffer.alloc((512 - (contents.length % 512)) % 512)]);
}

function file(name: string, contents: Uint8Array): Buffer {
  const entry = { ...PLAIN, name: asBytes(name), size: contents.length };
  return Buffer.concat([tarHeader(entry), padded(contents)]);
}

interface Read {
  readonly name: string;
  readonly at: number;
  readonly contents: string;
}

/** What a reader is told of a tar that is pushed in pieces of `step` bytes. */
function read(tar: Uint8Array, step: number): Read[] {
  const entries: { name: string; at: number; contents: Buffer[] }[] = [];
  const stream = new TarStream({
    entry: ({ name }, { at }) => entries.push({ name, at, contents: [] }),
    contents: (bytes) => entries.at(-1)?.contents.push(Buffer.from(bytes)),
  });
  for (let at = 0; at < tar.length; at += step) stream.push(tar.subarray(at, at + step));
  stream.end();
  return entries.map(({ contents, ...entry }) => ({
    ...entry,
    contents: Buffer.concat(contents).toString('hex'),
  }));
}

describe('TarStream', () => {
  it('finds the contents of every entry where they lie, however the tar is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.uint8Array({ maxLength: 1500 })), {
          maxLength: 5,
        }),
        fc.integer({ min: 1, max: 2000 }),
        (files, step) => {
          const parts = files.map(([length, contents]) => file('n'.repeat(length), contents));
          const tar = Buffer.concat([...parts, tarEnd()]);
          const found = read(tar, step);
          const expected = files.map(([length, contents]) => ({
            name: 'n'.repeat(length),
            contents: Buffer.from(contents).toString('hex'),
          }));
          expect(found.map(({ name, contents }) => ({ name, contents }))).toEqual(expected);
          for (const { at, contents } of found) {
            expect(tar.toString('hex', at, at + contents.length / 2)).toBe(contents);
          }
        },
      ),
    );
  });

  const two = Buffer.concat([file('a', Buffer.from('contents')), file('b', Buffer.alloc(600))]);
  it.each([
    ['without the mark of its end', two],
    ['without its last padding', two.subarray(0, 512 + 512 + 512 + 600)],
    [
      'with anything after the mark of its end',
      Buffer.concat([two, Buffer.alloc(1024), Buffer.from('garbage')]),
    ],
  ])('takes a tar %s', (_, tar) => {
    expect(read(tar, 100).map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it.each([
    ['in a header', two.subarray(0, 1100)],
    ['in contents', two.subarray(0, 512 + 512 + 512 + 599)],
    ['in an extended header', file('n'.repeat(300), Buffer.alloc(0)).subarray(0, 700)],
  ])('tells a tar that ends %s', (_, tar) => {
    expect(() => read(tar, 100)).toThrow(new TarDamage('it is cut off'));
  });
});
