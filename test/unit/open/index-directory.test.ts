// The directory of indexes: what of its files is believed, and where it is not made or written to.
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IndexDirectory } from '../../../src/open/index-directory.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';
import { temporaryForSuite } from '../../support/temporary.ts';

function replaceByDirectory(file: string): void {
  rmSync(file);
  mkdirSync(file);
}

function replaceByLink(file: string): void {
  renameSync(file, `${file}x`);
  symlinkSync(`${file}x`, file);
}

describe('IndexDirectory', () => {
  const temporary = temporaryForSuite();
  let count = 0;

  function fresh(largest?: number): { readonly path: string; readonly directory: IndexDirectory } {
    const path = temporary.path(`indexes-${++count}`);
    return { path, directory: new IndexDirectory(path, [], largest) };
  }

  function written(largest?: number): ReturnType<typeof fresh> & { readonly file: string } {
    const made = fresh(largest);
    made.directory.write('key', 'index', Buffer.from('what is known'), []);
    return { ...made, file: join(made.path, readdirSync(made.path)[0] as string) };
  }

  it('is made for its user alone, and reads what was written, by key and kind', () => {
    const { path, directory, file } = written();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(directory.read('key', 'index')?.toString()).toBe('what is known');
    expect(directory.read('key', 'tree')).toBeUndefined();
    expect(directory.read('another', 'index')).toBeUndefined();
    directory.write('key', 'index', Buffer.from('more'), []);
    expect(directory.read('key', 'index')?.toString()).toBe('more');
    expect(readdirSync(path)).toHaveLength(1);
    directory.close();
  });

  const bad: readonly (readonly [what: string, damage: (file: string) => void, message: RegExp])[] = [
    ['that others may write to', (file) => chmodSync(file, 0o620), /Ignoring an index in .*others than this/],
    ['that is a directory', replaceByDirectory, /Ignoring an index in .*others than this/],
    ['that is a link', replaceByLink, /Cannot read .*links/],
  ];

  it.each(bad)('does not believe a file %s', (_what, damage, message) => {
    const { directory, file } = written();
    damage(file);
    expect(() => directory.read('key', 'index')).toThrow(message);
    directory.close();
  });

  it('writes nothing that it would not read, and keeps what is there', () => {
    const { path, directory, file } = written(13);
    expect(() => directory.write('key', 'index', Buffer.alloc(14), [])).toThrow(
      /14 bytes, and 13 are the most/,
    );
    expect(readFileSync(file, 'latin1')).toBe('what is known');
    writeFileSync(file, Buffer.alloc(14));
    expect(() => directory.read('key', 'index')).toThrow(/it has more than 13 bytes/);
    expect(readdirSync(path)).toHaveLength(1);
    directory.close();
  });

  it('is not made in what is kept, nor used there by another name', () => {
    const layer = temporary.path('layer');
    mkdirSync(`${layer}/old`, { recursive: true });
    symlinkSync(layer, temporary.path('link'));
    const kept = [{ directory: bytesOfText(layer), what: 'the layer' }];
    for (const path of [`${layer}/new`, `${layer}/old`, temporary.path('link/new'), temporary.path('link')])
      expect(() => new IndexDirectory(path, kept)).toThrow(/it lies inside the layer/);
    expect(readdirSync(layer)).toEqual(['old']);
  });

  it('writes nothing once it lies in what is kept', () => {
    const { path, directory } = fresh();
    const layer = temporary.path('other-layer');
    mkdirSync(layer);
    renameSync(path, `${layer}/moved`);
    const kept = [{ directory: bytesOfText(layer), what: 'the layer' }];
    expect(() => directory.write('key', 'index', Buffer.from('x'), kept)).toThrow(/it lies inside the layer/);
    expect(readdirSync(`${layer}/moved`)).toEqual([]);
    directory.close();
  });

  it('is not made below a directory that is not there', () => {
    const path = temporary.path('nowhere/indexes');
    expect(() => new IndexDirectory(path, [])).toThrow(/Cannot use the index directory .*: no such file/);
  });
});
