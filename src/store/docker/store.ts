// A data root of Docker in its classic layout (graph drivers), as a `Store`. Keeps nothing between two questions: what
// is on disk when it is asked is what it answers.

import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claims } from '../claims.ts';
import { type ContainerId, containerIdOf, type ImageId, imageIdOf, isBuiltInPlace } from '../digest.ts';
import {
  containerPath,
  containersAbsent,
  containersStamp,
  readContainerConfig,
  readContainerJson,
} from '../dockerd/containers.ts';
import { dockerMountings } from '../dockerd/mountings.ts';
import { type Layer, type LayerStack, type Missing, requireId } from '../layer-stack.ts';
import type { Mounting } from '../mounting.ts';
import type { Platform } from '../oci/manifest.ts';
import {
  type Configuration,
  containerConfiguration,
  type HistoryStep,
  imageConfiguration,
} from '../oci/oci.ts';
import { OtherPlatform, requirePlatform } from '../oci/platform-image.ts';
import type { TarRecord } from '../record.ts';
import { parseReference } from '../reference/reference.ts';
import { sourceName } from '../source.ts';
import type { BesideStore, Store } from '../store.ts';
import type { ContainerSummary, ImageSummary } from '../summary.ts';
import { otherDriver, storesBeside } from './beside.ts';
import { claimsOfAll, claimsOfContainer, claimsOfImage, claimsOfLayer } from './claims.ts';
import { containerStack, listContainers } from './containers.ts';
import type { DockerRoot } from './driver.ts';
import { find } from './find.ts';
import { imageStack, layerStack, listImages, readImageConfig, readImageJson, warningsOf } from './images.ts';
import { readCacheId } from './layerdb.ts';
import { tarRecord } from './record.ts';
import { readImageNames } from './repositories.ts';
import { unpackRules } from './unpacking.ts';

export class DockerStore implements Store {
  readonly kind = 'docker';
  readonly name: string;
  readonly description: string;
  readonly directory: ByteString;
  /** For what is of this kind alone: `health/docker`. */
  readonly root: DockerRoot;
  readonly #drivers: readonly string[];
  readonly #platform: Platform | undefined;

  /**
   * `drivers` are those of the data root that are read, each by a store of its own; the first tells of what is nobody's. Of images
   * those for `platform` are meant, or all.
   */
  constructor(
    root: DockerRoot,
    drivers: readonly string[] = [root.driver.name],
    platform: Platform | undefined = undefined,
  ) {
    this.root = root;
    this.#drivers = drivers;
    this.#platform = platform;
    this.name = root.driver.name;
    this.description = `docker ${root.driver.name}`;
    this.directory = root.files.directory;
  }

  images(): readonly ImageSummary[] {
    const images = listImages(this.root, readImageNames(this.root));
    return images.filter(({ id }) => !(attempt(() => this.#refuseOther(id, id)) instanceof OtherPlatform));
  }

  /** What is wrong with a config is told by what needs it. Throws OtherPlatform. */
  #refuseOther(id: ImageId, name: string): void {
    if (this.#platform === undefined) return;
    const config = attempt(() => readImageJson(this.root, id));
    if (!(config instanceof Trouble)) requirePlatform(config, this.#platform, name);
  }

  containers(): readonly ContainerSummary[] {
    const isOwn = ({ driver = '' }: { readonly driver?: string }) =>
      this.#drivers.includes(driver) ? driver === this.name : this.#drivers[0] === this.name;
    return listContainers(this.root, isOwn, (config) => otherDriver(this.root, config));
  }

  stamp(): string {
    const { files, driver, metadata } = this.root;
    const lists = ['repositories.json', 'imagedb/content/sha256', 'layerdb/sha256', 'layerdb/mounts'];
    const own = ['image', driver.home, ...lists.map((name) => `${metadata}/${name}`)];
    return `${files.stampOf(own)}\n${containersStamp(files)}`;
  }

  damage(listed: 'images' | 'containers'): readonly string[] {
    const { unreadable, damage, ambiguity } = readImageNames(this.root);
    const odd = ambiguity === undefined ? [] : [ambiguity];
    const named = unreadable === undefined ? [...odd, ...damage] : [unreadable.message];
    const absent = containersAbsent(this.root.files);
    return listed === 'containers' ? [...named, ...(absent === undefined ? [] : [absent.message])] : named;
  }

  resolve(reference: string, missing: Missing = 'refuse'): LayerStack {
    const found = find(this.root, parseReference(reference));
    switch (found.kind) {
      case 'image': {
        this.#refuseOther(found.id, found.name);
        const stack = imageStack(this.root, found.id, found.name, missing);
        const { warnings } = warningsOf(found.ambiguity);
        return warnings === undefined
          ? stack
          : { ...stack, warnings: [...warnings, ...(stack.warnings ?? [])] };
      }
      case 'container':
        return containerStack(this.root, found.id, missing);
      case 'layer':
        return layerStack(this.root, found.id, found.name, missing);
    }
  }

  configuration(of: LayerStack, whose: 'own' | 'image' = 'own'): Configuration {
    const { imageId, containerId } = idsOf(of);
    if (imageId !== undefined) return imageConfiguration(readImageJson(this.root, imageId));
    if (whose === 'own') return containerConfiguration(readContainerJson(this.root.files, containerId));
    const { imageId: origin } = readContainerConfig(this.root.files, containerId);
    if (origin !== undefined) return imageConfiguration(readImageJson(this.root, origin));
    const file = this.root.files.pathOf(containerPath(containerId));
    throw new Trouble('store', `Cannot use "${shownBytes(file)}": Image is missing`);
  }

  history(of: LayerStack): readonly HistoryStep[] {
    // A layer that is named by its directory is of no image, or of many.
    if (of.id === undefined) return [];
    const { imageId, containerId } = idsOf(of);
    const image = imageId ?? readContainerConfig(this.root.files, containerId).imageId;
    return image === undefined ? [] : readImageConfig(this.root, image).history;
  }

  rootOwner({ layers }: LayerStack): ReturnType<Store['rootOwner']> {
    const home = this.root.files.pathOf(`${this.root.driver.home}/`);
    const directories = layers.map(({ source }) => sourceName(source).slice(home.length).split('/')[0] ?? '');
    const { root: owner, isOneRange } = unpackRules(this.root, directories);
    return owner.uid === 0 && owner.gid === 0 ? undefined : { owner, isOneRange };
  }

  mountings(of: LayerStack): readonly Mounting[] {
    return of.kind === 'container' ? dockerMountings(this.root.files, requireId(of)) : [];
  }

  record({ chainId }: Layer, _of: LayerStack): TarRecord | undefined {
    if (chainId === undefined) return undefined;
    const cacheId = readCacheId(this.root, chainId);
    return tarRecord(this.root, chainId, { ...unpackRules(this.root), inPlace: isBuiltInPlace(cacheId) });
  }

  claims(reference?: string): Iterable<Claims> {
    if (reference === undefined) return claimsOfAll(this.root);
    const found = find(this.root, parseReference(reference));
    switch (found.kind) {
      case 'image':
        this.#refuseOther(found.id, found.name);
        return [claimsOfImage(this.root, found.id, found.name)];
      case 'container':
        return [claimsOfContainer(this.root, found.id, found.name)];
      case 'layer':
        return [claimsOfLayer(this.root, found.id, found.name)];
    }
  }

  beside(): readonly BesideStore[] {
    const used = storesBeside(this.root, this.#drivers).filter(({ isEmpty }) => !isEmpty);
    return used.map(({ store, name, path }) => {
      const place = path === undefined ? '' : ` in "${shownBytes(path)}"`;
      return {
        name: store,
        sentence: `There is another store beside "${this.description}": ${name}${place}, which is not shown`,
      };
    });
  }
}

type StackIds =
  | { readonly imageId: ImageId; readonly containerId?: never }
  | { readonly imageId?: never; readonly containerId: ContainerId };

function idsOf(of: LayerStack): StackIds {
  const id = requireId(of);
  return of.kind === 'image' ? { imageId: imageIdOf(id) } : { containerId: containerIdOf(id) };
}
