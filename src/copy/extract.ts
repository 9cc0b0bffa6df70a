// Copies files and trees out of a merged view or a layer into a directory, by their paths in the image.

import { below } from '../layers/layers.ts';
import type { Node } from '../layers/nodes.ts';
import type { ByteString } from '../sys/bytes.ts';
import { E, Errno, Trouble } from '../sys/errors.ts';
import { isCountable } from '../sys/file-size.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import { sparseRuns } from '../tar/data-runs.ts';
import { type Destination, DestinationError, type Made } from './destination.ts';
import type { NotKept, Original } from './kept-metadata.ts';

export interface ExtractLog {
  /** An object is begun. */
  begun(path: ByteString): void;
  /** So many more bytes of one are there. */
  copied(bytes: number): void;
  /** One object could not be read, or could not be made; the others are copied all the same. */
  failed(path: ByteString, error: Errno | Trouble | DestinationError): void;
  /** The object is there, but without something of its own: `owner`, `attribute user.x`. */
  notKept(path: ByteString, what: string, errno: number): void;
  /** A device, fifo or socket, which was not asked for. */
  skipped(path: ByteString, mode: number): void;
}

export interface ExtractOptions {
  /** Owners, modes and extended attributes too; as the destination was opened. */
  readonly preserve: boolean;
  /** Devices, fifos and sockets too. */
  readonly special: boolean;
}

const CHUNK = 256 << 10;
const NO_XATTRS: Original['xattrs'] = new Map();

/** What is still to be copied will fail for the same reason. */
const HOPELESS: readonly number[] = [E.ENOSPC, E.EDQUOT, E.EROFS];

/** A directory that is being copied. */
interface Open {
  readonly path: ByteString;
  readonly original: Original;
  readonly to: Destination;
  readonly isNew: boolean;
  /** What is still to be copied, the next one last. */
  readonly rest: { readonly name: ByteString; readonly node: Node | Errno }[];
}

/**
 * Copies into one destination; names of one object are linked to each other, whichever call copies them. The work is done
 * in steps, and may be ended after each: then nothing is left half made but directories that are not full.
 */
export class Extractor {
  readonly #to: Destination;
  readonly #options: ExtractOptions;
  readonly #log: ExtractLog;
  readonly #chunk = Buffer.allocUnsafe(CHUNK);
  /** The directories on the way to what is copied now. */
  readonly #open: Open[] = [];
  /** Objects that have further names, by their identity. */
  readonly #made = new Map<string, Made>();

  constructor(to: Destination, options: ExtractOptions, log: ExtractLog) {
    this.#to = to;
    this.#options = options;
    this.#log = log;
  }

  /**
   * Makes the directories that lead to the path too, with no more than their names. `names` is empty for the root.
   * Throws DestinationError where nothing more can be written.
   */
  *extract(node: Node, names: readonly ByteString[]): Generator<void> {
    const parents: Destination[] = [];
    let path = '' as ByteString;
    try {
      let at = this.#to;
      for (const name of names.slice(0, -1)) {
        path = below(path, name);
        at = at.directory(name).directory;
        parents.push(at);
      }
      const last = names.at(-1);
      if (last === undefined) yield* this.#contents(path, node);
      else {
        path = below(path, last);
        yield* this.#one(path, last, node, at);
        yield* this.#run();
      }
    } catch (error) {
      this.#fail(path, error);
    } finally {
      for (const { to } of this.#open.splice(0)) to.close();
      for (const parent of parents) parent.close();
    }
  }

  /** Of a directory that is there already. */
  *#contents(path: ByteString, node: Node): Generator<void> {
    for (const child of node.children()) {
      yield* this.#child(path, child, this.#to);
      yield* this.#run();
    }
  }

  *#run(): Generator<void> {
    for (let at = this.#open.at(-1); at !== undefined; at = this.#open.at(-1)) {
      const child = at.rest.pop();
      if (child !== undefined) yield* this.#child(at.path, child, at.to);
      else this.#leave(at);
    }
  }

  *#child(path: ByteString, { name, node }: Open['rest'][number], to: Destination): Generator<void> {
    if (node instanceof Errno) this.#log.failed(below(path, name), node);
    else yield* this.#one(below(path, name), name, node, to);
  }

  #leave({ path, original, to, isNew }: Open): void {
    this.#open.pop();
    try {
      if (isNew) to.finish(original, this.#notKept(path));
    } catch (error) {
      this.#fail(path, error);
    } finally {
      to.close();
    }
  }

  *#one(path: ByteString, name: ByteString, node: Node, to: Destination): Generator<void> {
    const { mode } = node.attributes;
    const type = mode & S_IFMT;
    this.#log.begun(path);
    yield;
    try {
      if (type === S_IFDIR) this.#enter(path, name, node, to);
      else if (type !== S_IFREG && type !== S_IFLNK && !this.#options.special) this.#log.skipped(path, mode);
      else if (!this.#link(name, node, to)) yield* this.#make(path, name, node, to);
    } catch (error) {
      this.#fail(path, error);
    }
  }

  #enter(path: ByteString, name: ByteString, node: Node, to: Destination): void {
    const rest = node.children().toReversed();
    const original = this.#original(node);
    const { directory, isNew } = to.directory(name, node.attributes.mode);
    this.#open.push({ path, original, to: directory, isNew, rest });
  }

  /** Whether it became another name of what was made before. */
  #link(name: ByteString, node: Node, to: Destination): boolean {
    const made = this.#made.get(node.identity);
    return made !== undefined && to.link(name, made);
  }

  *#make(path: ByteString, name: ByteString, node: Node, to: Destination): Generator<void> {
    const original = this.#original(node);
    const type = node.attributes.mode & S_IFMT;
    const notKept = this.#notKept(path);
    let made: Made;
    if (type === S_IFREG) made = yield* this.#file(name, node, original, to, notKept);
    else if (type === S_IFLNK) made = to.symlink(name, node.linkTarget(), original, notKept);
    else made = to.special(name, original, notKept);
    if (node.attributes.nlink > 1) this.#made.set(node.identity, made);
  }

  *#file(
    name: ByteString,
    node: Node,
    original: Original,
    to: Destination,
    notKept: NotKept,
  ): Generator<void, Made> {
    const { attributes } = node;
    if (!isCountable(attributes)) throw new Errno(E.EFBIG, 'copy a file of 2^53 bytes or more');
    const contents = node.open();
    try {
      const whole = [[0, attributes.size]] as const;
      const runs = sparseRuns(attributes, (offset, whence) => contents.seek(offset, whence)) ?? whole;
      const file = to.file(name, original);
      try {
        for (const [start, length] of runs) {
          for (let at = start; at < start + length; ) {
            const piece = this.#read(contents, at, start + length - at);
            file.write(piece, at);
            at += piece.length;
            this.#log.copied(piece.length);
            yield;
          }
        }
        return file.keep(notKept);
      } finally {
        file.close();
      }
    } finally {
      contents.close();
    }
  }

  #read(contents: ReturnType<Node['open']>, offset: number, length: number): Uint8Array {
    const room = this.#chunk.subarray(0, Math.min(length, CHUNK));
    const count = contents.read(offset, room);
    if (count < room.length) throw new Errno(E.EIO, 'read a file that became shorter');
    return room;
  }

  #original(node: Node): Original {
    return { attributes: node.attributes, xattrs: this.#options.preserve ? node.xattrs() : NO_XATTRS };
  }

  #notKept(path: ByteString): NotKept {
    return (what, errno) => this.#log.notKept(path, what, errno);
  }

  /** Anything but a failed system call is a bug. */
  #fail(path: ByteString, error: unknown): void {
    if (error instanceof DestinationError && HOPELESS.includes(error.errno)) throw error;
    if (!(error instanceof Errno || error instanceof Trouble || error instanceof DestinationError))
      throw error;
    this.#log.failed(path, error);
  }
}
