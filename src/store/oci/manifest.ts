// OCI's image manifests and indexes, and Docker's of the same form (schema 2 and manifest lists): what leads from the digest
// of an image to its config and its layers, wherever the blobs lie. Only what is used is read, and that is checked.

import { Trouble } from '../../sys/errors.ts';
import { type BlobDigest, parseBlobDigest } from '../digest.ts';
import {
  type JsonObject,
  objectsOf,
  optionalObject,
  optionalString,
  requiredString,
} from '../formats/json.ts';

/** As Go names systems and processors, in the form that containerd compares (`normalizePlatform`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** Empty where the architecture has none, or its usual one. */
  readonly variant: string;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: BlobDigest;
  /** Bytes; absent where it is no number. */
  readonly size?: number;
  readonly platform?: Platform;
  readonly annotations: ReadonlyMap<string, string>;
}

export interface Manifest {
  readonly kind: 'manifest';
  readonly config: Descriptor;
  /** Base first. */
  readonly layers: readonly Descriptor[];
}

export interface Index {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

/** BuildKit's mark of a manifest that is about another: provenance, a list of packages. */
const REFERENCE_TYPE = 'vnd.docker.reference.type';

/** Throws Trouble that names the file and the field. */
export function parseManifest(json: JsonObject): Manifest | Index {
  const { file } = json;
  const has = (key: string) => (json.fields[key] ?? undefined) !== undefined;
  const refuse = (state: string) => new Trouble('store', `Cannot use "${file}": ${state}`);
  if (has('fsLayers')) throw refuse('it is a manifest of schema 1, which has no config');
  // What is both would be one thing to one reader and another to the next; containerd refuses it as well.
  if (has('manifests') && (has('config') || has('layers')))
    throw refuse('it is both a manifest and an index');
  if (has('manifests')) return { kind: 'index', manifests: objectsOf(json, 'manifests').map(descriptorOf) };
  const config = optionalObject(json, 'config');
  if (config === undefined) throw refuse('it is neither a manifest nor an index of an image');
  return {
    kind: 'manifest',
    config: descriptorOf(config),
    layers: objectsOf(json, 'layers').map(descriptorOf),
  };
}

function descriptorOf(json: JsonObject): Descriptor {
  const { size } = json.fields;
  const platform = optionalObject(json, 'platform');
  const annotations = optionalObject(json, 'annotations');
  const digest = requiredString(json, 'digest');
  return {
    mediaType: optionalString(json, 'mediaType') ?? '',
    digest: parseBlobDigest(digest, { file: json.file, part: `${json.prefix}digest` }),
    ...(typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? { size } : {}),
    ...(platform === undefined ? {} : { platform: platformOf(platform) }),
    annotations: new Map(
      Object.entries(annotations?.fields ?? {}).flatMap(([key, value]) =>
        typeof value === 'string' ? [[key, value] as const] : [],
      ),
    ),
  };
}

/** Of a descriptor, or of a config, which has the same fields. */
export function platformOf(json: JsonObject): Platform {
  return normalized({
    os: optionalString(json, 'os') ?? '',
    architecture: optionalString(json, 'architecture') ?? '',
    variant: optionalString(json, 'variant') ?? '',
  });
}

/** Whether a manifest of an index is no image of its own. */
export function isAttestation({ annotations, platform }: Descriptor): boolean {
  return (
    annotations.has(REFERENCE_TYPE) || (platform?.os === 'unknown' && platform.architecture === 'unknown')
  );
}

/** Whether a manifest or index is BuildKit's build cache (`--cache-to`), and no image (cache/remotecache/v1/spec.go). */
export function isBuildCache(found: Manifest | Index): boolean {
  const parts = found.kind === 'manifest' ? [found.config] : found.manifests;
  return parts.some(({ mediaType }) => mediaType.startsWith('application/vnd.buildkit.cacheconfig.'));
}

export function isLayer({ mediaType }: Descriptor): boolean {
  return /^application\/vnd\.(?:oci\.image\.layer\.|docker\.image\.rootfs\.)/.test(mediaType);
}

/**
 * `linux/arm64`, `arm64/v8`, `amd64`, `linux`: what is not said is that of this machine. What follows a system may be any
 * architecture; without a system it must be a known one (containerd/platforms, Parse). Throws Trouble for other words.
 */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.toLowerCase().split('/');
  const [first = '', second = '', third = ''] = parts;
  const refuse = () =>
    new Trouble(
      'usage',
      `Cannot understand platform "${text}": write OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT`,
    );
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9][a-z0-9_.-]*$/.test(part))) throw refuse();
  if (SYSTEMS.includes(first)) {
    return normalized({
      os: first,
      architecture: second === '' ? host.architecture : second,
      variant: third,
    });
  }
  const found = normalized({ os: host.os, architecture: first, variant: second });
  if (parts.length > 2 || !PROCESSORS.includes(found.architecture)) throw refuse();
  return found;
}

export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === '' ? [] : [variant])].join('/');
}

/** Words of Node for processors, where Go has others (GOARCH). */
const ARCHITECTURES = new Map([
  ['x64', 'amd64'],
  ['ia32', '386'],
  ['ppc64', 'ppc64le'],
  ['loong64', 'loong64'],
]);
const SYSTEMS: readonly string[] = [
  ...[
    'linux',
    'windows',
    'darwin',
    'macos',
    'freebsd',
    'netbsd',
    'openbsd',
    'dragonfly',
    'solaris',
    'illumos',
  ],
  ...['aix', 'android', 'ios', 'js', 'plan9', 'wasi', 'wasip1'],
];
/** Go's names (internal/syslist, KnownArch), those of no port of today as well. */
const PROCESSORS: readonly string[] = [
  ...['386', 'amd64', 'arm', 'armbe', 'arm64', 'arm64be', 'loong64', 'mips', 'mipsle', 'mips64', 'mips64le'],
  ...['ppc', 'ppc64', 'ppc64le', 'riscv', 'riscv64', 's390', 's390x', 'sparc', 'sparc64', 'wasm'],
];

export function hostPlatform(): Platform {
  return normalized({
    os: 'linux',
    architecture: ARCHITECTURES.get(process.arch) ?? process.arch,
    variant: '',
  });
}

/** Other names of a processor, and variants that are the usual ones (containerd/platforms, normalizeArch). */
function normalized({ os, architecture, variant }: Platform): Platform {
  const plain = (name: string, usual = '') => ({
    os: os === 'macos' ? 'darwin' : os,
    architecture: name,
    variant: variant === usual ? '' : variant,
  });
  switch (architecture) {
    case 'i386':
      return { ...plain('386'), variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return plain('amd64', 'v1');
    case 'aarch64':
    case 'arm64':
      return plain('arm64', /^v?8(?:\.0)?$/.test(variant) ? variant : '');
    case 'armhf':
      return plain('arm', 'v7');
    case 'armel':
      return { ...plain('arm'), variant: 'v6' };
    case 'arm':
      return {
        ...plain('arm', 'v7'),
        variant: variant === '7' || variant === 'v7' ? '' : variant.replace(/^(?=[568]$)/, 'v'),
      };
    default:
      return plain(architecture);
  }
}

/** Whether an image for one platform is what another asks for. A variant that is not asked for may be any. */
export function fits(has: Platform, wanted: Platform): boolean {
  if (has.os !== wanted.os || has.architecture !== wanted.architecture) return false;
  return has.variant === wanted.variant || wanted.variant === '';
}

/** The same of what a config says of its image: where it says nothing, the image may be for any. */
export function mayFit(has: Platform, wanted: Platform): boolean {
  return fits(
    { ...has, os: has.os || wanted.os, architecture: has.architecture || wanted.architecture },
    wanted,
  );
}

/** The manifests of an index that are images, those for the wanted platform first, otherwise in the index's order. */
export function imagesOfIndex({ manifests }: Index, wanted: Platform): Descriptor[] {
  const images = manifests.filter((one) => !isAttestation(one));
  const rank = ({ platform }: Descriptor) => {
    if (platform === undefined) return 1;
    return fits(platform, wanted) ? (platform.variant === wanted.variant ? -1 : 0) : 2;
  };
  return images
    .map((one, index) => ({ one, index }))
    .sort((a, b) => rank(a.one) - rank(b.one) || a.index - b.index)
    .map(({ one }) => one);
}
