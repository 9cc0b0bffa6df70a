// What Go's encoding/json makes of a JSON value and a Go type (decode.go): the names of a struct's fields in any case, each
// value of a repeated name put into what the ones before it left, null leaving some things as they are. An engine reads its
// files so, and others read them otherwise; where the two differ is told too.
import { fold, outline, type Shape, type StructShape } from './go-shape.ts';
import { isList, isMembers, isNumber, type JsonValue } from './json-text.ts';

export interface Decoded {
  /**
   * Strings, numbers, booleans, null, arrays and objects; fields of a struct by their Go names, absent where nothing was put
   * into them. A value that does not fit its type is there as it was written, whatever else was put into its place: for Go
   * it spoils the whole. An integer of another form is NaN.
   */
  readonly value: unknown;
  /** Places that readers understand differently, a phrase each: a name that is repeated, or written in another way. */
  readonly ambiguities: readonly string[];
}

/** That are told; a hostile file may hold a million. */
const MOST_AMBIGUITIES = 20;

export function decodeAs(shape: Shape, value: JsonValue): Decoded {
  const place = placeOf(shape, () => '');
  place.put(value);
  const ambiguities: string[] = [];
  place.tell((phrase) => {
    if (ambiguities.length < MOST_AMBIGUITIES) ambiguities.push(phrase);
  });
  return { value: place.value(), ambiguities };
}

/** A variable of a Go program. */
interface Place {
  put(value: JsonValue): void;
  /** Undefined where nothing was put into it that counts. */
  value(): unknown;
  /** What Go has where nothing was. */
  readonly zero: unknown;
  tell(report: (phrase: string) => void): void;
}

/** Of a million places hardly one is told of, so paths are made when they are asked for. */
type Path = () => string;

function placeOf(shape: Shape, path: Path): Place {
  switch (shape.kind) {
    case 'pointer':
      return new PointerPlace(shape.to, path);
    case 'struct':
      return new StructPlace(shape, path);
    case 'map':
      return new MapPlace(shape.of, path);
    case 'list':
      return new ListPlace(shape.of, path);
    case 'own':
      return new OwnPlace(shape.read);
    default:
      return new ScalarPlace(shape.kind);
  }
}

class OwnPlace implements Place {
  readonly zero = null;
  readonly #read: (value: JsonValue) => unknown;
  #value: unknown;

  constructor(read: (value: JsonValue) => unknown) {
    this.#read = read;
  }

  put(value: JsonValue): void {
    this.#value = this.#read(value) ?? undefined;
  }

  value(): unknown {
    return this.#value;
  }

  tell(): void {}
}

const ZEROS = { string: '', boolean: false, integer: 0 } as const;
const TYPES = { string: 'string', boolean: 'boolean', integer: 'number' } as const;

class ScalarPlace implements Place {
  readonly zero: unknown;
  readonly #kind: keyof typeof ZEROS;
  #value: unknown;
  #isWrong = false;

  constructor(kind: keyof typeof ZEROS) {
    this.#kind = kind;
    this.zero = ZEROS[kind];
  }

  put(value: JsonValue): void {
    if (value === null || this.#isWrong) return;
    const plain = this.#kind === 'integer' ? integer(value) : outline(value);
    this.#isWrong = typeof plain !== TYPES[this.#kind] || Number.isNaN(plain);
    this.#value = plain;
  }

  value(): unknown {
    return this.#value;
  }

  tell(): void {}
}

function integer(value: JsonValue): unknown {
  if (!isNumber(value)) return outline(value);
  // Go takes neither 1.0 nor 1e3 for an integer. The sum makes 0 of -0.
  return /^-?[0-9]+$/.test(value.digits) ? Number(value.digits) + 0 : Number.NaN;
}

class PointerPlace implements Place {
  readonly zero = null;
  readonly #to: Shape;
  readonly #path: Path;
  #place: Place | undefined;

  constructor(to: Shape, path: Path) {
    this.#to = to;
    this.#path = path;
  }

  put(value: JsonValue): void {
    if (value === null) {
      this.#place = undefined;
      return;
    }
    this.#place ??= placeOf(this.#to, this.#path);
    this.#place.put(value);
  }

  value(): unknown {
    return this.#place?.value();
  }

  tell(report: (phrase: string) => void): void {
    this.#place?.tell(report);
  }
}

/** Distinct spellings that are told of one name. */
const MOST_SPELLINGS = 4;

interface Uses {
  count: number;
  readonly spellings: Set<string>;
}

/** How often names were given, and how they were written. */
class NameUses {
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

class StructPlace implements Place {
  readonly zero = {};
  readonly #shape: StructShape;
  readonly #path: Path;
  readonly #fields = new Map<string, Place>();
  readonly #uses = new NameUses();
  #wrong: unknown;
  #isThere = false;

  constructor(shape: StructShape, path: Path) {
    this.#shape = shape;
    this.#path = path;
  }

  put(value: JsonValue): void {
    if (value === null) return;
    this.#isThere = true;
    if (!isMembers(value)) {
      this.#wrong ??= outline(value);
      return;
    }
    for (const [spelling, member] of value.members) {
      const name = this.#shape.fields.has(spelling) ? spelling : this.#shape.folded.get(fold(spelling));
      const shape = name === undefined ? undefined : this.#shape.fields.get(name);
      if (name === undefined || shape === undefined) continue;
      this.#uses.add(name, spelling);
      const place = this.#fields.get(name) ?? placeOf(shape, () => this.#pathOf(name));
      this.#fields.set(name, place);
      place.put(member);
    }
  }

  value(): unknown {
    if (!this.#isThere || this.#wrong !== undefined) return this.#wrong;
    const fields = [...this.#fields].map(([name, place]) => [name, place.value()] as const);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }

  tell(report: (phrase: string) => void): void {
    this.#uses.tell((name) => this.#pathOf(name), report);
    for (const place of this.#fields.values()) place.tell(report);
  }

  #pathOf(name: string): string {
    const path = this.#path();
    return path === '' ? name : `${path}.${name}`;
  }
}

/** Each value of a map is made anew, so only what has become of it is kept. */
class MapPlace implements Place {
  readonly zero = null;
  readonly #of: Shape;
  readonly #path: Path;
  #values: Map<string, unknown> | undefined;
  /** Names that were given more than once, and how often. */
  readonly #repeated = new Map<string, number>();
  readonly #phrases: string[] = [];
  #wrong: unknown;

  constructor(of: Shape, path: Path) {
    this.#of = of;
    this.#path = path;
  }

  put(value: JsonValue): void {
    if (value === null) {
      this.#values = undefined;
      return;
    }
    if (!isMembers(value)) {
      this.#wrong ??= outline(value);
      return;
    }
    this.#values ??= new Map();
    for (const [name, member] of value.members) {
      if (this.#values.has(name)) this.#repeated.set(name, (this.#repeated.get(name) ?? 1) + 1);
      const place = placeOf(this.#of, () => this.#pathOf(name));
      place.put(member);
      place.tell((phrase) => this.#phrases.push(phrase));
      this.#values.set(name, valueIn(place));
    }
  }

  value(): unknown {
    return this.#wrong ?? (this.#values && Object.fromEntries(this.#values));
  }

  tell(report: (phrase: string) => void): void {
    for (const [name, count] of this.#repeated) report(`${this.#pathOf(name)} is given ${count} times`);
    for (const phrase of this.#phrases) report(phrase);
  }

  #pathOf(name: string): string {
    return `${this.#path()}[${JSON.stringify(name)}]`;
  }
}

class ListPlace implements Place {
  readonly zero = null;
  readonly #of: Shape;
  readonly #path: Path;
  /** As Go's slice keeps what lay behind its end when it grows again. */
  #places: Place[] = [];
  #length: number | undefined;
  #wrong: unknown;

  constructor(of: Shape, path: Path) {
    this.#of = of;
    this.#path = path;
  }

  put(value: JsonValue): void {
    if (value !== null && !isList(value)) {
      this.#wrong ??= outline(value);
      return;
    }
    if (value === null || value.length === 0) this.#places = [];
    this.#length = value?.length;
    for (const [index, item] of value?.entries() ?? []) {
      const place = this.#places[index] ?? placeOf(this.#of, () => `${this.#path()}[${index}]`);
      this.#places[index] = place;
      place.put(item);
    }
  }

  value(): unknown {
    if (this.#wrong !== undefined || this.#length === undefined) return this.#wrong;
    return this.#places.slice(0, this.#length).map(valueIn);
  }

  tell(report: (phrase: string) => void): void {
    for (const place of this.#places.slice(0, this.#length ?? 0)) place.tell(report);
  }
}

function valueIn(place: Place): unknown {
  const value = place.value();
  return value === undefined ? place.zero : value;
}
