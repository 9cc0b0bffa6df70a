// The images of an archive as a `Store`. An archive has no containers, and nothing of it was unpacked by anybody.
import type { ByteString } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import type { Claim, Claims } from '../claims.ts';
import type { Layer, LayerStack, Missing } from '../layer-stack.ts';
import type { Platform } from '../oci/manifest.ts';
import { type Configuration, type HistoryStep, imageConfiguration, stepsOfConfig } from '../oci/oci.ts';
import { OtherPlatform } from '../oci/platform-image.ts';
import type { TarRecord } from '../record.ts';
import type { Store } from '../store.ts';
import type { ContainerSummary, ImageSummary } from '../summary.ts';
import { claimsOfArchive, claimsOfListed, damageOf } from './claims.ts';
import type { ArchiveContents } from './contents.ts';
import { findImage } from './find.ts';
import type { ArchivedImage } from './image.ts';
import { ArchivedImages, imageIn } from './images.ts';
import { layersOf, tarRecord } from './layers.ts';

export class ArchiveStore implements Store {
  readonly kind = 'archive';
  readonly name = 'archive';
  readonly description: string;
  readonly directory: ByteString;
  readonly #contents: ArchiveContents;
  readonly #platform: Platform | undefined;
  /** What was read of it is read once: an archive that is written to is not read. */
  #images: ArchivedImages | undefined;

  /** Of several images of a name the one for `platform` is meant, or for this machine. */
  constructor(contents: ArchiveContents, platform?: Platform) {
    this.#contents = contents;
    this.#platform = platform;
    this.description = `${contents.form}, a ${contents.pack.form}`;
    this.directory = contents.pack.path;
  }

  images(): readonly ImageSummary[] {
    return this.#open().list();
  }

  containers(): readonly ContainerSummary[] {
    return [];
  }

  stamp(): string {
    return this.#contents.pack.stamp();
  }

  damage(listed: 'images' | 'containers'): readonly string[] {
    return listed === 'images' ? damageOf(this.#open()) : [];
  }

  /** An empty reference means the only image. */
  resolve(reference: string, missing: Missing = 'refuse'): LayerStack {
    const images = this.#open();
    const { pack } = this.#contents;
    const { listed, name } = findImage(images, reference);
    const image = OtherPlatform.toldOf(name, () => imageIn(listed));
    const layers = layersOf(pack, image, this.#contents.engine, missing);
    if (layers.length === 0) {
      const state = 'it has no layers, so there is nothing to show';
      throw new Trouble('store', `Cannot use image "${name}": ${state}`);
    }
    const doubts = image.claims.flatMap(doubtOf);
    const warnings = [...(pack.damage === undefined ? [] : [pack.damage]), ...pack.notes];
    return {
      store: this.name,
      label: name,
      kind: 'image',
      id: image.id.slice('sha256:'.length),
      layers,
      dataLayers: [],
      dialect: 'trusted',
      ...(doubts.length === 0 ? {} : { doubts }),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  }

  configuration(of: LayerStack): Configuration {
    return imageConfiguration(this.#imageOf(of).json);
  }

  history(of: LayerStack): readonly HistoryStep[] {
    return stepsOfConfig(this.#imageOf(of).json);
  }

  rootOwner(): undefined {
    return undefined;
  }

  record(layer: Layer, of: LayerStack): TarRecord | undefined {
    const archived = this.#imageOf(of).layers.find(({ chainId }) => chainId === layer.chainId);
    return archived && tarRecord(this.#contents.pack, archived, this.#contents.engine);
  }

  claims(reference?: string): Iterable<Claims> {
    const images = this.#open();
    if (reference === undefined || (reference === '' && images.listed.length > 0)) {
      return claimsOfArchive(images, this.#contents.engine);
    }
    return [claimsOfListed(images, findImage(images, reference).listed, this.#contents.engine)];
  }

  #open(): ArchivedImages {
    this.#images ??= new ArchivedImages(this.#contents, this.#platform);
    return this.#images;
  }

  #imageOf({ id }: LayerStack): ArchivedImage {
    const listed = this.#open().listed.find((one) => one.id === `sha256:${id}`);
    if (listed === undefined) throw new RangeError('a stack of another store');
    return imageIn(listed);
  }
}

function doubtOf(claim: Claim): string[] {
  if ('unreadable' in claim) return [claim.unreadable];
  return claim.expected === claim.found ? [] : [claim.message];
}
