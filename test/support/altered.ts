// Damage done to files, for tests that try everything: bytes changed, cut, doubled, values of JSON and bbolt replaced, and texts
// that mean something to someone.
// FUZZ says how many times the usual number of tries is made.
import fc from 'fast-check';
import { type Bucket, readBolt } from '../../src/store/formats/bolt.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { type BoltTree, boltFile } from './bolt-file.ts';

const FUZZ = Number(process.env.FUZZ ?? 1);

/** How often to try what a short test tries `count` times. */
export function tries(count: number): number {
  return count * FUZZ;
}

/**
 * `act` on so many samples, one after the other: the same ones in each run but where SEED says otherwise. What fails is told as it
 * is: to make it smaller takes a try for each byte of it.
 */
export async function eachSample<T>(
  arbitrary: fc.Arbitrary<T>,
  count: number,
  act: (sample: T) => unknown,
): Promise<void> {
  const seed = Number(process.env.SEED ?? 1);
  for (const [index, sample] of fc.sample(arbitrary, { numRuns: count, seed }).entries()) {
    // What only computes never comes back to the event loop: the run could neither tell how far it is nor be ended.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      await act(sample);
    } catch (cause) {
      const text = JSON.stringify(sample, base64).slice(0, 100_000);
      throw new Error(`sample ${index} of seed ${seed}: ${text}`, { cause });
    }
  }
}

/** Of bytes what can be pasted into a test; `toJSON` of a Buffer comes before this. */
function base64(_: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer';
  return isBytes && 'data' in value ? Buffer.from(value.data as number[]).toString('base64') : value;
}

export const HOSTILE_TEXT = fc.constantFrom(
  '',
  '..',
  '../../../../etc/passwd',
  '/etc',
  '\0',
  'a\nb',
  '\u001b[2J',
  'sha256:',
  `sha256:${'0'.repeat(64)}`,
  `sha256:${'../'.repeat(21)}x`,
  'ab'.repeat(32),
  'x'.repeat(70_000),
  '\ud800',
  '__proto__',
  'constructor',
);

/** Bytes flipped, cut, doubled. */
export function alteredBytes(bytes: Buffer): fc.Arbitrary<Buffer> {
  const at = fc.nat({ max: Math.max(0, bytes.length - 1) });
  return fc.oneof(
    fc.record({ at, by: fc.nat({ max: 255 }) }).map(({ at, by }) => {
      const copy = Buffer.from(bytes);
      copy[at] = by;
      return copy;
    }),
    at.map((end) => bytes.subarray(0, end)),
    at.map((start) => Buffer.concat([bytes, bytes.subarray(start)])),
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    HOSTILE_TEXT.map((text) => Buffer.from(text)),
  );
}

const ANY_VALUE = fc.oneof(fc.jsonValue({ maxDepth: 3 }), HOSTILE_TEXT, fc.constantFrom(1e308, -1, 2 ** 53));

/** The value with one part of it replaced, added to or taken away. */
export function alteredJson(value: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(value);
  return fc
    .record({ path: fc.constantFrom(...paths), by: ANY_VALUE, drop: fc.boolean() })
    .map(({ path, by, drop }) => alterAt(value, path, drop ? undefined : by));
}

function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  return [
    [],
    ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner).map((path) => [key, ...path])),
  ];
}

function alterAt(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined || typeof value !== 'object' || value === null) return by;
  const inner = alterAt((value as Record<string, unknown>)[key], rest, by);
  if (Array.isArray(value)) return value.map((old, index) => (String(index) === key ? inner : old));
  return { ...value, [key]: inner };
}

/** A bbolt database with one key or value of it replaced, added to or taken away; its pages are sound. */
export function alteredBolt(file: Buffer): fc.Arbitrary<Buffer> {
  const tree = boltTree(file);
  const value = fc.oneof(
    HOSTILE_TEXT.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes)),
    fc.constant<BoltTree>({}),
    fc.constant<BoltTree>({ '..': { id: '\x01' } }),
  );
  const way = fc.constantFrom('drop', 'replace', 'rename', 'alter');
  const paths = boltPaths(tree);
  return fc
    .record({ path: fc.constantFrom(...paths), way, by: value, name: HOSTILE_TEXT })
    .chain(({ path, way, by, name }) => {
      const old = valueAt(tree, path);
      const put = (to: BoltTree[string] | undefined, key?: string) =>
        boltFile(alterBolt(tree, path, to, key) as BoltTree);
      if (way === 'drop') return fc.constant(put(undefined));
      if (way === 'rename') return fc.constant(put(old, Buffer.from(name || 'x').toString('latin1')));
      if (way === 'replace' || !Buffer.isBuffer(old)) return fc.constant(put(by));
      return alteredBytes(old).map((bytes) => put(bytes));
    });
}

export function boltTree(file: Buffer): BoltTree {
  const read = (bucket: Bucket): BoltTree =>
    Object.fromEntries(
      [...bucket.entries()].map((entry) => [
        entry.key,
        entry.bucket ? read(entry.bucket) : Buffer.from(entry.value),
      ]),
    );
  const parts = {
    path: asBytes('/database'),
    size: () => file.length,
    read: (position: number, length: number) => file.subarray(position, position + length),
  };
  return readBolt(parts, read);
}

function boltPaths(tree: BoltTree): string[][] {
  return Object.entries(tree).flatMap(([key, value]) => [
    [key],
    ...(isBucket(value) ? boltPaths(value).map((path) => [key, ...path]) : []),
  ]);
}

function isBucket(value: BoltTree[string] | undefined): value is BoltTree {
  return typeof value === 'object' && !Buffer.isBuffer(value);
}

function valueAt(tree: BoltTree, [key = '', ...rest]: readonly string[]): BoltTree[string] | undefined {
  const value = tree[key];
  return rest.length === 0 || !isBucket(value) ? value : valueAt(value, rest);
}

function alterBolt(
  tree: BoltTree,
  [key = '', ...rest]: readonly string[],
  to: BoltTree[string] | undefined,
  name = key,
): BoltTree {
  const { [key]: old, ...others } = tree;
  if (rest.length > 0 && isBucket(old)) return { ...others, [key]: alterBolt(old, rest, to, name) };
  // No key of bbolt is longer.
  return to === undefined ? others : { ...others, [rest.length > 0 ? key : name.slice(0, 32_768)]: to };
}

/** One number of one page replaced: of its header, of the places of its cells, or anywhere. */
export function alteredPages(file: Buffer, pageSize: number): fc.Arbitrary<Buffer> {
  const change = fc.record({
    page: fc.nat({ max: Math.max(0, Math.floor(file.length / pageSize) - 1) }),
    at: fc.oneof(fc.nat({ max: 31 }), fc.nat({ max: 127 }), fc.nat({ max: pageSize - 1 })),
    width: fc.constantFrom(1, 2, 4, 8),
    value: fc.oneof(
      fc.bigInt(0n, 64n),
      fc.constantFrom(0xffn, 0xffffn, 0xffff_ffffn),
      fc.bigInt(0n, 2n ** 64n - 1n),
    ),
    bigEndian: fc.boolean(),
  });
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    const copy = Buffer.from(file);
    for (const { page, at, width, value, bigEndian } of changes) {
      const start = Math.min(page * pageSize + at, Math.max(0, copy.length - width));
      const bytes = Buffer.alloc(8);
      if (bigEndian) bytes.writeBigUInt64BE(value);
      else bytes.writeBigUInt64LE(value);
      (bigEndian ? bytes.subarray(8 - width) : bytes.subarray(0, width)).copy(copy, start);
    }
    return copy;
  });
}

/** Damage by what a file holds. */
export function alteredFile(bytes: Buffer): fc.Arbitrary<Buffer> {
  const any = alteredBytes(bytes);
  const form = formOf(bytes);
  if (form === 'bolt')
    return fc.oneof(any, alteredPages(bytes, 4096), { arbitrary: alteredBolt(bytes), weight: 3 });
  if (form === 'sqlite') return fc.oneof(any, { arbitrary: alteredPages(bytes, 4096), weight: 4 });
  if (form === 'other') return any;
  const json = alteredJson(JSON.parse(bytes.toString('utf8')));
  return fc.oneof(any, {
    arbitrary: json.map((value) => Buffer.from(JSON.stringify(value) ?? '')),
    weight: 3,
  });
}

const BOLT_MAGIC = 0xed0cdaed;

function formOf(bytes: Buffer): 'bolt' | 'sqlite' | 'json' | 'other' {
  if (bytes.length >= 4096 && bytes.readUInt32LE(16) === BOLT_MAGIC) return 'bolt';
  if (bytes.subarray(0, 6).toString('latin1') === 'SQLite') return 'sqlite';
  try {
    JSON.parse(bytes.toString('utf8'));
    return 'json';
  } catch {
    return 'other';
  }
}
