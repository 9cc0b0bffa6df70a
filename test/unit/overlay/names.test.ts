// The names of a directory as the table keeps them, beside what Node's own listing says.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Names } from '../../../src/overlay/names.ts';
import { newTableMemory, Table } from '../../../src/overlay/table.ts';
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

function readAll(names: Names, table: Table, directory: string): { name: string; type: number }[] {
  const fd = open(cString(directory as ByteString), O.RDONLY | O.DIRECTORY, 0);
  try {
    const count = names.read(fd);
    return Array.from({ length: count }, (_, i) => ({
      name: table.nameAt(names.nameAt(i), names.length(i)),
      type: names.type(i),
    }));
  } finally {
    close(fd);
  }
}

function sorted(directory: string): string[] {
  return readdirSync(directory, { encoding: 'latin1' }).sort();
}

describe('names of a directory', () => {
  const table = new Table(newTableMemory());
  const names = new Names(table);

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
    const read = readAll(names, table, directory);
    expect(read.map(({ name }) => name)).toEqual(sorted(directory));
    expect(read).toHaveLength(made.length);
    expect(new Set(read.map(({ type }) => type))).toEqual(new Set(made.length > 0 ? [DT_REG] : []));
  });

  it('have their types', () => {
    const directory = make(['file']);
    mkdtempSync(join(directory, 'zz'));
    expect(readAll(names, table, directory).map(({ type }) => type)).toEqual([DT_REG, DT_DIR]);
  });

  it('end in a NUL, for system calls', () => {
    const directory = make(['one', 'two']);
    readAll(names, table, directory);
    for (const i of [0, 1]) expect(table.names[names.nameAt(i) + names.length(i)]).toBe(0);
  });

  it('cannot be read from what is no directory', () => {
    const fd = open(cString(join(make(['file']), 'file') as ByteString), O.RDONLY, 0);
    try {
      expect(names.read(fd)).toBe(-E.ENOTDIR);
    } finally {
      close(fd);
    }
  });
});
