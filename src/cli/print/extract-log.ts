// What `stratafs extract` tells of single files.

import type { DestinationError } from '../../copy/destination.ts';
import type { ExtractLog } from '../../copy/extract.ts';
import type { LayerStack } from '../../store/layer-stack.ts';
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import { E, Errno, errnoWords, Trouble } from '../../sys/errors.ts';
import { typeOf } from '../../sys/file-types.ts';
import { pathMessage } from '../failure.ts';
import type { WorkProgress } from './progress/work-progress.ts';
import type { Terminal } from './terminal.ts';

const DESTINATION_WORDS = new Map<number, string>([
  [E.EEXIST, 'something of this name is in the destination already (--overwrite replaces files)'],
  [E.ENOTDIR, 'the destination has something else than a directory of this name'],
  [E.ELOOP, 'the destination has something else than a directory of this name'],
  [E.EISDIR, 'the destination has a directory of this name'],
]);

export function destinationWords(errno: number): string {
  return DESTINATION_WORDS.get(errno) ?? `in the destination: ${errnoWords(errno)}`;
}

/** What could not be kept is told of the first file, and at the end of how many more. */
export class ExtractPrinter implements ExtractLog {
  readonly #terminal: Terminal;
  readonly #label: string;
  readonly #progress: WorkProgress;
  /** What and why → how many more. */
  readonly #more = new Map<string, number>();
  #place = '';
  #source = '';

  constructor({ label }: LayerStack, terminal: Terminal, progress: WorkProgress) {
    this.#label = label;
    this.#progress = progress;
    this.#terminal = terminal;
  }

  /** From now on what is put at `place`, names below the destination, is what `source` leads to in the image. */
  isAt(place: readonly ByteString[], source: readonly ByteString[]): void {
    this.#place = place.map((name) => `/${name}`).join('');
    this.#source = source.map((name) => `/${name}`).join('');
  }

  begun(path: ByteString): void {
    this.#progress.name(path);
  }

  copied(bytes: number): void {
    this.#progress.bytes(bytes);
  }

  failed(path: ByteString, error: Errno | Trouble | DestinationError): void {
    if (error instanceof Trouble) {
      this.#terminal.report(error);
      return;
    }
    const state = error instanceof Errno ? errnoWords(error.errno) : destinationWords(error.errno);
    this.#report('extract', path, state, error instanceof Errno ? 'path' : 'usage');
  }

  notKept(path: ByteString, what: string, errno: number): void {
    const words = errnoWords(errno);
    const key = `${what}: ${words}`;
    const more = this.#more.get(key);
    this.#more.set(key, more === undefined ? 0 : more + 1);
    if (more === undefined) this.#report(`keep the ${what} of`, path, words, 'usage');
  }

  skipped(path: ByteString, mode: number): void {
    this.#terminal.note(
      pathMessage('extract', this.#inImage(path), this.#label, `skipped, a ${typeOf(mode).words}`),
    );
  }

  end(): void {
    for (const [key, more] of this.#more) {
      if (more > 0) this.#terminal.note(`The same of ${more} more: the ${key}`);
    }
  }

  /** What the image's file cannot do is of kind `path`, what the destination cannot, `usage`. */
  #report(doing: string, path: ByteString, state: string, kind: 'path' | 'usage'): void {
    this.#terminal.report(new Trouble(kind, pathMessage(doing, this.#inImage(path), this.#label, state)));
  }

  /** `path` is one below the destination, or of a directory that leads to the place. */
  #inImage(path: ByteString): ByteString {
    const isBelow = path === this.#place || path.startsWith(`${this.#place}/`);
    return isBelow ? asBytes(this.#source + path.slice(this.#place.length) || '/') : path;
  }
}
