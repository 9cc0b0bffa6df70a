// The index of a layer as bytes: written and read again, and told apart where it is not what it says.
import { describe, expect, it } from 'vitest';
import {
  decodeLayerDescription,
  encodeLayerDescription,
  INDEXED_DIRECTORY,
  INDEXED_ENTRY,
  IndexedLayer,
  type LayerDescription,
} from '../../../src/overlay/indexed/indexed-layer.ts';
import { LearnedLayer } from '../../../src/overlay/indexed/learned-layer.ts';
import { STATX, STATX_SIZE } from '../../../src/sys/statx.ts';

const KEY = '/layers/\xff';

/** A `struct statx` with this inode number and time of change. */
function status(inode: number, ctime: number): Uint32Array {
  const words = new Uint32Array(STATX_SIZE / 4);
  words[STATX.ino] = inode;
  words[STATX.ctime] = ctime;
  return words;
}

/** A `struct file_handle` of 8 bytes, each this one. */
function handle(byte: number): Buffer {
  return Buffer.concat([Buffer.from([8, 0, 0, 0, 1, 0, 0, 0]), Buffer.alloc(8, byte)]);
}

/** Adds the directory of a path with these names, the first of which has no attribute and a handle; `name/` is a directory. */
function learn(layer: LearnedLayer, path: string, about: Uint32Array, ...names: readonly string[]): void {
  const first = layer.count;
  for (const [i, name] of names.entries()) {
    const bytes = Buffer.from(name.replace('/', ''), 'latin1');
    const isFirst = i === 0;
    const ctime = [7, 0, 9] as const;
    const type = name.endsWith('/') ? 4 : 8;
    layer.addEntry(
      bytes,
      0,
      bytes.length,
      type,
      isFirst ? ctime : undefined,
      isFirst ? handle(3) : undefined,
    );
  }
  layer.addDirectory(about, first, path);
}

function sample(): LearnedLayer {
  const layer = new LearnedLayer();
  learn(layer, '', status(11, 100), 'a', 'b', '\xff');
  learn(layer, 'b', status(12, 200));
  learn(layer, '\xff', status(13, 300), 'long'.repeat(50));
  return layer;
}

function text(layer: IndexedLayer, about: Uint32Array): string {
  const at = layer.find(about);
  if (at < 0) return 'not known';
  const first = layer.firstOf(at);
  const lines = Array.from({ length: layer.countOf(at) }, (_, i) => {
    const entry = first + i;
    const start = layer.nameAt(entry);
    const name = layer.names.toString('latin1', start, start + layer.nameLength(entry));
    const file = status(0, 7);
    file[STATX.ctime + 2] = 9;
    const marks = [
      layer.hasNoXattrs(entry, file) ? ' bare' : '',
      layer.handleOf(entry) === 0 ? '' : ' handle',
    ];
    return `${name} ${layer.typeOf(entry)}${marks.join('')}`;
  });
  return lines.join(', ');
}

function read(bytes: Buffer, key = KEY): IndexedLayer | undefined {
  const description = decodeLayerDescription(key, bytes);
  return description && new IndexedLayer(description);
}

describe('decodeLayerDescription()', () => {
  const bytes = encodeLayerDescription(KEY, sample().description);

  it('reads what was encoded, wherever its bytes lie', () => {
    const odd = Buffer.concat([Buffer.from([0]), bytes]).subarray(1);
    for (const layer of [read(bytes), read(odd)]) {
      if (layer === undefined) throw new Error('it was not read');
      expect(text(layer, status(11, 100))).toBe('a 8 bare handle, b 8, \xff 8');
      expect(text(layer, status(12, 200))).toBe('');
      expect(text(layer, status(13, 300))).toBe(`${'long'.repeat(50)} 8 bare handle`);
      expect(text(layer, status(11, 101))).toBe('not known');
      expect(text(layer, status(14, 100))).toBe('not known');
    }
  });

  it('reads an index of nothing', () => {
    expect(read(encodeLayerDescription(KEY, new LearnedLayer().description))).toBeDefined();
  });

  it('refuses what was cut, anywhere', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(read(bytes.subarray(0, length))).toBeUndefined();
    expect(read(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeUndefined();
  });

  it('refuses a changed byte, anywhere', () => {
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(read(changed)).toBeUndefined();
    }
  });

  it('refuses an index of another layer', () => {
    expect(read(bytes, '/layers/a')).toBeUndefined();
  });

  const NAME = INDEXED_ENTRY.name;
  const ABOUT = INDEXED_ENTRY.about;
  const HANDLE = INDEXED_ENTRY.handle;
  const HUGE = 0xffff_ffff;
  const hostile: readonly (readonly [what: string, change: (layer: LayerDescription) => void])[] = [
    ['a directory with more entries than there are', (l) => l.directories.set([5], INDEXED_DIRECTORY.count)],
    ['a directory that begins past the end', (l) => l.directories.set([HUGE], INDEXED_DIRECTORY.first)],
    ['a path past the end', (l) => l.directories.set([l.names.length + 1], INDEXED_DIRECTORY.path)],
    ['a path that reaches past the end', (l) => l.directories.set([HUGE], INDEXED_DIRECTORY.pathLength)],
    ['a name past the end', (l) => l.entries.set([l.names.length], NAME)],
    ['a name far past the end', (l) => l.entries.set([HUGE], NAME)],
    ['an empty name', (l) => l.entries.set([0], ABOUT)],
    ['a name that is too long', (l) => l.entries.set([256], ABOUT)],
    ['a name that does not end', (l) => void l.names.write('x', 1)],
    ['a name with a slash', (l) => void l.names.write('/', 0)],
    ['a dot', (l) => void l.names.write('.', 0)],
    ['names that are not in order', (l) => void l.names.write('c', 0)],
    ['a name that is there twice', (l) => void l.names.write('b', 0)],
    ['a handle past the end', (l) => l.entries.set([l.handles.length], HANDLE)],
    ['a handle far past the end', (l) => l.entries.set([HUGE - 7], HANDLE)],
    ['a handle at an odd place', (l) => l.entries.set([9], HANDLE)],
    ['a handle that reaches past the end', (l) => void l.handles.writeUInt32LE(128, 8)],
    ['a handle longer than any', (l) => void l.handles.writeUInt32LE(HUGE, 8)],
  ];

  it.each(hostile)('refuses %s', (_what, change) => {
    const layer = sample().description;
    change(layer);
    expect(read(encodeLayerDescription(KEY, layer))).toBeUndefined();
  });

  it.each([
    ['directories', { directories: new Uint32Array(INDEXED_DIRECTORY.words + 1) }],
    ['entries', { entries: new Uint32Array(INDEXED_ENTRY.words - 1) }],
  ])('refuses a part of one of its %s', (_what, part) => {
    const nothing = new LearnedLayer().description;
    expect(read(encodeLayerDescription(KEY, { ...nothing, ...part }))).toBeUndefined();
  });
});

describe('LearnedLayer', () => {
  /** Of a layer with `a/b/c`, `a/d` and `e`: which of them the next index has, by their inode numbers. */
  function next(
    unchanged: readonly (readonly [inode: number, path: string])[],
    ...learnt: readonly (readonly [path: string, about: Uint32Array, ...names: string[]])[]
  ): string {
    const before = new LearnedLayer();
    learn(before, '', status(1, 9), 'a/', 'e/');
    learn(before, 'a', status(2, 9), 'b/', 'd/');
    learn(before, 'a/b', status(3, 9), 'c/');
    learn(before, 'a/b/c', status(4, 9), 'file');
    learn(before, 'a/d', status(5, 9));
    learn(before, 'e', status(6, 9), 'file');
    const older = new IndexedLayer(before.description);
    const found = unchanged.map(([inode, path]) => [older.find(status(inode, 9)), path] as const);
    const newer = new LearnedLayer();
    for (const each of learnt) learn(newer, ...each);
    newer.takeOver(older, new Map(found));
    const bytes = encodeLayerDescription(KEY, newer.description);
    const layer = read(bytes);
    if (layer === undefined) throw new Error('it was not read');
    const times = [9, 10].flatMap((time) =>
      Array.from({ length: 9 }, (_, inode) => {
        const at = layer.find(status(inode, time));
        return at < 0 ? '' : `${inode}${time === 9 ? '' : ' anew'} ${layer.pathAt(at)}`;
      }),
    );
    return times.filter(Boolean).join(', ');
  }

  it.each([
    ['what nobody came to', next([], ['e', status(6, 10)]), '1 , 2 a, 3 a/b, 4 a/b/c, 5 a/d, 6 anew e'],
    [
      'what is below a name that is there still',
      next([], ['', status(1, 10), 'a/', 'e/', 'f/']),
      '2 a, 3 a/b, 4 a/b/c, 5 a/d, 6 e, 1 anew ',
    ],
    ['nothing below a name that is gone', next([], ['', status(1, 10), 'e/']), '6 e, 1 anew '],
    ['nothing below a name that is a file', next([], ['', status(1, 10), 'a', 'e/']), '6 e, 1 anew '],
    [
      'nothing that has another directory in its place',
      next([], ['a/b', status(7, 10), 'f']),
      '1 , 2 a, 5 a/d, 6 e, 7 anew a/b',
    ],
    [
      'what was found elsewhere, by the path that it has now',
      next([[3, 'b']], ['', status(1, 10), 'b/', 'e/']),
      '3 b, 6 e, 1 anew ',
    ],
    [
      'what is below an unchanged directory',
      next([[2, 'a']], ['a/d', status(5, 10)]),
      '1 , 2 a, 3 a/b, 4 a/b/c, 6 e, 5 anew a/d',
    ],
  ])('takes over from an older index %s', (_what, found, expected) => {
    expect(found).toBe(expected);
  });

  it('forgets the entries of a directory that could not be listed', () => {
    const layer = sample();
    const first = layer.count;
    layer.addEntry(Buffer.from('lost'), 0, 4, 8, undefined, handle(4));
    layer.forget(first);
    learn(layer, 'c', status(15, 1), 'kept');
    expect(text(new IndexedLayer(layer.description), status(15, 1))).toBe('kept 8 bare handle');
  });
});
