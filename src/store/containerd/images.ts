// The images of a namespace: their list as its users know it, and the stack that one of them was unpacked to.

import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type BlobDigest, hexOf, type ImageId } from '../digest.ts';
import { timeOf } from '../formats/json.ts';
import type { LayerStack, Missing } from '../layer-stack.ts';
import { parseManifest, platformOf, platformText } from '../oci/manifest.ts';
import { MANIFEST_OR_INDEX } from '../oci/oci-shapes.ts';
import { OtherPlatform, type PlatformImage, readImage } from '../oci/platform-image.ts';
import type { ImageSummary } from '../summary.ts';
import { blobLayers } from './blob-layers.ts';
import { blobSize, contentOf, hasBlob, readBlobJson } from './blobs.ts';
import { digestsOf, groupImages, type NamedImage, PARENT_LABEL, tagsOf } from './names.ts';
import { ifSound, type Reading } from './root.ts';
import { snapshotterOf } from './snapshotter.ts';
import { notInFiles, snapshotLayers, unpackedPlace } from './stack.ts';

/** Images in the order of their names, each read at most once. */
export class Images {
  readonly reading: Reading;
  readonly #read = new Map<BlobDigest, PlatformImage | Trouble>();
  #named: readonly NamedImage[] | undefined;
  readonly #damage: string[] = [];

  constructor(reading: Reading) {
    this.reading = reading;
  }

  /** Throws Trouble, here and below, where the database is damaged. */
  get named(): readonly NamedImage[] {
    const { images, users } = this.reading;
    this.#named ??= groupImages(
      images,
      users,
      (target) => ifSound(() => this.contents(target)),
      (state) => this.#damage.push(this.reading.refusal(state).message),
    );
    return this.#named;
  }

  /** Records that lead to nothing, a sentence each. */
  damage(): readonly string[] {
    void this.named;
    return this.#damage;
  }

  /** What a target is made of, for the platform that is asked for. Throws Trouble. */
  contents(target: BlobDigest): PlatformImage {
    const { files, platform } = this.reading.root;
    const known = this.#read.get(target) ?? attempt(() => readImage(contentOf(files), target, platform));
    this.#read.set(target, known);
    if (known instanceof Trouble) throw known;
    return known;
  }

  /** Of several targets of one image the first that can be read. Throws the first Trouble. */
  contentsOf({ targets }: NamedImage): PlatformImage {
    let first: Trouble | undefined;
    for (const target of targets) {
      const found = attempt(() => this.contents(target));
      if (!(found instanceof Trouble)) return found;
      first ??= found;
    }
    throw first ?? new RangeError('an image without a target');
  }

  /** What is wrong with what is asked for is told by what needs it. Throws OtherPlatform. */
  refuseOthers(target: BlobDigest, name: string): void {
    const found = attempt(() => OtherPlatform.toldOf(name, () => this.contents(target)));
    if (found instanceof OtherPlatform) throw found;
  }

  /** Whether it is there for other platforms than the one that is asked for alone. */
  isForOthers({ targets }: NamedImage): boolean {
    return targets.every((target) => attempt(() => this.contents(target)) instanceof OtherPlatform);
  }

  /** Newest first, as in the other lists; for the platform that is asked for. */
  list(): ImageSummary[] {
    const { users } = this.reading;
    const parents = new Set(this.reading.images.map(({ labels }) => labels.get(PARENT_LABEL)));
    const meant = this.named.filter((image) => !this.isForOthers(image));
    const images = meant.map((image): ImageSummary => {
      const tags = tagsOf(image, users);
      const contents = attempt(() => this.contentsOf(image));
      const size = ifSound(() => this.#size(image));
      const created = contents instanceof Trouble ? undefined : timeOf(contents.json, 'created');
      return {
        id: asImageId(image.id),
        tags,
        digests: digestsOf(image, users),
        ...(created === undefined ? {} : { created }),
        ...(size === undefined
          ? {}
          : { size, sizeOf: users === 'docker' ? ('both' as const) : ('fetched' as const) }),
        ...(tags.length === 0 && parents.has(image.id) ? { intermediate: true } : {}),
        ...(contents instanceof Trouble ? { damage: contents.message } : {}),
      };
    });
    return images.sort((a, b) => timeValue(b.created) - timeValue(a.created) || (a.id < b.id ? -1 : 1));
  }

  /**
   * Bytes as the users' own lists count them. CRI, ctr and nerdctl: what was or would be fetched for the platform. Docker:
   * what is here of each platform, with the disk that its layers take where all of it is here.
   */
  #size(image: NamedImage): number {
    if (this.reading.users !== 'docker') return this.contentsOf(image).fetchedSize;
    const sizes = image.targets.flatMap((target) =>
      this.#manifestsOf(target).map((one) => this.#dockerSize(one)),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Of a target, those that are here, attestations among them. */
  #manifestsOf(target: BlobDigest): BlobDigest[] {
    const { files } = this.reading.root;
    const found = parseManifest(readBlobJson(files, target, MANIFEST_OR_INDEX));
    if (found.kind === 'manifest') return [target];
    return found.manifests.map(({ digest }) => digest).filter((digest) => hasBlob(files, digest));
  }

  #dockerSize(digest: BlobDigest): number {
    const { files } = this.reading.root;
    const manifest = parseManifest(readBlobJson(files, digest, MANIFEST_OR_INDEX));
    if (manifest.kind === 'index') return 0;
    const blobs = [digest, manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)];
    const sizes = blobs.map((blob) => blobSize(files, blob));
    const present = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    return sizes.includes(undefined) ? present : present + (ifSound(() => this.#unpackedSize(digest)) ?? 0);
  }

  #unpackedSize(manifest: BlobDigest): number {
    const top = this.contents(manifest).chain.at(-1);
    const place = top && unpackedPlace(this.reading, top);
    const chain = place === undefined ? [] : this.reading.chain(place);
    return chain.reduce((sum, { size }) => sum + (size ?? 0), 0);
  }

  /** Checks all that the image is made of. `label` is how a person would name it. */
  stack(image: PlatformImage, label: string, missing: Missing): LayerStack {
    const { reading } = this;
    const id = reading.users === 'cri' ? image.config : image.target;
    const top = image.chain.at(-1);
    if (top === undefined) {
      throw new Trouble(
        'store',
        `Cannot use image "${label}": it has no layers, so there is nothing to show`,
      );
    }
    const place = unpackedPlace(reading, top);
    const stack = { label, kind: 'image', id: hexOf(id), dataLayers: [] } as const;
    if (place === undefined || snapshotterOf(place.snapshotter).directory === undefined) {
      if (!this.#hasLayers(image))
        throw place ? notInFiles(reading, place.snapshotter) : this.#absent(image, label);
      return { ...stack, layers: blobLayers(reading.root.files, image, missing), dialect: 'trusted' };
    }
    const layers = snapshotLayers(reading, place, { image, missing });
    const doubts = reading.sharedDirectories(place);
    return {
      ...{ ...stack, layers, dialect: reading.root.dialect },
      ...(doubts.length === 0 ? {} : { doubts }),
    };
  }

  /** Whether a blob of a layer is here. */
  #hasLayers({ layers }: PlatformImage): boolean {
    return layers.some(({ digest }) => hasBlob(this.reading.root.files, digest));
  }

  #absent({ layers, json }: PlatformImage, label: string): Trouble {
    const { namespace } = this.reading.root;
    const platform = platformText(platformOf(json));
    const where = `in the namespace "${shownBytes(namespace)}" (${platform})`;
    const state = `it was not unpacked ${where}, and none of its ${layers.length} compressed layers is here`;
    return new Trouble('store', `Cannot show image "${label}": ${state}`);
  }
}

export function asImageId(digest: BlobDigest): ImageId {
  return digest as string as ImageId;
}

/** Milliseconds since 1970; of an unknown time, before all others. */
export function timeValue(text: string | undefined): number {
  const milliseconds = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(milliseconds) ? Number.MIN_SAFE_INTEGER : milliseconds;
}
