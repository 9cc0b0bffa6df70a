// A namespace of containerd's image store as a `Store`: that of Docker's daemon, of Kubernetes, of nerdctl or ctr. Keeps
// nothing between two questions: what is on disk when it is asked is what it answers.
import { type ByteString, shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import type { Claims } from '../claims.ts';
import { containerIdOf, isImageId } from '../digest.ts';
import { containersAbsent, readContainerJson } from '../dockerd/containers.ts';
import { dockerMountings } from '../dockerd/mountings.ts';
import { olderStates } from '../formats/bolt-older.ts';
import { type Layer, type LayerStack, type Missing, requireId } from '../layer-stack.ts';
import type { Mounting } from '../mounting.ts';
import {
  type Configuration,
  containerConfiguration,
  type HistoryStep,
  imageConfiguration,
  stepsOfConfig,
} from '../oci/oci.ts';
import { OtherPlatform, type PlatformImage } from '../oci/platform-image.ts';
import type { TarRecord } from '../record.ts';
import { AmbiguousReference, NoSuchReference } from '../reference/reference.ts';
import type { Store } from '../store.ts';
import type { ContainerSummary, ImageSummary } from '../summary.ts';
import { claimsOfAll, claimsOfDirectories, claimsOfFound } from './claims.ts';
import { containersOf, imageOfContainer, targetOf } from './container-image.ts';
import { withoutLayers } from './containers.ts';
import type { DockerContainer } from './docker.ts';
import { type FoundObject, find } from './find.ts';
import { Images, timeValue } from './images.ts';
import { METADATA } from './metadata.ts';
import { specMountings } from './mountings.ts';
import { MOBY, requireNamespace, splitNamespace, usedNamespaces, withoutNamespace } from './namespaces.ts';
import { rootlessOwner, tarRecordOf } from './record.ts';
import { type ContainerdPlace, Reading } from './root.ts';
import { SNAPSHOTTER_DATABASES } from './snapshotter.ts';
import { snapshotLayers } from './stack.ts';
import { containerdStamp } from './stamp.ts';

export class ContainerdStore implements Store {
  readonly kind = 'containerd';
  readonly name = 'containerd';
  readonly description: string;
  readonly directory: ByteString;
  readonly contentRoot?: ByteString;
  /** For what is of this kind alone: `health/containerd`. */
  readonly place: ContainerdPlace;

  constructor(place: ContainerdPlace) {
    const { docker, files, namespace } = place;
    this.place = place;
    const which = namespace === undefined ? '' : `, namespace ${shownBytes(namespace)}`;
    this.description = docker === undefined ? `containerd${which}` : `docker containerd${which}`;
    this.directory = (docker ?? files).directory;
    if (!`${files.directory}/`.startsWith(`${this.directory}/`)) this.contentRoot = files.directory;
  }

  images(): readonly ImageSummary[] {
    return this.#spaces().flatMap(({ images, mark }) => images.list().map((one) => ({ ...mark, ...one })));
  }

  containers(): readonly ContainerSummary[] {
    return this.#spaces()
      .flatMap(({ images, mark }) =>
        containersOf(images).map((container) => ({ ...mark, ...this.#summary(images, container) })),
      )
      .sort((a, b) => timeValue(b.created) - timeValue(a.created) || (a.id < b.id ? -1 : 1));
  }

  /** Of all namespaces, where none is chosen: one image in two is there twice, as each of their users has it. */
  totals(): { readonly images: number; readonly containers: number } {
    const all = this.#namespaces().map((namespace) => this.#open(namespace));
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    return {
      images: sum(all.map((images) => images.list().length)),
      containers: sum(all.map((images) => containersOf(images).length)),
    };
  }

  stamp(): string {
    return containerdStamp(this.place);
  }

  checkNamespace(): void {
    if (this.place.namespace !== undefined) requireNamespace(this.place.files, this.place.namespace);
  }

  older(): readonly string[] {
    return olderStates(this.place.files, [METADATA, ...SNAPSHOTTER_DATABASES]).map(({ detail }) => detail);
  }

  snapshotKeys(): readonly string[] {
    return this.#spaces().flatMap(({ images }) => images.reading.snapshots.map(({ key }) => shownBytes(key)));
  }

  damage(listed: 'images' | 'containers'): readonly string[] {
    const { docker } = this.place;
    const absent = docker === undefined || listed === 'images' ? undefined : containersAbsent(docker);
    return [
      ...this.older(),
      ...(absent === undefined ? [] : [absent.message]),
      ...this.#spaces().flatMap(({ images }) => [
        ...(listed === 'images' ? images.damage() : []),
        ...images.reading.damage(listed),
      ]),
    ];
  }

  resolve(reference: string, missing: Missing = 'refuse'): LayerStack {
    const { images, found } = this.#find(reference);
    return { ...this.#stack(images, found, missing), store: this.name };
  }

  configuration(of: LayerStack, whose: 'own' | 'image' = 'own'): Configuration {
    const { docker } = this.place;
    if (of.kind === 'container' && whose === 'own' && docker !== undefined) {
      return containerConfiguration(readContainerJson(docker, containerIdOf(requireId(of))));
    }
    const ofImage = imageConfiguration(this.#imageOf(of).json);
    const logFile = of.kind === 'container' && whose === 'own' ? this.#logFileOf(of) : undefined;
    return logFile === undefined ? ofImage : { ...ofImage, logFile };
  }

  #logFileOf(of: LayerStack): string | undefined {
    const id = requireId(of);
    const containers = this.#namespaces().flatMap((each) => containersOf(this.#open(each)));
    return containers.find((container) => container.id === id)?.logFile;
  }

  history(of: LayerStack): readonly HistoryStep[] {
    return stepsOfConfig(this.#imageOf(of).json);
  }

  /** A rootless containerd's root is its user. */
  rootOwner(_of: LayerStack): ReturnType<Store['rootOwner']> {
    const owner = rootlessOwner(this.place);
    return owner && { owner, isOneRange: false };
  }

  mountings(of: LayerStack): readonly Mounting[] {
    const { docker } = this.place;
    if (of.kind !== 'container') return [];
    if (docker !== undefined) return dockerMountings(docker, requireId(of));
    const readings = this.#namespaces().map((namespace) => this.#open(namespace).reading);
    return specMountings(readings, of);
  }

  record(layer: Layer, of: LayerStack): TarRecord | undefined {
    const { chainId } = layer;
    if (chainId === undefined) return undefined;
    return tarRecordOf(this.place, this.#imageOf(of), chainId);
  }

  claims(reference?: string): Iterable<Claims> {
    if (reference === undefined) return this.#allClaims();
    const { images, found } = this.#find(reference);
    if (found.kind === 'image') images.refuseOthers(found.target, found.name);
    return [claimsOfFound(images, found)];
  }

  *#allClaims(): Generator<Claims> {
    for (const each of this.#namespaces()) yield* claimsOfAll(this.#open(each));
    // Who tells of the other namespace tells of what none has.
    if (this.place.except === undefined) yield* claimsOfDirectories(this.place.files);
  }

  /** Throws Trouble where it cannot be told. */
  #namespace(): ByteString {
    const { docker, files, namespace } = this.place;
    if (namespace !== undefined) return requireNamespace(files, namespace);
    if (docker === undefined) throw withoutNamespace(files);
    return MOBY;
  }

  /** The one that is meant, or all that are used. Throws Trouble. */
  #namespaces(): readonly ByteString[] {
    const { docker, files, namespace, except } = this.place;
    if (namespace !== undefined || docker !== undefined) return [this.#namespace()];
    return usedNamespaces(files).filter((used) => used !== except);
  }

  /** Those that a name may be in: at least one. Throws Trouble. */
  #namespacesOfNames(): readonly ByteString[] {
    const used = this.#namespaces();
    return used.length > 0 ? used : [this.#namespace()];
  }

  /** All that are listed, with what marks the items of each where there are several. Throws Trouble. */
  #spaces(): { readonly images: Images; readonly mark: { readonly namespace?: string } }[] {
    const namespaces = this.#namespacesOfNames();
    return namespaces.map((namespace) => ({
      images: this.#open(namespace),
      mark: namespaces.length > 1 ? { namespace: shownBytes(namespace) } : {},
    }));
  }

  #open(namespace: ByteString): Images {
    return new Images(new Reading({ ...this.place, namespace }));
  }

  /**
   * In all namespaces that are used where none is said. `NAMESPACE/REF` means the namespace, unless the whole is a name where no
   * namespace is said.
   */
  #find(reference: string): { readonly images: Images; readonly found: FoundObject } {
    const inNamespaces = (text: string, namespaces: readonly ByteString[]) => {
      const spaces = namespaces.map((namespace) => {
        const images = this.#open(namespace);
        return { images, containers: containersOf(images) };
      });
      const { space, found } = find(text, spaces);
      return { images: space.images, found };
    };
    const split = splitNamespace(this.place.files, reference);
    const usual = attempt(() => this.#namespacesOfNames());
    const plain = usual instanceof Trouble ? usual : attempt(() => inNamespaces(reference, usual));
    if (split === undefined) return thrown(plain);
    const named = attempt(() => inNamespaces(split.rest, [split.namespace]));
    if (named instanceof Trouble) return thrown(plain instanceof NoSuchReference ? named : plain);
    if (plain instanceof Trouble) return named;
    const other = shownBytes(plain.images.reading.root.namespace);
    const state = `it could be a name in "${other}", or "${split.rest}" in the namespace "${shownBytes(split.namespace)}"`;
    throw new AmbiguousReference(
      `Cannot tell what "${reference}" means: ${state}; say which with --namespace`,
    );
  }

  #stack(images: Images, found: FoundObject, missing: Missing): LayerStack {
    const { reading } = images;
    if (found.kind === 'image') {
      const contents = OtherPlatform.toldOf(found.name, () => images.contents(found.target));
      return images.stack(contents, found.name, missing);
    }
    const { dialect } = this.place;
    if (found.kind === 'snapshot') {
      const layers = snapshotLayers(reading, found.place, { missing });
      const doubts = reading.sharedDirectories(found.place);
      return {
        ...{ label: found.name, kind: 'lowerdir', layers, dataLayers: [], dialect },
        ...(doubts.length === 0 ? {} : { doubts }),
      };
    }
    const { container, name } = found;
    const untold = withoutLayers(container);
    if (untold !== undefined) throw new Trouble('store', `Cannot show container "${name}": ${untold}`);
    const image = imageOfContainer(images, container);
    const { id, live, mountPoints, place, damage } = container;
    const layers = snapshotLayers(reading, place, {
      ...{ live, missing },
      ...(image === undefined ? {} : { image }),
    });
    const doubts = [...(damage === undefined ? [] : [damage]), ...reading.sharedDirectories(place)];
    return {
      label: name,
      kind: 'container',
      id,
      layers,
      dataLayers: [],
      dialect,
      ...(mountPoints.length === 0 ? {} : { mountPoints }),
      ...(doubts.length === 0 ? {} : { doubts }),
    };
  }

  /** The image that a stack of this store is, or stands on. Throws Trouble where it cannot be read. */
  #imageOf(of: LayerStack): PlatformImage {
    const id = requireId(of);
    // What has the same ID is the same image in every namespace.
    for (const each of this.#namespaces()) {
      const images = this.#open(each);
      const known = attempt(() => find(`${of.kind}:${id}`, [{ images, containers: containersOf(images) }]));
      if (known instanceof Trouble) continue;
      const { found } = known;
      if (found.kind === 'image') return images.contents(found.target);
      const image = found.kind === 'container' ? imageOfContainer(images, found.container) : undefined;
      if (image !== undefined) return image;
    }
    throw new Trouble('store', `Cannot read the image of "${of.label}": it is not here any more`);
  }

  #summary(images: Images, container: DockerContainer): ContainerSummary {
    const {
      id,
      name,
      image,
      imageId,
      created,
      startedAt,
      finishedAt,
      status,
      command,
      damage,
      infra,
      rootfs,
    } = container;
    const layers =
      rootfs === undefined
        ? attempt(() => snapshotLayers(images.reading, container.place, { missing: 'refuse' }))
        : [];
    const trouble = damage ?? (layers instanceof Trouble ? layers.message : undefined);
    const target = imageId ?? targetOf(images, image);
    return {
      id,
      name,
      image: rootfs ?? image,
      ...(target !== undefined && isImageId(target) ? { imageId: target } : {}),
      ...(created === undefined ? {} : { created }),
      status,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(finishedAt === undefined ? {} : { finishedAt }),
      command,
      ...(infra ? { infra } : {}),
      ...(trouble === undefined ? {} : { damage: trouble }),
    };
  }
}

function thrown<T>(answer: T | Trouble): T {
  if (answer instanceof Trouble) throw answer;
  return answer;
}
