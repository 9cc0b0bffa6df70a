// A store through the library: which images and containers it has, what a reference to one means, and its tree.

import { openDamagedStack, openTheStore, type StoreOptions } from '../open/stack.ts';
import type { LayerStack } from '../store/layer-stack.ts';
import { layerNumber } from '../store/reference/choice.ts';
import { sourceName } from '../store/source.ts';
import type { Store } from '../store/store.ts';
import { shownBytes } from '../sys/bytes.ts';
import { jsonName } from '../told/escape.ts';
import { jsonId } from '../told/fields.ts';
import { checkArgument, checkOptions } from './arguments.ts';
import { guarded, guardedAsync } from './errors.ts';
import { type OpenedTree, openedTree } from './opened-tree.ts';
import {
  commandOptions,
  LOCATION_FORMS,
  type LocationOptions,
  SHOWING_FORMS,
  type ShowingOptions,
  tarReading,
} from './options.ts';
import type { ContainerInfo, ImageInfo, StackInfo, StackLayer } from './types.ts';

/** Opens a store. It is only read, and nothing of it is kept open between two questions. Rejects with StratafsError. */
export function openLibraryStore(options: LocationOptions = {}): Promise<OpenedStore> {
  return guardedAsync(async () => {
    checkOptions('openStore', options, LOCATION_FORMS);
    const given = await commandOptions(options, 'openStore');
    return new OpenedStore(await openTheStore(given), given, options.onWarning);
  });
}

/** Of one data root, or of an archive of images. */
export class OpenedStore implements Disposable {
  /** `docker`, `containerd`, `podman`, `archive`; of several in one root the first. */
  readonly kind: string;
  /** In words: `docker overlay2`. */
  readonly description: string;
  /** Absolute. */
  readonly root: string;
  readonly #store: Store;
  readonly #given: StoreOptions;
  readonly #onWarning: LocationOptions['onWarning'];

  /** @internal */
  constructor(store: Store, given: StoreOptions, onWarning: LocationOptions['onWarning']) {
    this.kind = store.kind;
    this.description = store.description;
    this.root = shownBytes(store.directory);
    this.#store = store;
    this.#given = given;
    this.#onWarning = onWarning;
  }

  /** All images, damaged ones too, in no order. Throws StratafsError. */
  images(): readonly ImageInfo[] {
    return guarded(() => this.#store.images());
  }

  /** All containers, those that only hold a pod together too. Throws StratafsError. */
  containers(): readonly ContainerInfo[] {
    return guarded(() => this.#store.containers());
  }

  /** What a reference means; layers that are missing are told all the same. Rejects with StratafsError. */
  inspect(reference: string): Promise<StackInfo> {
    return guardedAsync(async () => {
      checkArgument('inspect', 'reference', reference, 'string');
      return stackInfo(await openDamagedStack(reference, this.#given));
    });
  }

  /** The merged tree of an image or a container, to be closed. Rejects with StratafsError. */
  openTree(
    reference: string,
    options: ShowingOptions & Pick<LocationOptions, 'signal'> = {},
  ): Promise<OpenedTree> {
    return guardedAsync(async () => {
      checkArgument('openTree', 'reference', reference, 'string');
      checkOptions('openTree', options, { ...SHOWING_FORMS, signal: 'signal' });
      const { signal, ...showing } = options;
      signal?.throwIfAborted();
      const told = {
        ...(this.#onWarning === undefined ? {} : { onWarning: this.#onWarning }),
        ...(signal === undefined ? {} : { signal }),
      };
      return openedTree(reference, { ...this.#given, ...showing, tars: tarReading(told) });
    });
  }

  /** Nothing is open; it is there for code that closes what it opens. */
  close(): void {}

  [Symbol.dispose](): void {
    this.close();
  }
}

function stackInfo(stack: LayerStack): StackInfo {
  const { label, kind } = stack;
  const layers = stack.layers.map(({ role, diffId, chainId, size, history, source }, index): StackLayer => {
    const createdBy = history?.createdBy;
    return {
      layer: layerNumber(stack, index),
      role,
      ...(diffId === undefined ? {} : { diffId }),
      ...(chainId === undefined ? {} : { chainId }),
      ...(size === undefined ? {} : { size }),
      ...(createdBy === undefined ? {} : { createdBy }),
      ...jsonName(source.kind, sourceName(source)),
    };
  });
  return { label, kind, ...jsonId(stack), layers };
}
