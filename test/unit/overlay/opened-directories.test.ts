// Layers opened one after the other over the same memory: none sees what another one had there.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenDirectories } from '../../../src/overlay/opened-directories.ts';
import type { ByteString } from '../../../src/sys/bytes.ts';

/** A size that nobody else asks for, so that what is given back here is found here. */
const MOST = 2 ** 21;

let layer: string;

beforeEach(() => {
  layer = mkdtempSync(join(tmpdir(), 'stratafs-opened-'));
  mkdirSync(join(layer, 'etc'));
});

afterEach(() => {
  rmSync(layer, { recursive: true });
});

function open(): OpenDirectories {
  const source = { kind: 'directory', path: layer as ByteString } as const;
  const read = { layer: { source, role: 'plain' }, dialect: 'trusted' } as const;
  return new OpenDirectories([read], { most: MOST, capacity: 8 });
}

/** Record of the directory `etc`. */
function etc({ table, directories }: OpenDirectories): number {
  return directories.child(directories.roots[0] as number, table.addName('etc'), 3);
}

function memoryOf({ table }: OpenDirectories): ArrayBufferLike {
  return table.names.buffer;
}

describe('OpenDirectories', () => {
  it('has the memory of one that was closed, with nothing in it', () => {
    const first = open();
    const memory = memoryOf(first);
    const record = etc(first);
    expect(first.directories.pathOf(record)).toBe('etc');
    first.table.addName('a longer name that stands where the next one has its own');
    first.close();

    const second = open();
    expect(memoryOf(second)).toBe(memory);
    expect([second.table.names, second.table.records.slice(20)].map((all) => all.findIndex(Boolean))).toEqual(
      [-1, -1],
    );
    expect(etc(second)).toBe(record);
    expect(second.directories.descriptor(record)).toBeGreaterThan(0);
    second.close();
  });

  it('says nothing once it is closed, whoever has its memory', () => {
    const first = open();
    const record = etc(first);
    first.close();
    const second = open();
    etc(second);
    expect(() => first.directories.pathOf(record)).toThrow(TypeError);
    expect(() => etc(first)).toThrow(TypeError);
    second.close();
  });

  it('gives its memory back once, however often it is closed', () => {
    const first = open();
    first.close();
    first.close();
    const both = [open(), open()];
    expect(new Set(both.map(memoryOf)).size).toBe(2);
    for (const each of both) each.close();
  });

  it('leaves memory of which much was used to be collected', () => {
    const first = open();
    const memory = memoryOf(first);
    const name = 'n'.repeat(255);
    for (let bytes = 0; bytes <= MOST / 2; bytes += 256) first.table.addName(name);
    first.close();
    const second = open();
    expect(memoryOf(second)).not.toBe(memory);
    second.close();
  });
});
