// The indexes of layers that are directories, in a directory that a person named: a file for each, written whole or not at all. One
// that is not this user's, that others may write to, or that was damaged is passed over.
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LayerIndexStore } from '../overlay/indexed/indexed.ts';
import {
  decodeLayerDescription,
  encodeLayerDescription,
  type LayerDescription,
} from '../overlay/indexed/indexed-layer.ts';
import type { ByteString } from '../sys/bytes.ts';
import { indexTrouble, makeIndexDirectory } from './index-files.ts';

/** Bytes; that of a layer of a million names has 60 MB. */
const LARGEST = 2 ** 30;
const BY_OTHERS = 0o022;

export class TreeIndexFiles implements LayerIndexStore {
  readonly #directory: string;
  readonly #log: (message: string) => void;

  /** `log` is told why an index was not read or written: neither keeps from serving. Throws Trouble where there is no directory. */
  constructor(directory: string, log: (message: string) => void) {
    makeIndexDirectory(directory);
    this.#directory = directory;
    this.#log = log;
  }

  #file(layer: ByteString): string {
    return join(this.#directory, `${createHash('sha256').update(layer, 'latin1').digest('hex')}.tree`);
  }

  read(layer: ByteString): LayerDescription | undefined {
    try {
      const fd = openSync(
        this.#file(layer),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      try {
        return this.#readOpen(layer, fd);
      } finally {
        closeSync(fd);
      }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#log(indexTrouble('read', this.#directory, cause).message);
      return undefined;
    }
  }

  #readOpen(layer: ByteString, fd: number): LayerDescription | undefined {
    const file = fstatSync(fd);
    const isOwn = file.isFile() && file.uid === process.geteuid?.() && (file.mode & BY_OTHERS) === 0;
    if (!isOwn) {
      this.#log(`Ignoring an index in "${this.#directory}": others than this user may have written it`);
      return undefined;
    }
    if (file.size > LARGEST) return undefined;
    const bytes = Buffer.allocUnsafeSlow(file.size);
    const read = readSync(fd, bytes, 0, file.size, 0);
    return decodeLayerDescription(layer, bytes.subarray(0, read));
  }

  write(layer: ByteString, description: LayerDescription): void {
    const path = this.#file(layer);
    const unfinished = `${path}.${randomUUID()}`;
    try {
      writeFileSync(unfinished, encodeLayerDescription(layer, description), { flag: 'wx', mode: 0o600 });
      renameSync(unfinished, path);
    } catch (cause) {
      rmSync(unfinished, { force: true });
      this.#log(indexTrouble('write', this.#directory, cause).message);
    }
  }
}
