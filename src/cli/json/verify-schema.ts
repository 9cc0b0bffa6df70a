// The JSON of `verify`, as schemas: findings, layers, what they belong to, and what it all comes to.
import { IN_ROOT, ROLE } from './fields.ts';
import {
  arrayOf,
  COUNT,
  DIGEST,
  type JsonSchema,
  LAYER,
  mapOf,
  maybe,
  maybeName,
  object,
  only,
  type SchemaFields,
  TEXT,
} from './schema.ts';

export const VERDICT = only('verified', 'tampered', 'unverifiable');
const SHA256 = only('right', 'wrong', 'not made');
const CLASS = only(
  ...['content', 'missing', 'extra', 'whiteout', 'type', 'mode', 'owner', 'link', 'device', 'xattr', 'mtime'],
  ...['tar-split', 'chain', 'config', 'manifest', 'index', 'ambiguous', 'stack', 'blob', 'repository'],
);

/** Which layer of what; without a number, the whole of it. */
const ABOUT: SchemaFields = {
  ...{ ref: TEXT, image: maybe(DIGEST), container: maybe(TEXT) },
  ...{
    layer: maybe(LAYER),
    diffId: maybe(DIGEST),
    chainId: maybe(DIGEST),
    place: maybe(TEXT),
    platform: maybe(TEXT),
  },
  role: maybe(ROLE),
  ...IN_ROOT,
};

/** Without the header. */
export const VERIFY_RECORDS: readonly JsonSchema[] = [
  object({
    t: only('finding'),
    ...ABOUT,
    ...{ severity: only('tampered', 'unverifiable', 'known', 'note'), class: CLASS },
    path: maybe({ type: 'string', pattern: '^/' }),
    pathB64: maybe(TEXT),
    ...maybeName('expected'),
    ...maybeName('found'),
    message: maybe(TEXT),
  }),
  object({
    t: only('layer'),
    ...ABOUT,
    verdict: VERDICT,
    ...{ entries: maybe(COUNT), bytes: maybe(COUNT), sha256: maybe(SHA256) },
    again: maybe(object({ ref: TEXT, layer: LAYER })),
    recorded: maybe({ const: false }),
  }),
  object({
    t: only('image', 'container', 'layers', 'store'),
    ...ABOUT,
    ...{ names: maybe(arrayOf(TEXT)), verdict: VERDICT, repoDigests: maybe(arrayOf(TEXT)) },
  }),
  object({
    t: only('total'),
    ...{ images: COUNT, containers: COUNT },
    layers: object({ verified: COUNT, tampered: COUNT, unverifiable: COUNT }),
    ownLayers: COUNT,
    sha256: mapOf(COUNT, SHA256),
    ...{ tampered: mapOf(COUNT, CLASS), unverifiable: mapOf(COUNT, CLASS) },
  }),
];
