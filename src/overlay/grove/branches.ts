// The directories of a grove's trees: each is one tree's own, whatever else its tree shows alike with others. A branch is a row
// of the table in one place of one tree; it costs 16 bytes.

const WORDS = 4;
const FIRST_ROOM = 1 << 10;
/** Word offsets: the row, the branch around it, the first branch inside it (0 as long as none is known), the tree. */
const BRANCH = { row: 0, parent: 1, children: 2, tree: 3 } as const;

export class Branches {
  #words = new Uint32Array(FIRST_ROOM * WORDS);
  #count = 1;
  readonly #most: number;

  /** `most` is the number that no branch reaches. */
  constructor(most: number) {
    this.#most = most;
  }

  has(branch: number): boolean {
    return branch > 0 && branch < this.#count;
  }

  /** How many there are. */
  get count(): number {
    return this.#count - 1;
  }

  /** The first of `count` new ones in a row, 0 where there is no room for them. */
  take(count: number): number {
    const first = this.#count;
    if (first + count > this.#most) return 0;
    this.#count += count;
    if (this.#count * WORDS > this.#words.length) {
      const words = new Uint32Array(2 ** Math.ceil(Math.log2(this.#count * WORDS)));
      words.set(this.#words);
      this.#words = words;
    }
    return first;
  }

  set(branch: number, row: number, parent: number, tree: number): void {
    const at = branch * WORDS;
    this.#words[at + BRANCH.row] = row;
    this.#words[at + BRANCH.parent] = parent;
    this.#words[at + BRANCH.tree] = tree;
  }

  rowOf(branch: number): number {
    return this.#words[branch * WORDS + BRANCH.row] as number;
  }

  /** A root's is itself. */
  parentOf(branch: number): number {
    return this.#words[branch * WORDS + BRANCH.parent] as number;
  }

  treeOf(branch: number): number {
    return this.#words[branch * WORDS + BRANCH.tree] as number;
  }

  childrenOf(branch: number): number {
    return this.#words[branch * WORDS + BRANCH.children] as number;
  }

  setChildren(branch: number, first: number): void {
    this.#words[branch * WORDS + BRANCH.children] = first;
  }
}
