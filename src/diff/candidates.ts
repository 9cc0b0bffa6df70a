// What may be the old name of something: a list that is searched from its front again and again, while more and more of it
// is taken. Each search passes over what is taken in a few steps, however much that is.

export class Candidates<T> {
  readonly #items: T[] = [];
  /** Of each item, one at or behind it before which all are taken; as long as the list, and one more. */
  readonly #next: number[] = [0];

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#next.push(this.#items.length);
  }

  /** The first of at most `most` free ones that fits. What is not free never is again. */
  find(most: number, isFree: (item: T) => boolean, fits: (item: T) => boolean): T | undefined {
    let left = most;
    for (let at = this.#free(0, isFree); at < this.#items.length; at = this.#free(at + 1, isFree)) {
      const item = this.#items[at] as T;
      if (left-- === 0) return undefined;
      if (fits(item)) return item;
    }
    return undefined;
  }

  /** The first free one at or behind an index. */
  #free(start: number, isFree: (item: T) => boolean): number {
    const next = this.#next;
    let at = start;
    while (at < this.#items.length) {
      const leap = next[at] as number;
      if (leap === at) {
        if (isFree(this.#items[at] as T)) break;
        next[at] = at + 1;
      } else if (leap < this.#items.length) next[at] = next[leap] as number;
      at = next[at] as number;
    }
    return at;
  }
}
