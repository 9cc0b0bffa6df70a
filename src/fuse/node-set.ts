// A set of node numbers: one bit for each, in pages that are there where a number is, as most numbers are near one another.

const PAGE_BITS = 15;
const PAGE_WORDS = 1 << (PAGE_BITS - 5);
const IN_PAGE = (1 << PAGE_BITS) - 1;

export class NodeSet {
  readonly #pages = new Map<number, Uint32Array>();

  /** False where it was in the set already. */
  add(node: number): boolean {
    const number = node >>> PAGE_BITS;
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint32Array(PAGE_WORDS);
      this.#pages.set(number, page);
    }
    const at = (node & IN_PAGE) >> 5;
    const bit = 1 << (node & 31);
    const word = page[at] as number;
    if ((word & bit) !== 0) return false;
    page[at] = word | bit;
    return true;
  }

  has(node: number): boolean {
    const page = this.#pages.get(node >>> PAGE_BITS);
    return page !== undefined && ((page[(node & IN_PAGE) >> 5] as number) & (1 << (node & 31))) !== 0;
  }

  clear(): void {
    this.#pages.clear();
  }
}
