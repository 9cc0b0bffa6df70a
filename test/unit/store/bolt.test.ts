// The reader of bbolt databases: against files written from values, files damaged in each way, and random damage.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileParts } from '../../../src/store/files.ts';
import { type Bucket, checkBucket, readBolt } from '../../../src/store/formats/bolt.ts';
import { olderState } from '../../../src/store/formats/bolt-older.ts';
import { asBytes } from '../../../src/sys/bytes.ts';
import { Trouble } from '../../../src/sys/errors.ts';
import { type BoltTree, boltFile, sealMeta } from '../../support/bolt-file.ts';

const PATH = '/x.db';
const DATA = 4 * 4096;

function partsOf(file: Buffer): FileParts {
  return {
    path: asBytes(PATH),
    size: () => file.length,
    read: (position, length) => Buffer.from(file.subarray(position, position + length)),
  };
}

type Dump = { [key: string]: string | Dump };

function dump(bucket: Bucket): Dump {
  const entries = [...bucket.entries()].map((entry) => [
    entry.key,
    entry.bucket === undefined ? entry.value.toString('latin1') : dump(entry.bucket),
  ]);
  return Object.fromEntries(entries);
}

function contentOf(file: Buffer): Dump {
  return readBolt(partsOf(file), dump);
}

const many = (count: number, value: string): BoltTree =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${String(i).padStart(6, '0')}`, value]));

const TREES: readonly [name: string, tree: BoltTree][] = [
  ['nothing', {}],
  ['an empty bucket', { empty: {} }],
  ['small buckets within a page', { a: { x: '1', y: '' }, b: { '\xff\x00': '\x00' } }],
  [
    'buckets in buckets',
    { v1: { moby: { images: { 'docker.io/library/x:1': { target: { size: '5' } } } } } },
  ],
  ['a branch', { bucket: many(300, 'value') }],
  ['branches of branches', { bucket: many(20_000, 'v') }],
  [
    'a value larger than pages',
    { bucket: { large: 'x'.repeat(20_000), small: 'y' }, more: many(5, 'z'.repeat(9000)) },
  ],
];

describe('readBolt()', () => {
  it.each(TREES)('reads %s', (_, tree) => {
    for (const pageSize of [1024, 4096, 65536]) expect(contentOf(boltFile(tree, { pageSize }))).toEqual(tree);
  });

  it('finds every key by itself, and none that is not there', () => {
    const tree = { bucket: many(3000, 'v'), small: { a: '1' } };
    readBolt(partsOf(boltFile(tree, { pageSize: 1024 })), (root) => {
      const bucket = root.bucket('bucket');
      for (const key of Object.keys(tree.bucket)) expect(bucket?.get(key)?.toString()).toBe('v');
      for (const key of ['', 'key', 'key 000000x', 'key 003000', 'z'])
        expect(bucket?.get(key)).toBe(undefined);
      expect([root.get('bucket'), root.bucket('none'), root.bucket('small')?.get('a')?.toString()]).toEqual([
        undefined,
        undefined,
        '1',
      ]);
    });
  });

  it('counts the keys of all buckets', () => {
    expect(readBolt(partsOf(boltFile({ a: { b: {}, c: '' }, d: many(400, '') })), checkBucket)).toBe(404);
  });

  /** Two transactions in one file: the older is in the first meta page. */
  function twoTransactions(): Buffer {
    const file = boltFile({ bucket: many(200, 'new') }, { transaction: 8n });
    const older = boltFile({ bucket: { old: 'old' } }, { transaction: 8n });
    const base = file.length / 4096;
    const shifted = Buffer.from(older.subarray(DATA));
    for (let at = 0; at < shifted.length; at += 4096) shifted.writeBigUInt64LE(BigInt(base + at / 4096), at);
    // The root is its last page; the small bucket lies in it.
    file.writeBigUInt64LE(BigInt(base + shifted.length / 4096 - 1), 32);
    const whole = Buffer.concat([file, shifted]);
    for (const at of [0, 4096]) {
      whole.writeBigUInt64LE(BigInt(whole.length / 4096), at + 56);
      sealMeta(whole, at);
    }
    return whole;
  }

  it('takes the later transaction, and the one before where its meta page is torn', () => {
    const file = twoTransactions();
    expect(Object.keys(contentOf(file).bucket ?? {}).length).toBe(200);
    file.writeUInt8(file.readUInt8(4096 + 64) ^ 1, 4096 + 64);
    expect(contentOf(file)).toEqual({ bucket: { old: 'old' } });
  });

  it('finds the second meta page where the first is torn, whatever the size of pages', () => {
    for (const pageSize of [1024, 4096, 65536]) {
      const file = boltFile({ a: { b: 'c' } }, { pageSize });
      file.fill(0, 0, 1024);
      expect(contentOf(file)).toEqual({ a: { b: 'c' } });
    }
  });

  it('reads anew what is written meanwhile, and gives up where that does not end', () => {
    const [before, after] = [boltFile({ a: 'old' }), boltFile({ a: 'new' }, { transaction: 8n })];
    let asked = 0;
    const changing = (file: () => Buffer): FileParts => ({
      path: asBytes(PATH),
      size: () => file().length,
      read: (position, length) => Buffer.from(file().subarray(position, position + length)),
    });
    const once = changing(() => (asked++ < 4 ? before : after));
    expect(readBolt(once, dump)).toEqual({ a: 'new' });
    const always = changing(() => {
      const file = Buffer.from(before);
      file.writeBigUInt64LE(BigInt(asked++), 4096 + 64);
      sealMeta(file, 4096);
      return file;
    });
    expect(() => readBolt(always, dump)).toThrow(`Cannot read "${PATH}": it is being written`);
  });

  const BRANCHED: BoltTree = { bucket: many(600, 'v') };
  /** Pages 4 and on are leaves of the bucket, then its branch, then the root. */
  const leaf = DATA;
  const branchOf = (file: Buffer) => file.length - 2 * 4096;
  const rootOf = (file: Buffer) => file.length - 4096;
  const numberOf = (at: number) => BigInt(at / 4096);
  const DAMAGES: readonly [name: string, damage: (file: Buffer) => Buffer | undefined, state: string][] = [
    ['an empty file', () => Buffer.alloc(0), 'it is empty'],
    ['text', () => Buffer.from('{}'), 'not a bolt database'],
    ['a file cut off in its meta pages', (file) => file.subarray(0, 60), 'not a bolt database'],
    ['two torn meta pages', (file) => file.fill(0, 0, 8192), 'not a bolt database'],
    ['a file cut off', (file) => file.subarray(0, -1), 'the file ends before or within page'],
    [
      'a page that is another',
      (file) => void file.writeBigUInt64LE(9n, leaf),
      'page 4 is damaged: it says that it is page 9',
    ],
    [
      'a page of no kind',
      (file) => void file.writeUInt16LE(0x10, leaf + 8),
      'page 4 is damaged: neither a branch nor a leaf',
    ],
    [
      'too many elements',
      (file) => void file.writeUInt16LE(0xffff, leaf + 10),
      'page 4 is damaged: its 65535 elements do not fit',
    ],
    [
      'a huge overflow',
      (file) => void file.writeUInt32LE(0xffffffff, leaf + 12),
      'page 4 is damaged: it claims 4294967296 pages',
    ],
    [
      'a key past the end',
      (file) => void file.writeUInt32LE(0xffffffff, leaf + 24),
      'page 4 is damaged: element 0 lies outside',
    ],
    [
      'elements on the same bytes',
      (file) => void file.writeUInt32LE(file.readUInt32LE(leaf + 20) - 16, leaf + 36),
      'page 4 is damaged: element 1 lies outside',
    ],
    [
      'keys out of order',
      (file) =>
        void file.fill(
          '~',
          leaf + 16 + 16 * file.readUInt16LE(leaf + 10),
          leaf + 16 + 16 * file.readUInt16LE(leaf + 10) + 10,
        ),
      'page 4 is damaged: element 1 is out of order',
    ],
    [
      'a branch that is its own child',
      (file) => void file.writeBigUInt64LE(numberOf(branchOf(file)), branchOf(file) + 24),
      'has two parents',
    ],
    [
      'a child twice',
      (file) => void file.writeBigUInt64LE(5n, branchOf(file) + 24),
      'page 5 has two parents',
    ],
    [
      'a child that is a meta page',
      (file) => void file.writeBigUInt64LE(1n, branchOf(file) + 24),
      'page 1 is not one of its',
    ],
    [
      'a child past the end',
      (file) => void file.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, branchOf(file) + 24),
      'is not one of its',
    ],
    [
      'a bucket that holds itself',
      (file) => void file.writeBigUInt64LE(numberOf(rootOf(file)), file.indexOf('bucket', rootOf(file)) + 6),
      'has two parents',
    ],
    [
      'a branch without children',
      (file) => void file.writeUInt16LE(0, branchOf(file) + 10),
      'a branch without children',
    ],
    [
      'a bucket without a header',
      (file) => void file.writeUInt32LE(3, rootOf(file) + 28),
      'is shorter than its header',
    ],
    [
      'a bucket without its small page',
      (file) => void file.writeBigUInt64LE(0n, file.indexOf('bucket', rootOf(file)) + 6),
      'it ends within its header',
    ],
  ];

  it.each(DAMAGES)('refuses %s', (_, damage, state) => {
    const file = boltFile(BRANCHED);
    expect(contentOf(file)).toEqual(BRANCHED);
    const damaged = damage(file) ?? file;
    expect(() => contentOf(damaged)).toThrow(Trouble);
    expect(() => contentOf(damaged)).toThrow(state);
    expect(() => contentOf(damaged)).toThrow(`Cannot read "${PATH}": `);
  });

  it('refuses buckets in each other without end', () => {
    let tree: BoltTree = { x: 'y' };
    for (let depth = 0; depth < 70; depth++) tree = { b: tree };
    expect(() => contentOf(boltFile(tree))).toThrow('more than 64 buckets in each other');
  });

  it('answers or says what is damaged, whatever bytes are changed, and never more than the file holds', () => {
    const tree = {
      bucket: many(90, 'some value'),
      deep: { a: { b: { c: 'd' } } },
      big: { x: 'y'.repeat(9000) },
    };
    const good = boltFile(tree, { pageSize: 1024 });
    const change = fc.record({
      at: fc.nat(good.length - 1),
      width: fc.constantFrom(1, 2, 4, 8),
      value: fc.oneof(fc.bigInt(0n, 40n), fc.bigInt(0n, 0xffff_ffff_ffff_ffffn)),
      align: fc.boolean(),
    });
    let answers = 0;
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const file = Buffer.from(good);
        for (const { at, width, value, align } of changes) {
          const start = Math.min(align ? at & ~3 : at, file.length - width);
          const bytes = Buffer.alloc(8);
          bytes.writeBigUInt64LE(value);
          bytes.copy(file, start, 0, width);
        }
        for (const at of [0, 1024]) sealMeta(file, at);
        try {
          const text = JSON.stringify(contentOf(file));
          answers++;
          // A byte is at most \u0000 there.
          expect(text.length).toBeLessThan(file.length * 7);
        } catch (error) {
          if (!(error instanceof Trouble)) throw error;
          expect(error.message).toMatch(/^Cannot read "\/x\.db": ./);
        }
      }),
      { numRuns: 3000 },
    );
    expect(answers).toBeGreaterThan(100);
  });
});

describe('olderState()', () => {
  /** `boltFile` writes transaction 6 into page 0, 7 into page 1. */
  const NEWEST =
    'its meta page 1, the newest (transaction 7), is damaged, so an older state (transaction 6) is shown';
  const PERHAPS = (page: number, shown: number) =>
    `its meta page ${page} is damaged and may have been the newest, so an older state (transaction ${shown}) is shown`;
  const flip = (file: Buffer, at: number) => void file.writeUInt8(file.readUInt8(at) ^ 1, at);
  const DAMAGES: readonly [name: string, damage: (file: Buffer) => void, state: string | undefined][] = [
    ['both are whole', () => {}, undefined],
    ['the checksum of the newest is wrong', (file) => flip(file, 4096 + 72), NEWEST],
    ['the magic of the newest is wrong', (file) => flip(file, 4096 + 16), NEWEST],
    ['the version of the newest is wrong', (file) => flip(file, 4096 + 20), NEWEST],
    ['the newest is overwritten', (file) => void file.fill('x', 4096, 8192), PERHAPS(1, 6)],
    ['the newest is empty', (file) => void file.fill(0, 4096, 8192), PERHAPS(1, 6)],
    ['the other is damaged', (file) => flip(file, 72), undefined],
    ['what the other was is lost', (file) => void file.fill('x', 0, 4096), PERHAPS(0, 7)],
  ];

  it.each(DAMAGES)('tells where %s', (_, damage, state) => {
    const file = boltFile({ a: { b: 'c' } });
    damage(file);
    expect(olderState(partsOf(file))).toBe(state);
  });

  it('is silent about a page that is being written', () => {
    const [torn, whole] = [boltFile({ a: { b: 'c' } }), boltFile({ a: { b: 'c' } })];
    flip(torn, 4096 + 72);
    let isWritten = false;
    const parts: FileParts = {
      ...partsOf(torn),
      read: (position, length) => {
        const bytes = Buffer.from((isWritten ? whole : torn).subarray(position, position + length));
        // The last that is read of it to see that it is damaged.
        if (position === 4096 && length > 0 && reads++ === 1) isWritten = true;
        return bytes;
      },
    };
    let reads = 0;
    expect(olderState(parts)).toBe(undefined);
    expect(reads).toBeGreaterThan(2);
  });

  it('leaves what has no whole meta page to whoever reads it', () => {
    const file = boltFile({}).fill(0, 0, 8192);
    expect(() => olderState(partsOf(file))).toThrow('both of its meta pages (0 and 1) are damaged');
  });
});
