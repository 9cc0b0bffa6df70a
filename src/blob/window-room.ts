// The memory that windows of restart points may take, of all gzip streams of a process together: past it the stream whose points
// lie the closest loses every other one, so that all of them stay about as quick to read by place.
const MOST_BYTES = 24 << 20;

/** The restart points of a stream. */
interface WindowHolder {
  readonly length: number;
  /** Least bytes between two points. */
  readonly step: number;
  /** That its windows take. */
  readonly bytes: number;
  /** Drops every other point but the first. */
  thin(): void;
}

export class WindowRoom {
  readonly #most: number;
  readonly #inside = new Set<WindowHolder>();

  constructor(most: number = MOST_BYTES) {
    this.#most = most;
  }

  /** Bytes that are taken. */
  get bytes(): number {
    let sum = 0;
    for (const points of this.#inside) sum += points.bytes;
    return sum;
  }

  enter(points: WindowHolder): void {
    this.#inside.add(points);
  }

  leave(points: WindowHolder): void {
    this.#inside.delete(points);
  }

  /** To be called whenever windows were added. The first point of a stream has none, so that there is always room for these. */
  settle(): void {
    while (this.bytes > this.#most) {
      const closest = this.#closest();
      if (closest === undefined) return;
      closest.thin();
    }
  }

  /** Of those with equal steps the one that takes the most. */
  #closest(): WindowHolder | undefined {
    let found: WindowHolder | undefined;
    for (const points of this.#inside) {
      if (points.length < 2) continue;
      const isCloser = found === undefined || points.step < found.step;
      if (isCloser || (points.step === found?.step && points.bytes > found.bytes)) found = points;
    }
    return found;
  }
}
