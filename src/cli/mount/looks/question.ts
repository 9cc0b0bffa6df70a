// What is asked of a store by way of another process, and what is answered: values that survive being written as JSON.
import type { StoreOptions } from '../../../open/stack.ts';
import type { Store } from '../../../store/store.ts';
import type { ContainerSummary, ImageSummary } from '../../../store/summary.ts';

/** Which store: what `openTheStore` needs of the options. */
export type StoreWords = Pick<
  StoreOptions,
  | 'root'
  | 'hostRoot'
  | 'additionalRoot'
  | 'store'
  | 'namespace'
  | 'platform'
  | 'containerdRoot'
  | 'withoutDockers'
>;

export interface Question {
  readonly what: 'lists' | 'health';
  readonly store: StoreWords;
}

export interface Lists {
  readonly images: readonly ImageSummary[];
  readonly containers: readonly ContainerSummary[];
}

export type Answer =
  /** `cost`: milliseconds of processor time. */
  | { readonly kind: 'lists'; readonly lists: Lists; readonly cost: number }
  /** What `stratafs doctor` prints. */
  | { readonly kind: 'health'; readonly text: string; readonly cost: number }
  | { readonly kind: 'trouble'; readonly message: string };

/** There is none, for a reason that finishes a sentence. */
export type NoAnswer =
  /** Whoever asks again, or asks the store itself, would wait as well. `waited`: milliseconds. */
  | { readonly kind: 'late'; readonly why: string; readonly waited: number }
  /** No process could be had, or it ended without an answer. */
  | { readonly kind: 'failed'; readonly why: string };

export function storeWords(options: StoreOptions): StoreWords {
  const { root, hostRoot, additionalRoot, store, namespace, platform, containerdRoot, withoutDockers } =
    options;
  return {
    root,
    ...(hostRoot === undefined ? {} : { hostRoot }),
    ...(additionalRoot === undefined ? {} : { additionalRoot }),
    ...(store === undefined ? {} : { store }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(platform === undefined ? {} : { platform }),
    ...(containerdRoot === undefined ? {} : { containerdRoot }),
    ...(withoutDockers ? { withoutDockers } : {}),
  };
}

/** Throws Trouble where the store cannot be listed. */
export function listsOf(store: Store): Lists {
  return { images: store.images(), containers: store.containers() };
}
