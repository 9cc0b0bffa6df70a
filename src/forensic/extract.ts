// Copies files and trees out of a merged view or a layer into a directory, by their paths in the image.
import type { ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../sys/statx.ts';
import type { Destination } from './destination.ts';
import { below } from './layers.ts';
import type { Node } from './nodes.ts';

export interface ExtractLog {
  /** `error` is an Errno of the layers, or a system error of the destination. */
  failed(path: ByteString, error: Error): void;
  /** A device, fifo or socket, which is not made. */
  skipped(path: ByteString, mode: number): void;
}

const CHUNK = 256 << 10;

/** Makes the directories that lead to the path too, with no more than their names. `names` is empty for the root. */
export function extract(node: Node, names: readonly ByteString[], to: Destination, log: ExtractLog): void {
  const copier = new Copier(log);
  const parents: Destination[] = [];
  let path = '' as ByteString;
  try {
    let at = to;
    for (const name of names.slice(0, -1)) {
      path = below(path, name);
      at = at.directory(name).directory;
      parents.push(at);
    }
    const last = names.at(-1);
    if (last === undefined) copier.contents(path, node, to);
    else copier.copy(below(path, last), last, node, at);
  } catch (error) {
    log.failed(path, expected(error));
  } finally {
    for (const parent of parents) parent.close();
  }
}

/** A directory that is being copied. */
interface Open {
  readonly path: ByteString;
  readonly node: Node;
  readonly to: Destination;
  readonly isNew: boolean;
  /** What is still to be copied, the next one last. */
  readonly rest: { readonly name: ByteString; readonly node: Node | Errno }[];
}

class Copier {
  readonly #log: ExtractLog;
  readonly #chunk = Buffer.allocUnsafe(CHUNK);
  /** The directories on the way to what is copied now. */
  readonly #open: Open[] = [];

  constructor(log: ExtractLog) {
    this.#log = log;
  }

  copy(path: ByteString, name: ByteString, node: Node, to: Destination): void {
    this.#one(path, name, node, to);
    this.#run();
  }

  /** The contents of a directory that is there already. */
  contents(path: ByteString, node: Node, to: Destination): void {
    for (const child of node.children()) {
      this.#child(path, child, to);
      this.#run();
    }
  }

  #run(): void {
    for (let at = this.#open.at(-1); at !== undefined; at = this.#open.at(-1)) {
      const child = at.rest.pop();
      if (child !== undefined) this.#child(at.path, child, at.to);
      else this.#leave(at);
    }
  }

  #child(path: ByteString, { name, node }: Open['rest'][number], to: Destination): void {
    if (node instanceof Errno) this.#log.failed(below(path, name), node);
    else this.#one(below(path, name), name, node, to);
  }

  #leave({ path, node, to, isNew }: Open): void {
    this.#open.pop();
    try {
      if (isNew) to.finish(node.attributes);
    } catch (error) {
      this.#log.failed(path, expected(error));
    } finally {
      to.close();
    }
  }

  #one(path: ByteString, name: ByteString, node: Node, to: Destination): void {
    const type = node.attributes.mode & S_IFMT;
    try {
      if (type === S_IFDIR) {
        const rest = node.children().toReversed();
        const { directory, isNew } = to.directory(name);
        this.#open.push({ path, node, to: directory, isNew, rest });
      } else if (type === S_IFREG) {
        to.file(name, node.attributes, (take) => node.read(this.#chunk, take));
      } else if (type === S_IFLNK) to.link(name, node.linkTarget(), node.attributes);
      else this.#log.skipped(path, node.attributes.mode);
    } catch (error) {
      this.#log.failed(path, expected(error));
    }
  }
}

/** Anything but a failed system call is a bug. */
function expected(error: unknown): Error {
  if (error instanceof Errno) return error;
  if (error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined) return error;
  throw error;
}
