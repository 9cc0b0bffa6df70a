// The parts of `report --out` that are no command's output, as schemas; the other parts have the schema of their command.
import { DELETED, IDS, LAYER_IDS, PART_KINDS, ROLE, SIZES, streamOf } from './fields.ts';
import {
  arrayOf,
  COUNT,
  type JsonSchema,
  LAYER,
  mapOf,
  maybe,
  name,
  object,
  only,
  type SchemaFields,
  TEXT,
  TRUTH,
} from './schema.ts';
import { VERDICT } from './verify-schema.ts';

const SUBJECT: SchemaFields = { kind: only('image', 'container'), id: TEXT };

const LAYER_OF_ROOT: SchemaFields = {
  t: only('layer'),
  store: maybe(TEXT),
  kind: { anyOf: [ROLE, only('unused', 'orphan')] },
  ...name('name'),
  ...LAYER_IDS,
  ...{ ids: maybe(IDS), bytes: maybe(COUNT), allocated: maybe(COUNT) },
  ...{ createdBy: maybe(TEXT), missing: maybe(TEXT), verdict: maybe(VERDICT) },
  users: arrayOf(object({ ...SUBJECT, name: TEXT, layer: LAYER })),
};

const VOLUME: SchemaFields = {
  t: only('volume'),
  ...name('name'),
  ...name('path'),
  ...SIZES,
  facts: maybe(mapOf(TEXT)),
  users: arrayOf(object({ kind: only(...PART_KINDS), id: TEXT, name: TEXT, at: maybe(TEXT) })),
};

/** One that was written, and one that could not be. */
const MANIFESTS: readonly SchemaFields[] = [
  {
    t: only('manifest'),
    ...{ file: TEXT, ref: TEXT, ...SUBJECT, names: COUNT, hasDigests: TRUTH, unread: maybe(COUNT) },
  },
  { t: only('unwritten'), ref: TEXT, ...SUBJECT, error: TEXT },
];

/** By the name of the schema: the part's after that of the command. */
export const REPORT_RECORDS: Readonly<Record<string, readonly JsonSchema[]>> = {
  ...part('deleted', { ...DELETED, refs: arrayOf(TEXT) }),
  ...part('layers', LAYER_OF_ROOT),
  ...part('manifests', ...MANIFESTS),
  ...part('volumes', VOLUME),
};

function part(of: string, ...records: readonly SchemaFields[]): Record<string, JsonSchema[]> {
  return { [`report-${of}`]: streamOf('report', { part: only(of) }, ...records) };
}
