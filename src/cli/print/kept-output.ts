// What is printed, kept for as long as somebody may read it: in memory while it is short, else in a file without a name.
import { closeSync, fstatSync, readSync, type Stats, writeSync } from 'node:fs';
import { bytesOfText } from '../../sys/bytes.ts';
import { E, Errno, errnoOf, errnoWords, Trouble } from '../../sys/errors.ts';
import { checkWritable, type Kept } from '../../sys/kept.ts';
import { openNameless } from '../../sys/nameless.ts';
import { GatheredOutput } from './output.ts';

/** Bytes up to which no file is made. */
const SHORT = 256 << 10;

export class KeptOutput extends GatheredOutput {
  readonly columns = undefined;
  readonly #directory: string;
  readonly #kept: readonly Kept[];
  readonly #short: Buffer[] = [];
  #length = 0;
  #descriptor = -1;

  /** A file would lie in `directory`, which must not be in one of `kept`. */
  constructor(directory: string, kept: readonly Kept[] = []) {
    super();
    this.#directory = directory;
    this.#kept = kept;
  }

  /** What another process kept, by the descriptor of its file; undefined where that is no such file. */
  static of(descriptor: number): KeptOutput | undefined {
    const status = statusOf(descriptor);
    if (status === undefined || !status.isFile() || status.nlink > 0) return undefined;
    const output = new KeptOutput('');
    output.#descriptor = descriptor;
    output.#length = status.size;
    return output;
  }

  /** Of the file, which is made where there is none yet. Throws Trouble. */
  descriptor(): number {
    this.flush();
    this.#try(() => this.#toFile());
    return this.#descriptor;
  }

  /** Bytes that can be read: all that was flushed. */
  get length(): number {
    return this.#length;
  }

  /** Fills `out` from a place on as far as there are bytes; answers how many there were. Throws Errno. */
  read(offset: number, out: Uint8Array): number {
    const wanted = Math.max(0, Math.min(out.length, this.#length - offset));
    if (this.#descriptor < 0) {
      out.set(this.#whole().subarray(offset, offset + wanted));
      return wanted;
    }
    for (let done = 0; done < wanted; ) {
      const count = readSync(this.#descriptor, out, done, wanted - done, offset + done);
      if (count === 0) throw new Errno(E.EIO, 'read a temporary file that became shorter');
      done += count;
    }
    return wanted;
  }

  #whole(): Buffer {
    const [first, ...others] = this.#short;
    if (first !== undefined && others.length === 0) return first;
    const whole = Buffer.concat(this.#short);
    this.#short.splice(0, this.#short.length, whole);
    return whole;
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#short.length = 0;
    this.#length = 0;
  }

  protected override writeAll(bytes: Uint8Array): void {
    if (this.#descriptor < 0 && this.#length + bytes.length <= SHORT) {
      this.#short.push(Buffer.from(bytes));
      this.#length += bytes.length;
      return;
    }
    this.#try(() => {
      this.#toFile();
      this.#length = writeAt(this.#descriptor, bytes, this.#length);
    });
  }

  #toFile(): void {
    if (this.#descriptor >= 0) return;
    checkWritable(bytesOfText(`${this.#directory}/stratafs`), this.#kept);
    const descriptor = openNameless(this.#directory);
    try {
      let place = 0;
      for (const each of this.#short) place = writeAt(descriptor, each, place);
    } catch (error) {
      // What is in memory stays there.
      closeSync(descriptor);
      throw error;
    }
    this.#descriptor = descriptor;
    this.#short.length = 0;
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === undefined) throw cause;
      const state = `${errnoWords(errno)}; set TMPDIR`;
      throw new Trouble('usage', `Cannot keep what is told in "${this.#directory}": ${state}`, { cause });
    }
  }
}

function statusOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

/** All of it from a place on; answers the place behind it. */
function writeAt(descriptor: number, bytes: Uint8Array, place: number): number {
  for (let done = 0; done < bytes.length; )
    done += writeSync(descriptor, bytes, done, bytes.length - done, place + done);
  return place + bytes.length;
}
