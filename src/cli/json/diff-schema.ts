// The JSON of `diff`, as schemas.
import { ASPECTS } from '../../diff/item.ts';
import { DEVICE, headFields, IDS, ROLE, TYPE } from './fields.ts';
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
  WHOLE,
} from './schema.ts';

const ASPECT = only(...ASPECTS);
const OP = only('add', 'remove', 'modify', 'type', 'rename');
const SIDE_NAME = only('a', 'b');
const MANAGER = only('dpkg', 'apk', 'pip', 'npm');

const SIDE = object({
  ref: TEXT,
  ...maybeName('root'),
  kind: only('image', 'container', 'layer', 'lowerdir', 'manifest'),
  id: maybe(TEXT),
  mountPoints: maybe(arrayOf(TEXT)),
  owners: maybe(TEXT),
  layers: arrayOf(
    object({
      ...{ layer: LAYER, role: ROLE, diffId: maybe(DIGEST), ids: IDS, createdBy: maybe(TEXT) },
      ...maybeName('directory'),
      ...maybeName('tar'),
    }),
  ),
});

const ITEM = object({
  ...{ type: TYPE, mode: OCTAL, uid: COUNT, gid: COUNT, size: COUNT },
  ...DEVICE,
  ...maybeName('target'),
  targetError: maybe(TEXT),
  mtime: SECONDS,
  nlink: COUNT,
  layer: maybe(LAYER),
});

const SHARES = arrayOf(object({ layer: LAYER, entries: COUNT, bytes: COUNT }));
const SETTERS = mapOf(LAYER, only(...ASPECTS.filter((aspect) => aspect !== 'links'), 'type'));

const CHANGE: SchemaFields = {
  t: only('change'),
  ...pathInImage(),
  op: OP,
  what: maybe(arrayOf(ASPECT)),
  flags: maybe(arrayOf(only('setuid-added', 'setgid-added', 'caps-added'))),
  ...maybeName('from'),
  subtree: maybe(object({ entries: COUNT, bytes: COUNT, layers: maybe(SHARES), origins: maybe(SHARES) })),
  inSubtree: flag(true),
  by: maybe(object({ layer: LAYER, how: only('whiteout', 'opaque') })),
  setBy: maybe(object({ a: maybe(SETTERS), b: maybe(SETTERS) })),
  firstDifference: maybe(COUNT),
  noise: maybe(TEXT),
  raced: flag(true),
  a: maybe(ITEM),
  b: maybe(ITEM),
  package: maybe(object({ mgr: MANAGER, ...name('name') })),
};

const STORED = { stored: WHOLE, shown: WHOLE, hidden: WHOLE };
const GROWTH = object({
  a: object(STORED),
  b: object(STORED),
  layers: arrayOf(object({ side: SIDE_NAME, layer: LAYER, ...STORED })),
  hiddenBy: arrayOf(
    object({
      ...{ side: SIDE_NAME, layer: LAYER },
      how: only('whiteout', 'opaque', 'replaced', 'redirect', 'rewritten'),
      ...{ objects: WHOLE, bytes: WHOLE },
      sameContents: maybe(object({ bytes: COUNT, changed: arrayOf(only('mode', 'owner')) })),
    }),
  ),
});

const SUMMARY = object({
  ...{ t: only('summary'), equal: TRUTH },
  ...{ add: COUNT, remove: COUNT, modify: COUNT, meta: COUNT, type: COUNT, rename: COUNT },
  hidden: object({ mtime: COUNT, init: COUNT, noise: COUNT }),
  bytes: object({ added: COUNT, removed: COUNT }),
  noise: COUNT,
  config: maybe(COUNT),
  growth: maybe(GROWTH),
  notCompared: maybe(mapOf(COUNT, ASPECT)),
  cost: object({ names: COUNT, filesRead: COUNT, ms: COUNT }),
  errors: COUNT,
  complete: TRUTH,
});

const CONFIG_VALUE: JsonSchema = {
  anyOf: [{ type: ['string', 'number', 'null'] }, arrayOf(TEXT)],
};

/** The header first. */
export const DIFF_RECORDS: readonly JsonSchema[] = [
  object({
    t: only('header'),
    ...headFields('diff'),
    ...{ a: SIDE, b: SIDE, sharedLayers: COUNT },
    opts: object({
      ...{ content: only('read', 'crc', 'none'), ignore: arrayOf(ASPECT) },
      ...{ path: maybe(arrayOf(TEXT)), include: maybe(arrayOf(TEXT)), exclude: maybe(arrayOf(TEXT)) },
      ...{ type: maybe(arrayOf(TEXT)), trustIds: flag(true) },
    }),
  }),
  object(CHANGE),
  object({
    t: only('error'),
    side: SIDE_NAME,
    ...pathInImage(),
    code: TEXT,
    doing: only('look up', 'list', 'read'),
  }),
  object({ t: only('config'), key: TEXT, a: maybe(CONFIG_VALUE), b: maybe(CONFIG_VALUE) }),
  object({
    t: only('package'),
    mgr: MANAGER,
    ...name('name'),
    ...maybeName('a'),
    ...maybeName('b'),
    files: mapOf(COUNT, OP),
  }),
  object({
    t: only('files'),
    ...{ owned: COUNT, database: COUNT, noise: COUNT, suspicious: COUNT, unexplained: COUNT },
  }),
  SUMMARY,
];
