// Guesses which files a reader will read next: those that follow in the directory it reads in order.
// A function of what was read; knows neither files nor kernel.

/** What the guess needs to know of a tree. */
export interface Neighbours {
  parentOf(node: number): number;
  /** The number after a directory's last entry. */
  endOf(directory: number): number;
}

/** One directory that is being read. */
interface Stream {
  readonly directory: number;
  last: number;
  /** First entry that was neither read nor handed out as a guess. */
  next: number;
  /** Guesses end before this entry. */
  goal: number;
  readonly end: number;
  /** How many entries to guess; it doubles as long as the reader goes on in order. */
  window: number;
}

const STREAMS = 8;
const FIRST_WINDOW = 8;
const LARGEST_WINDOW = 128;
/** A reader may pass over so many entries, directories or large files, and still be in order. */
const GAP = 16;

export class Streams {
  readonly #tree: Neighbours;
  /** Least recently read first. */
  readonly #streams: Stream[] = [];

  constructor(tree: Neighbours) {
    this.#tree = tree;
  }

  /** To be told of each read that the reader had to wait for. */
  read(node: number): void {
    const directory = this.#tree.parentOf(node);
    const at = this.#streams.findIndex((stream) => stream.directory === directory);
    const [stream = this.#begin(node, directory)] = at < 0 ? [] : this.#streams.splice(at, 1);
    this.#streams.push(stream);
    if (this.#streams.length > STREAMS) this.#streams.shift();

    if (at >= 0) {
      const isInOrder = node > stream.last && node <= stream.goal + GAP;
      stream.window = isInOrder ? Math.min(Math.max(stream.window * 2, FIRST_WINDOW), LARGEST_WINDOW) : 0;
      if (!isInOrder) stream.next = node + 1;
    }
    stream.last = node;
    stream.next = Math.max(stream.next, node + 1);
    stream.goal = Math.min(stream.next + stream.window, stream.end);
  }

  #begin(node: number, directory: number): Stream {
    // Whoever read other directories in order most likely goes on with this one.
    const isWalking = this.#streams.some(({ window }) => window > 0);
    const next = node + 1;
    const window = isWalking ? FIRST_WINDOW : 0;
    return { directory, last: node, next, goal: next, end: this.#tree.endOf(directory), window };
  }

  /** The next guess, in the directory read last first; 0 where there is none. */
  take(): number {
    for (let i = this.#streams.length - 1; i >= 0; i--) {
      const stream = this.#streams[i] as Stream;
      if (stream.next < stream.goal) return stream.next++;
    }
    return 0;
  }
}
