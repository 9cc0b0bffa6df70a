// The indexes of layers in a directory that a person named: a file for each blob and rules of unpacking, written whole or not
// at all. Whoever may write there decides what is shown; what was damaged there is passed over, and written anew.
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayerIndexes } from '../layers/tars/tars.ts';
import { E, errnoOf, systemWords, Trouble } from '../sys/errors.ts';
import type { LayerIndex } from '../unpack/blob-layer.ts';
import { decodeLayerIndex, encodeLayerIndex } from '../unpack/layer-index.ts';

export class IndexFiles implements LayerIndexes {
  readonly #directory: string;

  /** Throws Trouble. */
  constructor(directory: string) {
    this.#directory = directory;
    makeIndexDirectory(directory);
  }

  #path(key: string): string {
    return join(this.#directory, `${createHash('sha256').update(key).digest('hex')}.index`);
  }

  /** Undefined where there is none, or none that can be used. Throws Trouble where it cannot be read. */
  read(key: string): LayerIndex | undefined {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#path(key));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw indexTrouble('read', this.#directory, cause);
    }
    return decodeLayerIndex(key, bytes);
  }

  /** Throws Trouble. */
  write(key: string, index: LayerIndex): void {
    const path = this.#path(key);
    const unfinished = `${path}.${randomUUID()}`;
    try {
      writeFileSync(unfinished, encodeLayerIndex(key, index), { flag: 'wx', mode: 0o600 });
      renameSync(unfinished, path);
    } catch (cause) {
      rmSync(unfinished, { force: true });
      throw indexTrouble('write', this.#directory, cause);
    }
  }
}

/** Makes it where there is none, but not those above it: a path that is mistyped makes nothing. Throws Trouble. */
export function makeIndexDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (cause) {
    if (errnoOf(cause) === E.EEXIST && statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
    throw indexTrouble('use', directory, cause);
  }
}

/** What a failure of the system comes to; any other is thrown on. */
export function indexTrouble(does: string, directory: string, cause: unknown): Trouble {
  if (errnoOf(cause) === undefined) throw cause;
  return new Trouble('usage', `Cannot ${does} the index directory "${directory}": ${systemWords(cause)}`, {
    cause,
  });
}
