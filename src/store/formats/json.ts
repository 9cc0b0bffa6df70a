// The JSON files of a store, as an engine reads them into a Go type, and then field by field: nothing is taken for granted,
// every failure is a Trouble that names the file and the field. An absent field and a null are the same. What strings hold
// is kept as it is.
import { asBytes, shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { decodeAs } from './go-json.ts';
import { list, type Shape, type StructShape } from './go-shape.ts';
import { readJsonText } from './json-text.ts';

/** An object of a JSON file, with where it is. */
export interface JsonObject {
  readonly file: string;
  /** Dotted, with a dot at its end: `rootfs.`; empty at the top. */
  readonly prefix: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All of a file. */
export interface JsonDocument extends JsonObject {
  /** Why readers may understand it differently, a sentence that names the file; undefined where they cannot. */
  readonly ambiguity: string | undefined;
}

/** How much of a file an engine reads: all (`json.Unmarshal`), or its first value (`json.NewDecoder`). */
export type Extent = 'all' | 'first value';

/** `file` names the bytes in messages, `shape` is the Go type that an engine reads them into. */
export function parseJson(
  bytes: Buffer,
  file: string,
  shape: StructShape,
  extent: Extent = 'all',
): JsonDocument {
  const { value, ambiguity } = parse(bytes, file, shape, extent);
  if (!isObject(value))
    throw new Trouble('store', `Cannot parse "${shownBytes(asBytes(file))}": not a JSON object`);
  return { file, prefix: '', fields: value, ambiguity };
}

/** The objects of an array. */
export function parseJsonArray(bytes: Buffer, file: string, shape: StructShape): JsonObject[] {
  const { value } = parse(bytes, file, list(shape), 'all');
  if (!Array.isArray(value))
    throw new Trouble('store', `Cannot parse "${shownBytes(asBytes(file))}": not a JSON array`);
  return objectsOf({ file, prefix: '', fields: { array: value } }, 'array');
}

/** The elements of an array, each an object, or a Trouble for one that is something else: it takes no other with it. */
export function parseJsonElements(bytes: Buffer, file: string, shape: StructShape): (JsonObject | Trouble)[] {
  const { value } = parse(bytes, file, list(shape), 'all');
  if (!Array.isArray(value))
    throw new Trouble('store', `Cannot parse "${shownBytes(asBytes(file))}": not a JSON array`);
  return value.map((element: unknown, index) =>
    isObject(element)
      ? { file, prefix: `[${index}].`, fields: element }
      : wrong({ file, prefix: '', fields: {} }, `[${index}]`, 'an object'),
  );
}

function parse(
  bytes: Buffer,
  file: string,
  shape: Shape,
  extent: Extent,
): { readonly value: unknown; readonly ambiguity: string | undefined } {
  try {
    const { value, hasRest } = readJsonText(bytes);
    if (hasRest && extent === 'all') throw new SyntaxError('something follows the value');
    const decoded = decodeAs(shape, value);
    const rest = hasRest ? ['something follows its end, which an engine does not read'] : [];
    const phrases = [...rest, ...decoded.ambiguities];
    const ambiguity =
      phrases.length === 0
        ? undefined
        : `"${shownBytes(asBytes(file))}" can be read in more than one way: ${phrases.join('; ')}`;
    return { value: decoded.value, ambiguity };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const state = bytes.length === 0 ? 'it is empty' : 'not valid JSON';
    throw new Trouble('store', `Cannot parse "${shownBytes(asBytes(file))}": ${state}`, { cause });
  }
}

export function optionalString(object: JsonObject, key: string): string | undefined {
  const value = fieldOf(object, key);
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(object, key, 'a string');
}

export function requiredString(object: JsonObject, key: string): string {
  return optionalString(object, key) ?? missing(object, key);
}

/** False where it is absent. */
export function booleanOf(object: JsonObject, key: string): boolean {
  const value = fieldOf(object, key) ?? false;
  if (typeof value === 'boolean') return value;
  throw wrong(object, key, 'true or false');
}

/** 0 where it is absent. */
export function integerOf(object: JsonObject, key: string): number {
  const value = fieldOf(object, key) ?? 0;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw wrong(object, key, Number.isInteger(value) ? 'an integer below 2^53' : 'an integer');
}

export function optionalObject(object: JsonObject, key: string): JsonObject | undefined {
  const value = fieldOf(object, key);
  return value === undefined ? undefined : child(object, key, value);
}

export function requiredObject(object: JsonObject, key: string): JsonObject {
  return optionalObject(object, key) ?? missing(object, key);
}

/** Empty where it is absent. */
export function objectsOf(object: JsonObject, key: string): JsonObject[] {
  return arrayOf(object, key).map((value, index) => child(object, `${key}[${index}]`, value));
}

/** Empty where it is absent. */
export function stringsOf(object: JsonObject, key: string): string[] {
  return arrayOf(object, key).map((value, index) => {
    if (typeof value === 'string') return value;
    throw wrong(object, `${key}[${index}]`, 'a string');
  });
}

/** A time as Go writes it (RFC 3339); undefined where it is absent or something else, since it is only shown. */
export function timeOf(object: JsonObject, key: string): string | undefined {
  const value = fieldOf(object, key);
  return typeof value === 'string' && RFC3339.test(value) ? value : undefined;
}

/** Names of the fields of an object, sorted; none where it is absent or something else, since they are only shown. */
export function keysOf(object: JsonObject, key: string): string[] {
  const value = fieldOf(object, key);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.keys(value).sort()
    : [];
}

/** A string of a store as part of a message: whatever it holds, it stays short and on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
}

const LONGEST_QUOTE = 80;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

function arrayOf(object: JsonObject, key: string): readonly unknown[] {
  const value = fieldOf(object, key) ?? [];
  if (Array.isArray(value)) return value;
  throw wrong(object, key, 'an array');
}

function child(object: JsonObject, key: string, value: unknown): JsonObject {
  if (!isObject(value)) throw wrong(object, key, 'an object');
  return { file: object.file, prefix: `${object.prefix}${key}.`, fields: value };
}

function fieldOf({ fields }: JsonObject, key: string): unknown {
  return Object.hasOwn(fields, key) ? (fields[key] ?? undefined) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function missing({ file, prefix }: JsonObject, key: string): never {
  throw new Trouble('store', `Cannot use "${shownBytes(asBytes(file))}": ${prefix}${key} is missing`);
}

function wrong({ file, prefix }: JsonObject, key: string, wanted: string): Trouble {
  return new Trouble('store', `Cannot use "${shownBytes(asBytes(file))}": ${prefix}${key} is not ${wanted}`);
}
