// A store that a suite must leave as it was to the last bit: names, contents, holes, attributes, and all times.
import { afterAll, expect } from 'vitest';
import type { Field, Oracle } from './oracle.ts';
import { differences } from './tree.ts';

const EVERYTHING: readonly Field[] = [
  'mode',
  'owner',
  'size',
  'dir_size',
  'rdev',
  'mtime',
  'ctime',
  'atime',
  'btime',
  'nlink',
  'ino',
  'blocks',
  'target',
  'xattrs',
  'sha256',
  'map',
];

export class KeptStore {
  readonly #oracle: Oracle;
  readonly #before = new Map<string, string[]>();

  /** Compares when the suite ends. */
  constructor(oracle: Oracle) {
    this.#oracle = oracle;
    afterAll(async () => {
      for (const directory of this.#before.keys()) await this.mustBeAsBefore(directory);
    });
  }

  /** From now on these directories must stay as they are; answers how many names and bytes they hold. */
  async remember(directories: readonly string[]): Promise<{ names: number; bytes: number }> {
    let [names, bytes] = [0, 0];
    for (const directory of directories) {
      const lines = await this.#now(directory);
      this.#before.set(directory, lines);
      names += lines.length;
      for (const line of lines) bytes += Number(/ size=(\d+)/.exec(line)?.[1] ?? 0);
    }
    return { names, bytes };
  }

  async mustBeAsBefore(directory: string): Promise<void> {
    expect(differences(this.#before.get(directory) ?? [], await this.#now(directory))).toBe('');
  }

  #now(directory: string): Promise<string[]> {
    return this.#oracle.dump(directory, { noatime: true, fields: EVERYTHING });
  }
}
