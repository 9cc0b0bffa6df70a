// What an image's data (its config, manifests and indexes) say of themselves that can be checked: their names are hashes of them,
// and a manifest names the config.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claim } from '../claims.ts';
import { sha256 } from '../digest.ts';
import { optionalObject, optionalString, parseJson } from '../formats/json.ts';
import { parseManifest } from '../oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../oci/oci-shapes.ts';
import {
  configName,
  dataPath,
  type ImageRecord,
  MANIFEST,
  MANIFEST_DIGEST,
  readImageData,
} from './images.ts';
import { MANIFEST_SHAPE } from './shapes.ts';

/** Of the manifests and indexes that are here under the names of their hashes, those that lead to the image's config. */
export function leadingDigests(image: ImageRecord): string[] {
  const config = attempt(() => configName(image));
  const leading = new Set<string>(config instanceof Trouble ? [] : [config]);
  const named = new Map<string, readonly string[]>();
  for (const name of image.data) {
    const digest = MANIFEST_DIGEST.exec(name)?.[1];
    const next = digest === undefined ? [] : attempt(() => namedByManifest(image, name));
    if (digest !== undefined && !(next instanceof Trouble)) named.set(digest, next);
  }
  // An index leads to a manifest that leads to the config.
  for (const _ of [1, 2]) {
    for (const [digest, next] of named) if (next.some((one) => leading.has(one))) leading.add(digest);
  }
  return [...named.keys()].filter((digest) => leading.has(digest));
}

/** The digests of a manifest's config, or of an index's manifests. Throws Trouble. */
function namedByManifest(image: ImageRecord, name: string): string[] {
  const file = image.root.files.pathOf(dataPath(image, name));
  const found = parseManifest(parseJson(readImageData(image, name), file, MANIFEST_OR_INDEX));
  return found.kind === 'manifest' ? [found.config.digest] : found.manifests.map(({ digest }) => digest);
}

/** The config and all manifests against their names, and the manifest against the config that it names. */
export function dataClaims(image: ImageRecord): Claim[] {
  const claims: Claim[] = [];
  const config = attempt(() => configName(image));
  if (config instanceof Trouble) return [{ about: 'config', unreadable: config.message }];
  for (const name of image.data) {
    const expected = name === config ? name : MANIFEST_DIGEST.exec(name)?.[1];
    if (expected === undefined) continue;
    const about = name === config ? 'config' : 'manifest';
    const bytes = attempt(() => readImageData(image, name));
    if (bytes instanceof Trouble) {
      claims.push({ about, unreadable: bytes.message });
      continue;
    }
    const path = image.root.files.pathOf(dataPath(image, name));
    const message = `"${shownBytes(path)}" is not what its name is the hash of`;
    claims.push({ about, expected, found: `sha256:${sha256(bytes)}`, message });
  }
  return image.data.includes(MANIFEST) ? [...claims, ...manifestClaim(image, config)] : claims;
}

/** Nothing where the manifest is of a kind that names no config. */
function manifestClaim(image: ImageRecord, config: string): Claim[] {
  const digest = attempt(() => {
    const file = image.root.files.pathOf(dataPath(image, MANIFEST));
    const named = optionalObject(parseJson(readImageData(image, MANIFEST), file, MANIFEST_SHAPE), 'config');
    return named && optionalString(named, 'digest');
  });
  if (digest === undefined) return [];
  if (digest instanceof Trouble) return [{ about: 'manifest', unreadable: digest.message }];
  const message = 'the manifest names another config';
  return [{ about: 'manifest', expected: config, found: digest, message }];
}
