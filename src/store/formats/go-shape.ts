// Go types, as far as they decide what encoding/json makes of a JSON value (go-json.ts).
import { isList, isMembers, isNumber, type JsonValue } from './json-text.ts';

/** The part of a Go type that decides what becomes of a value. */
export type Shape =
  | { readonly kind: 'string' | 'boolean' | 'integer' }
  /** A type that reads itself, the last value as a whole; null is for it as any other value. */
  | { readonly kind: 'own'; readonly read: (value: JsonValue) => unknown }
  | { readonly kind: 'pointer'; readonly to: Shape }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | StructShape;

export interface StructShape {
  readonly kind: 'struct';
  /** By the names that Go writes. */
  readonly fields: ReadonlyMap<string, Shape>;
  /** Those names by what they are to a reader who does not care for case. */
  readonly folded: ReadonlyMap<string, string>;
}

export const STRING: Shape = { kind: 'string' };
export const BOOLEAN: Shape = { kind: 'boolean' };
export const INTEGER: Shape = { kind: 'integer' };
/** An interface; of lists and objects only that they are ones is kept. */
export const ANY: Shape = { kind: 'own', read: outline };

export function pointer(to: Shape): Shape {
  return { kind: 'pointer', to };
}

export function list(of: Shape): Shape {
  return { kind: 'list', of };
}

export function map(of: Shape): Shape {
  return { kind: 'map', of };
}

export function struct(fields: Readonly<Record<string, Shape>>): StructShape {
  const names = Object.keys(fields);
  return {
    kind: 'struct',
    fields: new Map(Object.entries(fields)),
    folded: new Map(names.map((name) => [fold(name), name])),
  };
}

/** Names are ASCII, and of all other letters these two alone are another case of one in it. */
export function fold(name: string): string {
  return name.replace(/[A-Z\u212a]/g, (letter) => letter.toLowerCase()).replaceAll('\u017f', 's');
}

/** Of what is looked at no further, since it may be very deep. */
export function outline(value: JsonValue): unknown {
  if (isList(value)) return [];
  if (isMembers(value)) return {};
  return isNumber(value) ? Number(value.digits) : value;
}
