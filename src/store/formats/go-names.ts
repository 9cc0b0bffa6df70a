// How the names of a JSON object were given to a Go struct that takes them in any case: what its readers may understand
// differently.

/** Distinct spellings that are told of one name. */
const MOST_SPELLINGS = 4;

interface Uses {
  count: number;
  readonly spellings: Set<string>;
}

/** How often names were given, and how they were written. */
export class NameUses {
  readonly #uses = new Map<string, Uses>();

  add(name: string, spelling: string): void {
    const uses = this.#uses.get(name) ?? { count: 0, spellings: new Set() };
    this.#uses.set(name, uses);
    uses.count += 1;
    if (uses.spellings.size < MOST_SPELLINGS) uses.spellings.add(spelling);
  }

  tell(pathOf: (name: string) => string, report: (phrase: string) => void): void {
    for (const [name, { count, spellings }] of this.#uses) {
      const isOwn = spellings.size === 1 && spellings.has(name);
      const written = isOwn ? '' : ` as ${[...spellings].map((one) => JSON.stringify(one)).join(', ')}`;
      if (count > 1) report(`${pathOf(name)} is given ${count} times${written}`);
      else if (!isOwn) report(`${pathOf(name)} is given${written}`);
    }
  }
}
