// The JSON Schema of what each command prints with `--json`: of each line, by its `t`. The build writes them into dist/schemas; tests
// hold every output against them. A field that is not told here is a fault.
import { DIFF_RECORDS } from './diff-schema.ts';
import {
  ATTRIBUTES,
  DELETED,
  DEVICE,
  END,
  HIDDEN_BY,
  headFields,
  IDS,
  LAYER_IDS,
  OWNERS,
  PART_KINDS,
  ROLE,
  ROOTS,
  SIZES,
  STEP,
  SUM,
  streamOf,
  streamOfStores,
  TAKES,
  TYPE,
} from './fields.ts';
import { REPORT_RECORDS } from './report-schema.ts';
import {
  arrayOf,
  COUNT,
  DIGEST,
  flag,
  type JsonSchema,
  LAYER,
  mapOf,
  maybe,
  maybeName,
  name,
  OCTAL,
  object,
  only,
  pathInImage,
  type SchemaFields,
  SECONDS,
  TEXT,
  TRUTH,
} from './schema.ts';
import { VERIFY_RECORDS } from './verify-schema.ts';

const REF: SchemaFields = { ref: TEXT };
const REFS: SchemaFields = { refs: maybe(arrayOf(TEXT)) };

const IMAGE: SchemaFields = {
  t: only('image'),
  ...{ store: maybe(TEXT), namespace: maybe(TEXT) },
  ...{ id: DIGEST, tags: arrayOf(TEXT), digests: arrayOf(TEXT), created: maybe(TEXT) },
  ...{ size: maybe(COUNT), sizeOf: maybe(only('fetched', 'both')), platform: maybe(TEXT) },
  ...{ intermediate: maybe(TRUTH), damage: maybe(TEXT) },
};

const CONTAINER: SchemaFields = {
  t: only('container'),
  ...{ store: maybe(TEXT), namespace: maybe(TEXT) },
  ...{ id: TEXT, name: TEXT, pod: maybe(TEXT), image: TEXT, imageId: maybe(DIGEST) },
  ...{ created: maybe(TEXT), status: TEXT, startedAt: maybe(TEXT), finishedAt: maybe(TEXT) },
  ...{ command: maybe(TEXT), elsewhere: maybe(TEXT), infra: maybe(TRUTH), damage: maybe(TEXT) },
  ...{ ownBytes: maybe(COUNT), virtualBytes: maybe(COUNT) },
};

const STORE: SchemaFields = {
  t: only('store'),
  kind: TEXT,
  ...name('root'),
  ...{ user: maybe(TEXT), why: TEXT, images: maybe(COUNT), containers: maybe(COUNT) },
  ...{ live: maybe(TRUTH), damage: maybe(TEXT) },
};

const DIALECT = only('trusted', 'user', 'aufs', 'none');
const STACK_LAYER: SchemaFields = {
  role: ROLE,
  ...LAYER_IDS,
  ids: IDS,
  ...{ dialect: maybe(DIALECT), holds: maybe(only('tree')), size: maybe(COUNT) },
  history: maybe(object({ ...STEP, comment: maybe(TEXT), emptyLayer: TRUTH })),
  ...{ missing: maybe(TEXT), doubt: maybe(TEXT), live: maybe(TRUTH) },
  ...maybeName('directory'),
  ...maybeName('tar'),
};

const INSPECT = object({
  t: only('stack'),
  ...headFields('inspect'),
  ...maybeName('root'),
  ...REF,
  ...{ label: TEXT, kind: only('image', 'container', 'layer', 'lowerdir'), id: maybe(TEXT) },
  dialect: DIALECT,
  owners: maybe(OWNERS),
  layers: arrayOf(object({ layer: LAYER, ...STACK_LAYER })),
  dataLayers: maybe(arrayOf(object(STACK_LAYER))),
});

const ENTRY: SchemaFields = {
  t: only('entry'),
  ...pathInImage(),
  ...ATTRIBUTES,
  nlink: COUNT,
  ...DEVICE,
  ino: { type: 'string', pattern: '^\\d+$' },
  layer: LAYER,
};

const STAT_ENTRY: SchemaFields = {
  ...ENTRY,
  ...{ blocks: COUNT, blksize: COUNT, atime: SECONDS, ctime: SECONDS },
  xattrs: arrayOf(object({ ...name('name'), valueB64: TEXT })),
  ...name('source'),
  ...{ diffId: maybe(DIGEST), createdBy: maybe(TEXT) },
};

const USAGE: SchemaFields = {
  t: only('usage'),
  ...pathInImage(),
  ...{ type: only('dir', 'other'), allocated: maybe(COUNT), bytes: COUNT, objects: COUNT },
  layers: arrayOf(LAYER),
};
const USAGE_TOTAL: SchemaFields = {
  t: only('total'),
  ...{ allocated: maybe(COUNT), bytes: COUNT, objects: maybe(COUNT) },
};

const PLACE: SchemaFields = {
  t: only('place'),
  kind: only(
    ...['layer', 'unused', 'content', 'loose', 'upper', 'init', 'files', 'log', 'cache', 'volume'],
    ...['unfinished', 'orphan', 'beside', 'records', 'other'],
  ),
  id: TEXT,
  ...name('path'),
  ...SIZES,
  users: maybe(arrayOf(object({ id: TEXT, name: TEXT }))),
};
const USED_IMAGE: SchemaFields = {
  t: only('image'),
  ...{ id: TEXT, name: TEXT, names: maybe(arrayOf(TEXT)), layers: COUNT },
  ...SIZES,
  unique: object(SIZES),
};
const USED_CONTAINER: SchemaFields = {
  t: only('container'),
  ...{ id: TEXT, name: TEXT },
  ...SIZES,
  ...{ log: object(SIZES), whole: object(SIZES) },
};

const HISTORY_STEP: SchemaFields = {
  t: only('step'),
  ...{ layer: maybe(LAYER), emptyLayer: flag(true), role: maybe(ROLE), diffId: maybe(DIGEST) },
  ...{ missing: maybe(TEXT), size: maybe(COUNT), fileBytes: maybe(COUNT) },
  ...{ stored: maybe(object(SUM)), shown: maybe(object(SUM)), hidden: maybe(object(SUM)) },
  ...{ rest: maybe(object(SUM)), hiddenBy: maybe(HIDDEN_BY) },
  ...{ added: maybe(COUNT), changed: maybe(COUNT), deleted: maybe(COUNT), unreadable: maybe(COUNT) },
  ...STEP,
  comment: maybe(TEXT),
};
const WASTE: SchemaFields = {
  t: only('waste'),
  kind: only('deleted', 'replaced', 'moved', 'rewritten', 'copied'),
  ...pathInImage(),
  ...SUM,
  ...{ layer: LAYER, createdBy: maybe(TEXT) },
  hiddenBy: object({ layer: LAYER, createdBy: maybe(TEXT) }),
  changed: maybe(arrayOf(only('mode', 'owner'))),
};
const INSTRUCTION: SchemaFields = {
  t: only('instruction'),
  ...{ layer: maybe(LAYER), diffId: maybe(DIGEST) },
  ...{ kind: maybe(only('instruction', 'comment')), text: maybe(TEXT), note: maybe(TEXT) },
};

const STATEMENT: JsonSchema = {
  oneOf: [
    object({
      ...{ kind: only('version'), state: only('supplies', 'merged', 'hidden', 'unknown') },
      ...ATTRIBUTES,
      opaque: flag(true),
      ...maybeName('redirect'),
      sameContentsAs: maybe(LAYER),
    }),
    object({ kind: only('redirect'), ...pathInImage(), ...name('target') }),
    object({ kind: only('damage'), ...pathInImage(), error: TEXT }),
    object({
      kind: only('whiteout'),
      ...pathInImage(),
      // A record alone has no time of it.
      ...{ notBefore: maybe(SECONDS), notAfter: maybe(SECONDS) },
    }),
    object({ kind: only('opaque', 'replaced'), ...pathInImage() }),
  ],
};
const PATH: SchemaFields = {
  t: only('path'),
  ...pathInImage(),
  ...pathInImage('realPath'),
  ...{ visible: maybe(TRUTH), layer: maybe(LAYER) },
  aspects: maybe(mapOf(LAYER, only('content', 'mode', 'owner', 'mtime', 'xattrs'))),
  layers: arrayOf(
    object({
      ...{ layer: LAYER, role: ROLE, diffId: maybe(DIGEST) },
      ...STEP,
      ...maybeName('pathInLayer'),
      statements: arrayOf(STATEMENT),
    }),
  ),
};

const EVENT: SchemaFields = {
  t: only('event'),
  ...{ time: TEXT, timestamp: SECONDS, macb: { type: 'string', pattern: '^[m.][a.][c.][b.]$' } },
  ...pathInImage(),
  ...{ state: only('visible', 'deleted', 'shadowed', 'whiteout', 'removed'), layer: LAYER },
  ...{ type: TYPE, mode: OCTAL, uid: COUNT, gid: COUNT, size: COUNT, ino: TEXT },
  ...maybeName('target'),
  ...{ ref: maybe(TEXT), refs: maybe(arrayOf(TEXT)) },
};

const HEALTH_FINDING: SchemaFields = {
  t: only('finding'),
  ...{ severity: only('error', 'warning', 'note'), code: TEXT },
  ...name('path'),
  ...{ detail: TEXT, takes: maybe(TAKES), meaning: TEXT, works: TEXT },
};

const RELATED = arrayOf(
  object({
    ...{ kind: only(...PART_KINDS, 'bind', 'tmpfs', 'lease'), id: TEXT, label: TEXT },
    ...{ names: maybe(arrayOf(TEXT)), layer: maybe(LAYER), at: maybe(TEXT) },
    ...maybeName('directory'),
  }),
);
const PART: SchemaFields = {
  t: only('part'),
  ...name('asked'),
  ...{ kind: only(...PART_KINDS), id: TEXT, facts: mapOf(TEXT) },
  ...maybeName('directory'),
  ...{ takes: maybe(TAKES), uses: RELATED, users: RELATED },
};

/** What the lines of each command may be. */
const RECORDS: Readonly<Record<string, readonly JsonSchema[]>> = {
  containers: streamOfStores('containers', {}, CONTAINER),
  deleted: streamOf('deleted', REF, DELETED),
  df: streamOfStores(
    ...(['df', {}] as const),
    ...[PLACE, USED_IMAGE, USED_CONTAINER],
    { t: only('group'), name: TEXT, count: COUNT, ...SIZES },
    { t: only('total'), ...SIZES },
  ),
  diff: DIFF_RECORDS,
  doctor: streamOfStores('doctor', {}, { t: only('store'), kind: TEXT, store: TEXT }, HEALTH_FINDING, {
    t: only('total'),
    ...{ errors: COUNT, warnings: COUNT, notes: COUNT },
  }),
  du: streamOfStores('du', { ref: maybe(TEXT) }, USAGE, USAGE_TOTAL, {
    t: only('group', 'place'),
    ...name('name'),
    ...SIZES,
  }),
  history: streamOf('history', REF, HISTORY_STEP, WASTE, INSTRUCTION),
  images: streamOfStores('images', {}, IMAGE),
  ls: streamOf('ls', REF, ENTRY),
  stat: streamOf('stat', REF, STAT_ENTRY),
  stores: streamOf('stores', {}, STORE),
  timeline: streamOfStores('timeline', REFS, EVENT),
  verify: [...streamOf('verify', { ...REFS, ...ROOTS }), ...VERIFY_RECORDS],
  which: streamOf('which', REF, PATH),
  whose: streamOf('whose', {}, PART),
  ...REPORT_RECORDS,
};

/** By the name of the command, or of the part of a report: the schema of each line that it prints. */
export function jsonSchemas(): ReadonlyMap<string, JsonSchema> {
  const schema = (command: string, lines: JsonSchema): [string, JsonSchema] => [
    command,
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `urn:stratafs:json:1:${command}`,
      title:
        command === 'inspect'
          ? 'What stratafs inspect --json prints'
          : `A line of stratafs ${command} as JSON`,
      ...lines,
    },
  ];
  return new Map([
    ...Object.entries(RECORDS).map(([command, records]) => schema(command, { oneOf: [...records, END] })),
    schema('inspect', INSPECT),
  ]);
}
