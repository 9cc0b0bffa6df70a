// The names of a directory as the loader reads them, beside what Node's own listing says.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Names } from '../../../src/overlay/names.ts';
import { type ByteString, cString } from '../../../src/sys/bytes.ts';
import { E } from '../../../src/sys/errors.ts';
import { close, O, open } from '../../../src/sys/libc.ts';

const DT_REG = 8;
const DT_DIR = 4;

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'stratafs-names-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function make(names: readonly string[]): string {
  const directory = mkdtempSync(join(base, 'd'));
  for (const name of names) writeFileSync(Buffer.from(`${directory}/${name}`, 'latin1'), '');
  return directory;
}

interface Read {
  readonly name: string;
  readonly type: number;
  readonly level: number;
}

/** What is read of several directories at once. */
function readAll(names: Names, ...directories: string[]): Read[] {
  names.clear();
  for (const directory of directories) {
    const fd = open(cString(directory as ByteString), O.RDONLY | O.DIRECTORY);
    try {
      expect(names.read(fd)).toBe(0);
    } finally {
      close(fd);
    }
  }
  names.sort();
  return Array.from({ length: names.count }, (_, i) => ({
    name: names.bytes.toString('latin1', names.place(i), names.place(i) + names.length(i)),
    type: names.type(i),
    level: names.level(i),
  }));
}

function sorted(directory: string): string[] {
  return readdirSync(directory, { encoding: 'latin1' }).sort();
}

describe('names of a directory', () => {
  const names = new Names();

  it.each([
    ['none', []],
    ['few, some of which begin others', ['b', 'a', 'ab', 'a\x01', 'a b', '.c', '..d', '...']],
    [
      'any byte that a name can have',
      Array.from({ length: 255 }, (_, i) => String.fromCharCode(i + 1)).filter((c) => c !== '/' && c !== '.'),
    ],
    ['the longest', ['x'.repeat(255), 'x'.repeat(254), `${'x'.repeat(254)}\xff`]],
    [
      'more than there is room for at first',
      Array.from({ length: 9001 }, (_, i) => `${(i * 7919) % 9001}-${'n'.repeat(i % 40)}`),
    ],
  ])('are in byte order: %s', (_, made) => {
    const directory = make(made);
    const read = readAll(names, directory);
    expect(read.map(({ name }) => name)).toEqual(sorted(directory));
    expect(read).toHaveLength(made.length);
    expect(new Set(read.map(({ type }) => type))).toEqual(new Set(made.length > 0 ? [DT_REG] : []));
  });

  it('have their types', () => {
    const directory = make(['file']);
    mkdtempSync(join(directory, 'zz'));
    expect(readAll(names, directory).map(({ type }) => type)).toEqual([DT_REG, DT_DIR]);
  });

  it('of several directories stand together, topmost first', () => {
    const layers = [
      ['b', 'both', 'z'],
      ['a', 'both', 'z'],
      ['both', 'c'],
    ];
    const read = readAll(names, ...layers.map(make));
    expect(read.map(({ name, level }) => `${name} ${level}`)).toEqual([
      'a 1',
      'b 0',
      'both 0',
      'both 1',
      'both 2',
      'c 2',
      'z 0',
      'z 1',
    ]);
    expect(names.countDifferent()).toBe(5);
    expect(names.endOfEqual(2)).toBe(5);
  });

  it('are found by directory', () => {
    const layers = [Array.from({ length: 300 }, (_, i) => `even${2 * i}`), ['even0', 'odd1']];
    readAll(names, ...layers.map(make));
    for (const [level, layer] of layers.entries()) {
      for (const name of ['even0', 'even598', 'odd1', 'odd', 'odd11', '', 'zzz', 'EVEN0'])
        expect([level, name, names.has(level, name)]).toEqual([level, name, layer.includes(name)]);
    }
  });

  it('cannot be read from what is no directory', () => {
    const fd = open(cString(join(make(['file']), 'file') as ByteString), O.RDONLY);
    try {
      names.clear();
      expect(names.read(fd)).toBe(-E.ENOTDIR);
    } finally {
      close(fd);
    }
  });
});
