// The JSON files of a store, read field by field: nothing is taken for granted, every failure is a Trouble that names the
// file and the field. As Go's decoder does, an absent field and a null are the same, and bytes that are not UTF-8 are
// replaced. What strings hold is kept as it is.
import { Trouble } from '../sys/errors.ts';

/** An object of a JSON file, with where it is. */
export interface JsonObject {
  readonly file: string;
  /** Dotted, with a dot at its end: `rootfs.`; empty at the top. */
  readonly prefix: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const BYTE_ORDER_MARK = '\ufeff';

/** `file` names the bytes in messages. */
export function parseJson(bytes: Buffer, file: string): JsonObject {
  const value = parse(bytes, file);
  if (!isObject(value)) throw new Trouble('store', `Cannot parse "${file}": not a JSON object`);
  return { file, prefix: '', fields: value };
}

/** The objects of an array. */
export function parseJsonArray(bytes: Buffer, file: string): JsonObject[] {
  const value = parse(bytes, file);
  if (!Array.isArray(value)) throw new Trouble('store', `Cannot parse "${file}": not a JSON array`);
  return objectsOf({ file, prefix: '', fields: { array: value } }, 'array');
}

function parse(bytes: Buffer, file: string): unknown {
  const text = bytes.toString('utf8');
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch (cause) {
    const state = bytes.length === 0 ? 'it is empty' : 'not valid JSON';
    throw new Trouble('store', `Cannot parse "${file}": ${state}`, { cause });
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
  throw wrong(object, key, 'an integer');
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
  throw new Trouble('store', `Cannot use "${file}": ${prefix}${key} is missing`);
}

function wrong({ file, prefix }: JsonObject, key: string, wanted: string): Trouble {
  return new Trouble('store', `Cannot use "${file}": ${prefix}${key} is not ${wanted}`);
}
