// A graph root of containers-storage (Podman, Buildah, CRI-O) with one of its drivers, as a `Store`. Keeps nothing between two
// questions: what is on disk when it is asked is what it answers.
import type { ByteString } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claims } from '../claims.ts';
import { hexOf } from '../digest.ts';
import { olderStates } from '../formats/bolt-older.ts';
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
import type { Store } from '../store.ts';
import type { ContainerSummary, ImageSummary } from '../summary.ts';
import { claimsOfAll, claimsOfContainer, claimsOfImage } from './claims.ts';
import { find } from './find.ts';
import { readImageConfig, readImageJson } from './images.ts';
import { Inventory } from './inventory.ts';
import { podmanConfiguration } from './libpod/configuration.ts';
import { BOLT_DATABASE } from './libpod/libpod.ts';
import { podmanMountings } from './libpod/mountings.ts';
import { mountedLayers } from './mounted.ts';
import { hasTarRecord, tarRecord, unpackRules } from './record.ts';
import type { PodmanRoot } from './root.ts';
import { containerStack, imageStack } from './stack.ts';
import { podmanStamp } from './stamp.ts';
import { summarizeContainers, summarizeImages } from './summaries.ts';

export class PodmanStore implements Store {
  readonly kind = 'podman';
  readonly name: string;
  readonly description: string;
  readonly directory: ByteString;
  /** For what is of this kind alone: `health/podman`. */
  readonly root: PodmanRoot;
  readonly #platform: Platform | undefined;

  /** Of images those for `platform` are meant, or all. */
  constructor(root: PodmanRoot, platform: Platform | undefined = undefined) {
    this.root = root;
    this.#platform = platform;
    this.name = root.driver;
    this.description = `podman ${root.driver}`;
    this.directory = root.files.directory;
  }

  images(): readonly ImageSummary[] {
    const inventory = new Inventory(this.root);
    const isOther = (id: string) =>
      attempt(() => this.#refuseOther(inventory, id, id)) instanceof OtherPlatform;
    return summarizeImages(inventory).filter(({ id }) => !isOther(hexOf(id)));
  }

  /** What is wrong with a config is told by what needs it. Throws OtherPlatform. */
  #refuseOther(inventory: Inventory, id: string, name: string): void {
    if (this.#platform === undefined) return;
    const config = attempt(() => readImageJson(inventory.imageLists().image(id)));
    if (!(config instanceof Trouble)) requirePlatform(config, this.#platform, name);
  }

  containers(): readonly ContainerSummary[] {
    return summarizeContainers(new Inventory(this.root));
  }

  stamp(): string {
    return podmanStamp(this.root);
  }

  older(): readonly string[] {
    return olderStates(this.root.files, [BOLT_DATABASE]).map(({ detail }) => detail);
  }

  damage(listed: 'images' | 'containers'): readonly string[] {
    const inventory = new Inventory(this.root);
    const lists = [
      ...(listed === 'images'
        ? inventory.imageLists().lists.map(({ list }) => list)
        : [inventory.containerList()]),
      // What either stands on.
      ...inventory.layers().lists.map(({ list }) => list),
    ];
    const sentences = lists.flatMap(({ damage, unreadable }) => [
      ...(unreadable === undefined ? [] : [unreadable.message]),
      ...damage,
    ]);
    const known = listed === 'containers' ? [...this.older(), ...inventory.libpod().damage] : [];
    return [...new Set([...this.root.damage, ...sentences, ...known])];
  }

  isMounted(): boolean {
    return mountedLayers(this.root).size > 0;
  }

  resolve(reference: string, missing: Missing = 'refuse'): LayerStack {
    const inventory = new Inventory(this.root);
    const { kind, id, name } = find(inventory, parseReference(reference));
    if (kind === 'image') this.#refuseOther(inventory, id, name);
    const stack =
      kind === 'image' ? imageStack(inventory, id, name, missing) : containerStack(inventory, id, missing);
    return { store: this.name, ...stack };
  }

  configuration(of: LayerStack, whose: 'own' | 'image' = 'own'): Configuration {
    const inventory = new Inventory(this.root);
    const id = requireId(of);
    if (of.kind === 'image') return imageConfiguration(readImageJson(inventory.imageLists().image(id)));
    const container = inventory.containers().get(id);
    if (whose === 'own') return containerConfiguration(podmanConfiguration(inventory, id));
    const image = container?.record?.image;
    if (image !== undefined) return imageConfiguration(readImageJson(inventory.imageLists().image(image)));
    throw new Trouble('store', `Cannot tell the image of container "${of.label}": it was made from none`);
  }

  history(of: LayerStack): readonly HistoryStep[] {
    const inventory = new Inventory(this.root);
    const id = requireId(of);
    const image = of.kind === 'image' ? id : inventory.containers().get(id)?.record?.image;
    return image === undefined ? [] : readImageConfig(inventory.imageLists().image(image)).history;
  }

  rootOwner(_of: LayerStack): ReturnType<Store['rootOwner']> {
    const { root: owner, isOneRange } = unpackRules(this.root);
    return this.root.isRootless ? { owner, isOneRange } : undefined;
  }

  mountings(of: LayerStack): readonly Mounting[] {
    if (of.kind !== 'container') return [];
    const inventory = new Inventory(this.root);
    const podman = inventory.containers().get(requireId(of))?.podman;
    return podman === undefined ? [] : podmanMountings(podman, this.root, inventory.libpod().volumes);
  }

  record({ ids, role }: Layer, _of: LayerStack): TarRecord | undefined {
    const id = ids?.layer;
    if (id === undefined || role !== 'image') return undefined;
    const { root } = new Inventory(this.root).layers().layer(id);
    return hasTarRecord(root, id) ? tarRecord(root, id, unpackRules(this.root)) : undefined;
  }

  *claims(reference?: string): Generator<Claims> {
    const inventory = new Inventory(this.root);
    if (reference === undefined) {
      yield* claimsOfAll(inventory);
      return;
    }
    const { kind, id, name } = find(inventory, parseReference(reference));
    if (kind === 'image') this.#refuseOther(inventory, id, name);
    yield kind === 'image' ? claimsOfImage(inventory, id, name) : claimsOfContainer(inventory, id, name);
  }
}
