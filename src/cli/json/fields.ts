// Fields that the JSON of several commands has alike, as schemas, and the header and the end.
import {
  arrayOf,
  COUNT,
  DIGEST,
  type JsonSchema,
  LAYER,
  maybe,
  maybeName,
  OCTAL,
  object,
  only,
  pathInImage,
  type SchemaFields,
  SECONDS,
  TEXT,
  WHOLE,
} from './schema.ts';

export const TYPE = only('file', 'dir', 'link', 'char', 'block', 'fifo', 'socket', 'unknown');
export const ROLE = only('image', 'engine', 'upper', 'plain');

/** What an object is, and whose. */
export const ATTRIBUTES: SchemaFields = {
  ...{ type: TYPE, mode: OCTAL, uid: COUNT, gid: COUNT, size: COUNT },
  mtime: SECONDS,
  ...maybeName('target'),
};
export const DEVICE: SchemaFields = { major: maybe(COUNT), minor: maybe(COUNT) };

/** What something takes: by its sizes, and on the disk. */
export const SIZES: SchemaFields = { bytes: COUNT, allocated: COUNT };
/** Without what only a disk tells, where a record is believed. */
export const SUM: SchemaFields = { objects: COUNT, bytes: COUNT, allocated: maybe(COUNT) };
export const TAKES = object({ objects: COUNT, ...SIZES, unreadable: COUNT });

export const IDS: JsonSchema = { type: 'object', additionalProperties: TEXT };
/** The step that made a layer. */
export const STEP: SchemaFields = { created: maybe(TEXT), createdBy: maybe(TEXT) };
/** What only a layer of an image has. */
export const LAYER_IDS: SchemaFields = { diffId: maybe(DIGEST), chainId: maybe(DIGEST) };

const RANGES = arrayOf(object({ inside: COUNT, outside: COUNT, size: COUNT }));
export const OWNERS = object({ uids: RANGES, gids: RANGES, others: only('nobody', 'kept'), source: TEXT });

/** What newer layers hide of a layer, and what of that was only written again. */
export const HIDDEN_BY = arrayOf(
  object({
    layer: LAYER,
    how: only('whiteout', 'opaque', 'replaced', 'redirect', 'rewritten'),
    ...SUM,
    sameContents: maybe(object({ ...SUM, changed: arrayOf(only('mode', 'owner')) })),
  }),
);

/** What a store has, and what is in it. */
export const PART_KINDS: readonly string[] = [
  ...['layer', 'upper', 'init', 'image', 'container', 'pod', 'volume', 'cache', 'blob', 'content'],
  ...['snapshot', 'ingest', 'records', 'unfinished', 'beside', 'other', 'directory'],
];

export const DELETED: SchemaFields = {
  t: only('deleted'),
  ...pathInImage(),
  ...{ state: only('deleted', 'shadowed'), layer: LAYER },
  ...ATTRIBUTES,
  createdBy: maybe(TEXT),
  removedBy: object({
    ...{ layer: LAYER, how: only('whiteout', 'opaque', 'replaced', 'redirect') },
    ...pathInImage(),
    ...{ notBefore: maybe(SECONDS), notAfter: maybe(SECONDS) },
    ...STEP,
  }),
  ...{ entries: maybe(COUNT), bytes: maybe(COUNT) },
};

/** `v`, `tool` and `command`, as every header has them. */
export function headFields(command: string): SchemaFields {
  return {
    v: { const: 1 },
    tool: { type: 'string', pattern: '^stratafs \\d' },
    command: only(command),
  };
}

/** The header of a command, and what it may print before the end. */
export function streamOf(
  command: string,
  subject: SchemaFields,
  ...records: readonly SchemaFields[]
): JsonSchema[] {
  const header = object({ t: only('header'), ...headFields(command), ...maybeName('root'), ...subject });
  return [header, ...records.map(object)];
}

/** Of several roots a header has all. */
export const ROOTS: SchemaFields = { roots: maybe(arrayOf(TEXT)) };
/** And each line the one that it is of. */
export const IN_ROOT: SchemaFields = { root: maybe(TEXT) };

/** The same of a command that may tell of several roots. */
export function streamOfStores(
  command: string,
  subject: SchemaFields,
  ...records: readonly SchemaFields[]
): JsonSchema[] {
  const marked = records.map((record) => ({ ...record, ...IN_ROOT }));
  return streamOf(command, { ...subject, ...ROOTS }, ...marked);
}

export const END = object({ t: only('end'), exit: { ...WHOLE, minimum: 0, maximum: 255 } });
