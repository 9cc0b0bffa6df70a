// Several stores of one root as one: what any of them has is shown and marked with its store, and never half of it in silence.
import type { ByteString } from '../sys/bytes.ts';
import { attempt, Trouble } from '../sys/errors.ts';
import type { Claims } from './claims.ts';
import type { Layer, LayerStack, Missing } from './layer-stack.ts';
import type { Mounting } from './mounting.ts';
import type { Configuration, HistoryStep } from './oci/oci.ts';
import type { TarRecord } from './record.ts';
import { AmbiguousReference, NoSuchReference } from './reference/reference.ts';
import type { BesideStore, Store } from './store.ts';
import type { ContainerSummary, ImageSummary } from './summary.ts';

interface Listed<T> {
  readonly items: readonly (T & { readonly store: string })[];
  readonly troubles: readonly Trouble[];
}

export class SeveralStores implements Store {
  readonly kind = 'several';
  readonly name: string;
  readonly description: string;
  readonly directory: ByteString;
  /** Those in use first. */
  readonly stores: readonly Store[];

  /** At least one, all of one root; those in use first. */
  constructor(stores: readonly Store[]) {
    const [first] = stores;
    if (first === undefined) throw new RangeError('several stores, and not one');
    this.stores = stores;
    this.name = stores.map(({ name }) => name).join(', ');
    this.description = stores.map(({ description }) => description).join(', ');
    this.directory = first.directory;
  }

  images(): readonly ImageSummary[] {
    return this.#listed((store) => store.images()).items;
  }

  /** A container is told of by the store that has its layers, where that is one of them. */
  containers(): readonly ContainerSummary[] {
    const all = this.#listed((store) => store.containers()).items;
    const owned = new Set(all.filter(({ elsewhere }) => elsewhere === undefined).map(({ id }) => id));
    return all.filter(({ id, elsewhere }) => elsewhere === undefined || !owned.has(id));
  }

  stamp(): string {
    return this.stores.map((store) => store.stamp()).join('\n');
  }

  damage(listed: 'images' | 'containers'): readonly string[] {
    const { troubles } = this.#listed<object>((store) => store[listed]());
    const told = this.stores.flatMap((store) => {
      const damage = attempt(() => store.damage(listed));
      return damage instanceof Trouble ? [damage.message] : damage;
    });
    return [...new Set([...troubles.map(({ message }) => message), ...told])];
  }

  /** A store that cannot be listed does not take the others' lists away. Throws its Trouble where no other can. */
  #listed<T extends object>(list: (store: Store) => readonly T[]): Listed<T> {
    const lists = this.stores.map((store) => ({ store, list: attempt(() => list(store)) }));
    const troubles = lists.flatMap(({ list: answer }) => (answer instanceof Trouble ? [answer] : []));
    const [trouble] = troubles;
    if (trouble !== undefined && troubles.length === lists.length) throw trouble;
    const items = lists.flatMap(({ store, list: answer }) =>
      answer instanceof Trouble ? [] : answer.map((item) => ({ store: store.name, ...item })),
    );
    return { items, troubles };
  }

  older(): readonly string[] {
    return [...new Set(this.stores.flatMap((store) => store.older?.() ?? []))];
  }

  snapshotKeys(): readonly string[] {
    return this.stores.flatMap((store) => store.snapshotKeys?.() ?? []);
  }

  beside(): readonly BesideStore[] {
    const shown = this.stores.map(({ name }) => name);
    const others = this.stores.flatMap((store) => store.beside?.() ?? []);
    const hidden = others.filter(({ name }) => !shown.includes(name));
    return [...new Map(hidden.map((other) => [other.sentence, other])).values()];
  }

  resolve(reference: string, missing: Missing = 'refuse'): LayerStack {
    return this.#only(reference, (store) => store.resolve(reference, missing));
  }

  configuration(of: LayerStack, whose: 'own' | 'image' = 'own'): Configuration {
    return this.#storeOf(of).configuration(of, whose);
  }

  history(of: LayerStack): readonly HistoryStep[] {
    return this.#storeOf(of).history(of);
  }

  rootOwner(of: LayerStack): ReturnType<Store['rootOwner']> {
    return this.#storeOf(of).rootOwner(of);
  }

  mountings(of: LayerStack): readonly Mounting[] {
    return this.#storeOf(of).mountings?.(of) ?? [];
  }

  record(layer: Layer, of: LayerStack): TarRecord | undefined {
    return this.#storeOf(of).record(layer, of);
  }

  *claims(reference?: string): Generator<Claims> {
    if (reference !== undefined) yield* this.#only(reference, (store) => store.claims(reference));
    else for (const store of this.stores) yield* store.claims();
  }

  #storeOf({ store: name, label }: LayerStack): Store {
    const store = this.stores.find((each) => each.name === name);
    if (store === undefined) throw new RangeError(`"${label}" is of no store`);
    return store;
  }

  /** The one answer to a reference. Throws Trouble where no store has one, or more than one has. */
  #only<T>(reference: string, ask: (store: Store) => T): T {
    const asked = this.stores.map((store) => ({ store, answer: attempt(() => ask(store)) }));
    const found = asked.flatMap(({ store, answer }) =>
      answer instanceof Trouble ? [] : [{ store, answer }],
    );
    const [only, ...others] = found;
    if (only === undefined) throw nothingFound(asked.map(({ answer }) => answer));
    if (others.length === 0) return only.answer;
    const names = found.map(({ store }) => `"--store ${store.name}"`).join(' or ');
    throw new AmbiguousReference(
      `Cannot tell what "${reference}" means: ${found.length} stores have it; say which with ${names}`,
    );
  }
}

/** What one store says that knows more than that nothing is there, or that has a name that is near. */
function nothingFound(answers: readonly unknown[]): Trouble {
  const troubles = answers.filter((answer) => answer instanceof Trouble);
  const [first] = troubles;
  const told =
    troubles.find((trouble) => !(trouble instanceof NoSuchReference)) ??
    troubles.find((trouble) => trouble instanceof NoSuchReference && trouble.hasHint) ??
    first;
  return told ?? new Trouble('reference', 'Cannot find anything: there is no store');
}
