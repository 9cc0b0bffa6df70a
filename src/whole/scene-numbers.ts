// The numbers of scenes: each is given once as long as there are some, and after that those that nobody uses any more.

export class SceneNumbers {
  readonly #first: number;
  readonly #end: number;
  #next: number;
  #highest = 0;
  /** How often somebody was given each number and has not let go of it. */
  readonly #held = new Map<number, number>();

  /** All are below `end`, and none below `first`. */
  constructor(end: number, first = 1) {
    this.#first = first;
    this.#next = first;
    this.#end = end;
  }

  /** `isUsed`: of a number that is a scene's. */
  take(isUsed: (number: number) => boolean): number {
    for (let tries = this.#first; tries < this.#end; tries++) {
      const number = this.#next;
      this.#next = number + 1 < this.#end ? number + 1 : this.#first;
      if (isUsed(number) || this.#held.has(number)) continue;
      this.#highest = Math.max(this.#highest, number);
      return number;
    }
    throw new RangeError('there are more directories and files on no disk than numbers');
  }

  /** Whether it was ever taken. */
  wasTaken(number: number): boolean {
    return number >= this.#first && number <= this.#highest;
  }

  hold(number: number): void {
    this.#held.set(number, (this.#held.get(number) ?? 0) + 1);
  }

  letGo(number: number, count: number): void {
    const left = (this.#held.get(number) ?? 0) - count;
    if (left > 0) this.#held.set(number, left);
    else this.#held.delete(number);
  }
}
