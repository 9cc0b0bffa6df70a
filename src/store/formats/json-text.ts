// JSON as it is written: members of an object in their order, repeated names and all, numbers as their digits. Accepts and
// refuses what Go's encoding/json does (its scanner.go, decode.go). Knows nothing of what the value means.

export type JsonValue = null | boolean | string | JsonNumber | JsonMembers | readonly JsonValue[];

export interface JsonNumber {
  readonly digits: string;
}

export interface JsonMembers {
  readonly members: readonly (readonly [name: string, value: JsonValue])[];
}

export interface JsonText {
  readonly value: JsonValue;
  /** Whether something but white space follows the value. */
  readonly hasRest: boolean;
}

/** As deep as Go goes (maxNestingDepth). */
const DEEPEST = 10_000;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACES = [0x20, 0x09, 0x0a, 0x0d];
/** By their first letters. */
const LITERALS: ReadonlyMap<string, readonly [text: string, value: JsonValue]> = new Map([
  ['n', ['null', null]],
  ['t', ['true', true]],
  ['f', ['false', false]],
]);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The first value of a text. Throws SyntaxError. */
export function readJsonText(bytes: Buffer): JsonText {
  const scanner = new Scanner(bytes);
  return { value: scanner.value(), hasRest: scanner.hasRest() };
}

export function isMembers(value: JsonValue): value is JsonMembers {
  return isObject(value) && 'members' in value;
}

export function isNumber(value: JsonValue): value is JsonNumber {
  return isObject(value) && 'digits' in value;
}

function isObject(value: JsonValue): value is Extract<JsonValue, object> {
  return typeof value === 'object' && value !== null;
}

export function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

type Open =
  | { readonly end: '}'; readonly members: [name: string, value: JsonValue][]; name: string }
  | { readonly end: ']'; readonly items: JsonValue[] };

/** Keeps its own stack, so that depth is bounded by the rule and not by the machine. */
class Scanner {
  readonly #bytes: Buffer;
  /** A character a byte. */
  readonly #text: string;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  hasRest(): boolean {
    return this.#peek() !== '';
  }

  value(): JsonValue {
    for (;;) {
      let value = this.#begin();
      while (value !== undefined) {
        const open = this.#open.at(-1);
        if (open === undefined) return value;
        value = this.#put(open, value);
      }
    }
  }

  /** A whole value; undefined where it is the beginning of one that has others in it. */
  #begin(): JsonValue | undefined {
    const first = this.#peek();
    if (first === '"') return this.#string();
    if (first !== '{' && first !== '[') return this.#literal(first);
    if (this.#open.length === DEEPEST) throw new SyntaxError('nested too deep');
    this.#at += 1;
    const next = this.#peek();
    if (first === '[') {
      if (next === ']') return this.#end([]);
      this.#open.push({ end: ']', items: [] });
      return undefined;
    }
    if (next === '}') return this.#end({ members: [] });
    this.#open.push({ end: '}', members: [], name: this.#name() });
    return undefined;
  }

  #end(value: JsonValue): JsonValue {
    this.#at += 1;
    return value;
  }

  /** Puts a value into what is open; what that has become where it ends here, undefined where another value follows. */
  #put(open: Open, value: JsonValue): JsonValue | undefined {
    if (open.end === '}') open.members.push([open.name, value]);
    else open.items.push(value);
    const next = this.#peek();
    if (next !== ',' && next !== open.end) throw this.#unexpected();
    this.#at += 1;
    if (next === open.end) {
      this.#open.pop();
      return open.end === '}' ? { members: open.members } : open.items;
    }
    if (open.end === '}') open.name = this.#name();
    return undefined;
  }

  #name(): string {
    if (this.#peek() !== '"') throw this.#unexpected();
    const name = this.#string();
    if (this.#peek() !== ':') throw this.#unexpected();
    this.#at += 1;
    return name;
  }

  #literal(first: string): JsonValue {
    const [text, value] = LITERALS.get(first) ?? [this.#number(), undefined];
    if (!this.#text.startsWith(text, this.#at)) throw this.#unexpected();
    this.#at += text.length;
    return value === undefined ? { digits: text } : value;
  }

  #number(): string {
    NUMBER.lastIndex = this.#at;
    const digits = NUMBER.exec(this.#text)?.[0];
    if (digits === undefined) throw this.#unexpected();
    return digits;
  }

  #string(): string {
    const start = this.#at;
    let isPlain = true;
    for (let at = start + 1; ; at += 1) {
      const byte = this.#bytes[at];
      if (byte === undefined || byte < 0x20) throw new SyntaxError(`a string does not end at byte ${at}`);
      if (byte === QUOTE) {
        this.#at = at + 1;
        return isPlain ? this.#text.slice(start + 1, at) : unquote(this.#bytes.subarray(start, at + 1));
      }
      if (byte === BACKSLASH) at += 1;
      if (byte === BACKSLASH || byte >= 0x80) isPlain = false;
    }
  }

  /** The next character that is no white space; empty at the end. */
  #peek(): string {
    while (SPACES.includes(this.#bytes[this.#at] ?? 0)) this.#at += 1;
    return this.#text.charAt(this.#at);
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`unexpected byte ${this.#at}`);
  }
}

/** Half of a surrogate pair becomes U+FFFD, as each byte does that is no part of UTF-8. Throws SyntaxError. */
function unquote(quoted: Buffer): string {
  const text = JSON.parse(decode(quoted)) as string;
  return text.replace(LONE_SURROGATE, '\ufffd');
}

const LONE_SURROGATE = /\p{Surrogate}/gu;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** What UTF-8 allows, as bytes (Unicode, table 3-7), or one byte. */
const SEQUENCE =
  /[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

/** Node's decoder makes one U+FFFD of the beginning of a character that is cut off, Go one of each byte. */
function decode(bytes: Buffer): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    const parts = bytes.toString('latin1').match(SEQUENCE) ?? [];
    return parts
      .map((part) => (/^[\x80-\xff]$/.test(part) ? '\ufffd' : Buffer.from(part, 'latin1').toString('utf8')))
      .join('');
  }
}
