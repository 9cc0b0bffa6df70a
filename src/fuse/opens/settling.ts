// Decides when opens have been asked for long enough. An open that is asked for costs a small file more than the rest of
// reading it again, and one that is not asked for cannot be passed through, as long as the mount lasts: so the question ends
// where its cost has come to what all large files that a client was shown would cost, each read once without it.

/** Microseconds of an open that is asked for and answered, and of its end. */
const OPEN_COST = 15;
/** Microseconds that a MiB takes longer where the server reads it (native-notes/performance.md). */
const MIB_COST = 400;
const MIB = 1 << 20;
/** By how much small files that are opened again must outnumber others lately: a scan opens each once. */
const LEAD = 32;

export class Settling {
  readonly #large = new Set<number>();
  #largeBytes = 0;
  /** Opens of files that had been opened before, in all, and less those opened for the first time, as far as they count. */
  #again = 0;
  #lead = 0;

  /** A large file that a client could open. */
  large(node: number, bytes: number): void {
    if (this.#large.has(node)) return;
    this.#large.add(node);
    this.#largeBytes += bytes;
  }

  /** A small file is opened for the first time. */
  first(): void {
    if (this.#lead > 0) this.#lead--;
  }

  /** A small file is opened again; true where no more opens should be asked for. */
  again(): boolean {
    this.#again++;
    if (this.#lead < LEAD && ++this.#lead < LEAD) return false;
    return this.#again * OPEN_COST >= (this.#largeBytes / MIB) * MIB_COST;
  }
}
