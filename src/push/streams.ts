// Guesses which files a reader will read next: those that follow in the directory it reads in order, whichever way.
// A function of what was read; knows neither files nor kernel.

/** What the guess needs to know of a tree. */
export interface Neighbours {
  parentOf(node: number): number;
  firstOf(directory: number): number;
  /** The number after a directory's last entry. */
  endOf(directory: number): number;
}

/** One directory that is being read. */
interface Stream {
  readonly directory: number;
  readonly first: number;
  readonly end: number;
  /** The read that is farthest on. */
  front: number;
  /** 1 where it is read forwards, -1 backwards (whoever keeps names on a stack); 0 as long as nobody knows. */
  step: number;
  /** First entry that was neither read nor handed out as a guess. */
  next: number;
  /** How many entries are left to guess. */
  left: number;
  /** How many entries to guess after each read; it doubles as long as the reader goes on in order. */
  window: number;
}

const STREAMS = 8;
const FIRST_WINDOW = 8;
const LARGEST_WINDOW = 128;
/** A reader may pass over so many entries, directories or large files, and still be in order; so may several readers. */
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
    if (at >= 0) follow(stream, node);
  }

  /** Whoever read the last directory in order most likely goes on with this one, the same way. */
  #begin(node: number, directory: number): Stream {
    const before = this.#streams.findLast(({ window }) => window > 0);
    const stream: Stream = {
      directory,
      first: this.#tree.firstOf(directory),
      end: this.#tree.endOf(directory),
      front: node,
      step: before?.step ?? 0,
      next: node,
      left: 0,
      window: before?.window ?? 0,
    };
    if (stream.step !== 0) aim(stream);
    return stream;
  }

  get hasGuess(): boolean {
    return this.#guessing() !== undefined;
  }

  #guessing(): Stream | undefined {
    const streams = this.#streams;
    for (let i = streams.length - 1; i >= 0; i--) {
      const stream = streams[i] as Stream;
      if (stream.left > 0) return stream;
    }
    return undefined;
  }

  /** The next guess, in the directory read last first; 0 where there is none. */
  take(): number {
    const stream = this.#guessing();
    if (stream === undefined) return 0;
    const entry = stream.next;
    stream.next += stream.step;
    stream.left--;
    return entry;
  }
}

function follow(stream: Stream, node: number): void {
  const moved = node - stream.front;
  if (stream.step === 0) {
    // Two reads near each other make an order.
    if (moved !== 0 && Math.abs(moved) <= GAP) stream.step = Math.sign(moved);
    else stream.front = stream.next = node;
  }
  const progress = moved * stream.step;
  const guessed = (stream.next - stream.front) * stream.step + stream.left;
  if (progress > 0 && progress <= guessed + GAP) {
    stream.window = Math.min(Math.max(stream.window * 2, FIRST_WINDOW), LARGEST_WINDOW);
    stream.front = node;
    aim(stream);
  } else if (progress > 0 || progress < -GAP) {
    // Somewhere else: the order begins anew. Just behind the front it is another reader, a little late.
    Object.assign(stream, { front: node, next: node, step: 0, left: 0, window: 0 });
  }
}

/** Sets what is left to guess: a window's worth from the first entry on that nobody thought of. */
function aim(stream: Stream): void {
  const { step, front } = stream;
  if ((stream.next - front) * step <= 0) stream.next = front + step;
  const room = step > 0 ? stream.end - stream.next : stream.next - stream.first + 1;
  stream.left = Math.max(0, Math.min(stream.window, room));
}
