// What a pack says of the images in it, before any of them is read: an OCI layout by `index.json`, what docker save wrote by
// `manifest.json`, both at once, or a single image as skopeo's `dir:` has it.
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type BlobDigest, hexOf, isBlobDigest, sha256 } from '../digest.ts';
import type { StructShape } from '../formats/go-shape.ts';
import {
  type JsonDocument,
  type JsonObject,
  parseJson,
  parseJsonElements,
  requiredString,
  stringsOf,
} from '../formats/json.ts';
import { isLayer, parseManifest } from '../oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../oci/oci-shapes.ts';
import { type Blobs, parseBlobJson } from '../oci/platform-image.ts';
import type { UnpackRules } from '../record.ts';
import { familiarName } from '../reference/reference.ts';
import type { Pack } from './pack.ts';
import { OCI_LAYOUT, SAVED_IMAGE } from './shapes.ts';

/** An image as docker save tells of it: paths in the archive. */
export interface SavedImage {
  readonly config: string;
  /** Base first. */
  readonly layers: readonly string[];
}

/** What names lead to: a digest of an index or a manifest, or an image that docker save wrote. */
export interface NamedSource {
  /** As lists write them. */
  readonly names: readonly string[];
  /** Other words that mean it and no other image: `1` beside `demo:1`. */
  readonly aliases: readonly string[];
  /** The file that says so. */
  readonly file: ByteString;
  readonly leads: BlobDigest | SavedImage;
}

export interface ArchiveContents {
  readonly pack: Pack;
  /** `OCI layout`, `docker-archive`, `dir`. */
  readonly form: string;
  readonly blobs: Blobs;
  /** Where the blob of a digest lies in the pack. */
  readonly pathOf: (digest: BlobDigest) => string;
  readonly sources: readonly NamedSource[];
  /** Whose rules of unpacking the tree follows: of who loads such a file. */
  readonly engine: UnpackRules['engine'];
  /** What of these files cannot be used, a sentence each. */
  readonly damage: readonly string[];
}

const INDEX = 'index.json';
const MANIFEST = 'manifest.json';
const LAYOUT = 'oci-layout';
const BLOBS = 'blobs/sha256';
/** Registries take none that is larger than 4 MiB (distribution, registry/storage). */
const LARGEST_MANIFEST = 4 << 20;

/** Of two annotations the first names an image wholly (containerd), the second may be a tag alone (image-spec, annotations.md). */
const NAME = 'io.containerd.image.name';
const REF_NAME = 'org.opencontainers.image.ref.name';

/** Undefined where no image is in it. Throws Trouble where what tells of images is damaged. */
export function readContents(pack: Pack): ArchiveContents | undefined {
  const has = (path: string) => pack.sizeOf(path) !== undefined;
  const isDir = has(MANIFEST) && !has(INDEX) && isManifest(pack);
  if (isDir) return readDir(pack);
  if (!has(INDEX) && !has(MANIFEST)) return readCutOff(pack);
  const damage: string[] = [];
  const read = [
    ...(has(INDEX) ? [attempt(() => readIndex(pack))] : []),
    ...(has(MANIFEST) ? [attempt(() => readSaved(pack, damage))] : []),
  ];
  const troubles = read.filter((one) => one instanceof Trouble);
  const [first] = troubles;
  if (first !== undefined && troubles.length === read.length) throw first;
  const isSaved = has(MANIFEST);
  return {
    pack,
    form: isSaved ? (has(INDEX) ? 'docker-archive and OCI layout' : 'docker-archive') : 'OCI layout',
    ...blobsOf(pack, (digest) => `${BLOBS}/${hexOf(digest)}`),
    sources: read.flatMap((one) => (one instanceof Trouble ? [] : one)),
    engine: isSaved ? 'moby' : 'containerd',
    damage: [...troubles.map(({ message }) => message), ...damage],
  };
}

/** Whether a pack is meant to be one of images, whatever is wrong with it. */
export function looksLikeArchive(has: (path: string) => boolean): boolean {
  return has(LAYOUT) || has(MANIFEST) || (has(INDEX) && has(BLOBS));
}

function blobsOf(
  pack: Pack,
  pathOf: (digest: BlobDigest) => string,
): Pick<ArchiveContents, 'blobs' | 'pathOf'> {
  const blobs: Blobs = {
    nameOf: (digest) => pack.nameOf(pathOf(digest)),
    sizeOf: (digest) => pack.sizeOf(pathOf(digest)),
    readJson: (digest, shape) =>
      parseBlobJson(pack.read(pathOf(digest)), digest, pack.nameOf(pathOf(digest)), shape),
  };
  return { blobs, pathOf };
}

function readFile(pack: Pack, path: string, shape: StructShape): JsonDocument {
  return parseJson(pack.read(path), pack.nameOf(path), shape);
}

function readIndex(pack: Pack): NamedSource[] {
  const file = pack.nameOf(INDEX);
  if (pack.sizeOf(LAYOUT) !== undefined) {
    const version = requiredString(readFile(pack, LAYOUT, OCI_LAYOUT), 'imageLayoutVersion');
    if (!/^1\./.test(version)) {
      const state = `it is a layout of version ${JSON.stringify(version.slice(0, 20))}, and 1.0.0 is what is known`;
      throw new Trouble('store', `Cannot use "${shownBytes(pack.nameOf(LAYOUT))}": ${state}`);
    }
  }
  const index = parseManifest(readFile(pack, INDEX, MANIFEST_OR_INDEX));
  if (index.kind !== 'index') throw new Trouble('store', `Cannot use "${shownBytes(file)}": it is no index`);
  return index.manifests.map(({ digest, annotations }): NamedSource => {
    const [name, refName] = [annotations.get(NAME), annotations.get(REF_NAME)];
    const shown = name ?? refName;
    return {
      names: shown === undefined || shown === '' ? [] : [familiarOr(shown)],
      aliases: [shown, refName].filter((one) => one !== undefined),
      file,
      leads: digest,
    };
  });
}

/** One that cannot be understood takes no other with it: it is told to `damage`. */
function readSaved(pack: Pack, damage: string[]): NamedSource[] {
  const file = pack.nameOf(MANIFEST);
  return parseJsonElements(pack.read(MANIFEST), file, SAVED_IMAGE).flatMap((element) => {
    const source = element instanceof Trouble ? element : attempt(() => savedSource(element, file));
    if (!(source instanceof Trouble)) return [source];
    damage.push(source.message);
    return [];
  });
}

function savedSource(element: JsonObject, file: ByteString): NamedSource {
  const tags = stringsOf(element, 'RepoTags');
  return {
    names: tags.map(familiarOr),
    aliases: tags,
    file,
    leads: { config: requiredString(element, 'Config'), layers: stringsOf(element, 'Layers') },
  };
}

/** Whether `manifest.json` is a manifest itself; that of docker save is a list. */
function isManifest(pack: Pack): boolean {
  return /^\s*\{/.test(pack.read(MANIFEST).toString('latin1', 0, 4096));
}

/** Blobs lie beside the manifest, by their digests without `sha256:` (containers/image, directory_transport.go). */
function readDir(pack: Pack): ArchiveContents {
  const bytes = pack.read(MANIFEST);
  const digest = `sha256:${sha256(bytes)}`;
  if (!isBlobDigest(digest)) throw new RangeError(`${digest} is no digest`);
  const pathOf = (one: BlobDigest) => (one === digest ? MANIFEST : hexOf(one));
  const source: NamedSource = { names: [], aliases: [], file: pack.nameOf(MANIFEST), leads: digest };
  return {
    pack,
    form: 'dir',
    ...blobsOf(pack, pathOf),
    sources: [source],
    engine: 'containers-storage',
    damage: [],
  };
}

/**
 * Of an OCI layout that is cut off before `index.json`, which engines write last: the images whose manifests are among its
 * blobs, without their names. Undefined where there are none.
 */
function readCutOff(pack: Pack): ArchiveContents | undefined {
  if (pack.damage === undefined) return undefined;
  const found = blobsOf(pack, (digest) => `${BLOBS}/${hexOf(digest)}`);
  const sources = pack.namesIn(BLOBS).flatMap((name): NamedSource[] => {
    const digest = `sha256:${name}`;
    if (!isBlobDigest(digest)) return [];
    const size = attempt(() => found.blobs.sizeOf(digest));
    if (typeof size !== 'number' || size > LARGEST_MANIFEST) return [];
    const manifest = attempt(() => parseManifest(found.blobs.readJson(digest, MANIFEST_OR_INDEX)));
    if (manifest instanceof Trouble || manifest.kind === 'index' || !manifest.layers.some(isLayer)) return [];
    return [{ names: [], aliases: [], file: pack.path, leads: digest }];
  });
  const damage = [
    `what is here of "${shownBytes(pack.path)}" has no "${INDEX}": its images are without names`,
  ];
  return sources.length === 0
    ? undefined
    : { pack, form: 'OCI layout', ...found, sources, engine: 'containerd', damage };
}

function familiarOr(name: string): string {
  // A tag alone is no name, though it looks like one.
  return /[:/@]/.test(name) ? (familiarName(name) ?? name) : name;
}
