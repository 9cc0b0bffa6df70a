// What Go's encoding/json makes of a JSON value and a Go type (decode.go): the names of a struct's fields in any case, each
// value of a repeated name put into what the ones before it left, null leaving some things as they are. An engine reads its
// files so, and others read them otherwise; where the two differ is told too.
import { NameUses } from './go-names.ts';
import { fold, outline, type Shape, type StructShape } from './go-shape.ts';
import { type GoVariable, OwnVariable, ScalarVariable } from './go-variable.ts';
import { isList, isMembers, type JsonValue } from './json-text.ts';

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
  const variable = variableOf(shape, () => '');
  variable.put(value);
  const ambiguities: string[] = [];
  variable.tell((phrase) => {
    if (ambiguities.length < MOST_AMBIGUITIES) ambiguities.push(phrase);
  });
  return { value: variable.value(), ambiguities };
}

/** Of a million variables hardly one is told of, so paths are made when they are asked for. */
type Path = () => string;

function variableOf(shape: Shape, path: Path): GoVariable {
  switch (shape.kind) {
    case 'pointer':
      return new PointerVariable(shape.to, path);
    case 'struct':
      return new StructVariable(shape, path);
    case 'map':
      return new MapVariable(shape.of, path);
    case 'list':
      return new ListVariable(shape.of, path);
    case 'own':
      return new OwnVariable(shape.read);
    default:
      return new ScalarVariable(shape.kind);
  }
}

class PointerVariable implements GoVariable {
  readonly zero = null;
  readonly #to: Shape;
  readonly #path: Path;
  #variable: GoVariable | undefined;

  constructor(to: Shape, path: Path) {
    this.#to = to;
    this.#path = path;
  }

  put(value: JsonValue): void {
    if (value === null) {
      this.#variable = undefined;
      return;
    }
    this.#variable ??= variableOf(this.#to, this.#path);
    this.#variable.put(value);
  }

  value(): unknown {
    return this.#variable?.value();
  }

  tell(report: (phrase: string) => void): void {
    this.#variable?.tell(report);
  }
}

class StructVariable implements GoVariable {
  readonly zero = {};
  readonly #shape: StructShape;
  readonly #path: Path;
  readonly #fields = new Map<string, GoVariable>();
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
      const variable = this.#fields.get(name) ?? variableOf(shape, () => this.#pathOf(name));
      this.#fields.set(name, variable);
      variable.put(member);
    }
  }

  value(): unknown {
    if (!this.#isThere || this.#wrong !== undefined) return this.#wrong;
    const fields = [...this.#fields].map(([name, variable]) => [name, variable.value()] as const);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }

  tell(report: (phrase: string) => void): void {
    this.#uses.tell((name) => this.#pathOf(name), report);
    for (const variable of this.#fields.values()) variable.tell(report);
  }

  #pathOf(name: string): string {
    const path = this.#path();
    return path === '' ? name : `${path}.${name}`;
  }
}

/** Each value of a map is made anew, so only what has become of it is kept. */
class MapVariable implements GoVariable {
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
      const variable = variableOf(this.#of, () => this.#pathOf(name));
      variable.put(member);
      variable.tell((phrase) => this.#phrases.push(phrase));
      this.#values.set(name, valueIn(variable));
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

class ListVariable implements GoVariable {
  readonly zero = null;
  readonly #of: Shape;
  readonly #path: Path;
  /** As Go's slice keeps what lay behind its end when it grows again. */
  #variables: GoVariable[] = [];
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
    if (value === null || value.length === 0) this.#variables = [];
    this.#length = value?.length;
    for (const [index, item] of value?.entries() ?? []) {
      const variable = this.#variables[index] ?? variableOf(this.#of, () => `${this.#path()}[${index}]`);
      this.#variables[index] = variable;
      variable.put(item);
    }
  }

  value(): unknown {
    if (this.#wrong !== undefined || this.#length === undefined) return this.#wrong;
    return this.#variables.slice(0, this.#length).map(valueIn);
  }

  tell(report: (phrase: string) => void): void {
    for (const variable of this.#variables.slice(0, this.#length ?? 0)) variable.tell(report);
  }
}

function valueIn(variable: GoVariable): unknown {
  const value = variable.value();
  return value === undefined ? variable.zero : value;
}
