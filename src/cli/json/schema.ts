// JSON Schema (2020-12) in few words: what `schemas.ts` tells of each command's output is made of these.

/** A schema as JSON has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Fields of an object by their names; one that may be absent is given as `maybe`. */
export type SchemaFields = Readonly<Record<string, JsonSchema | Maybe>>;

interface Maybe {
  readonly maybe: JsonSchema;
}

export const TEXT: JsonSchema = { type: 'string' };
export const TRUTH: JsonSchema = { type: 'boolean' };
export const WHOLE: JsonSchema = { type: 'integer' };
/** Bytes, objects, a user's or group's number: nothing below 0. */
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
/** Of a layer, 1 the lowest. */
export const LAYER: JsonSchema = { type: 'integer', minimum: 1 };
export const DIGEST: JsonSchema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };
/** Since 1970. */
export const SECONDS: JsonSchema = { type: 'string', pattern: '^-?\\d+\\.\\d{9}$' };
export const OCTAL: JsonSchema = { type: 'string', pattern: '^[0-7]{4}$' };
const BASE64: JsonSchema = { type: 'string', contentEncoding: 'base64' };
/** In an image, from its root on. */
const IMAGE_PATH: JsonSchema = { type: 'string', pattern: '^/' };

export function maybe(schema: JsonSchema): Maybe {
  return { maybe: schema };
}

/** A field that need not be there, and whose value is always this. */
export function flag(value: boolean): Maybe {
  return maybe({ const: value });
}

export function only(...words: readonly string[]): JsonSchema {
  return words.length === 1 ? { const: words[0] } : { enum: words };
}

export function arrayOf(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

/** Of names that are not known beforehand. */
export function mapOf(values: JsonSchema, names?: JsonSchema): JsonSchema {
  return {
    type: 'object',
    additionalProperties: values,
    ...(names === undefined ? {} : { propertyNames: names }),
  };
}

/** Nothing but these fields. */
export function object(fields: SchemaFields): JsonSchema {
  const entries = Object.entries(fields);
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, field]) => [name, isMaybe(field) ? field.maybe : field]),
    ),
    required: entries.filter(([, field]) => !isMaybe(field)).map(([name]) => name),
    additionalProperties: false,
  };
}

function isMaybe(field: JsonSchema | Maybe): field is Maybe {
  return 'maybe' in field;
}

/** A name as text, with its bytes beside it where these are no UTF-8. */
export function name(field: string): SchemaFields {
  return { [field]: TEXT, [`${field}B64`]: maybe(BASE64) };
}

export function maybeName(field: string): SchemaFields {
  return { [field]: maybe(TEXT), [`${field}B64`]: maybe(BASE64) };
}

export function pathInImage(field = 'path'): SchemaFields {
  return { ...name(field), [field]: IMAGE_PATH };
}
