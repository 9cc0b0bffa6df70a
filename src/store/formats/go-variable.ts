// The variables of a Go program that a JSON value is put into, and those of them that hold no others: numbers, strings, booleans,
// and types that read themselves.
import { outline } from './go-shape.ts';
import { isNumber, type JsonValue } from './json-text.ts';

/** A variable of a Go program. */
export interface GoVariable {
  put(value: JsonValue): void;
  /** Undefined where nothing was put into it that counts. */
  value(): unknown;
  /** What Go has where nothing was. */
  readonly zero: unknown;
  tell(report: (phrase: string) => void): void;
}

export class OwnVariable implements GoVariable {
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

export class ScalarVariable implements GoVariable {
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
