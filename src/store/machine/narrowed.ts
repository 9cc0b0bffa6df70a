// Which of a machine's roots are meant by the name of a store, or of a namespace of containerd.
import { attempt, Trouble } from '../../sys/errors.ts';
import { namedNamespace } from '../open.ts';
import type { FoundRoot } from './places.ts';

export interface Narrowing {
  readonly store?: string;
  readonly namespace?: string;
}

/**
 * Those that have them, with no other store; where nothing is said all, those that cannot be read too. `all` were opened with the
 * namespace. Throws Trouble where none has it.
 */
export function narrowedRoots(all: readonly FoundRoot[], { store, namespace }: Narrowing): FoundRoot[] {
  const named = store === undefined ? [...all] : withStore(all, store);
  return namespace === undefined ? named : withNamespace(named, namespace);
}

function withStore(all: readonly FoundRoot[], wanted: string): FoundRoot[] {
  const having = all.flatMap((root): FoundRoot[] => {
    const stores = storesOf(root).filter(({ name }) => name === wanted);
    return stores.length === 0 ? [] : [{ ...root, stores }];
  });
  if (having.length > 0 || all.length === 0) return having;
  const names = [...new Set(all.flatMap(storesOf).map(({ name }) => `"${name}"`))].join(', ');
  throw new Trouble('store', `Cannot find a store "${wanted}": there is ${names}`);
}

function withNamespace(all: readonly FoundRoot[], wanted: string): FoundRoot[] {
  const absent: Trouble[] = [];
  const having = all.flatMap((root): FoundRoot[] => {
    if (root.stores instanceof Trouble) return [];
    const found = attempt(() => namedNamespace(storesOf(root), wanted));
    if (found instanceof Trouble) {
      absent.push(found);
      return [];
    }
    return [{ ...root, stores: found }];
  });
  if (having.length > 0 || all.length === 0) return having;
  const told = absent.find(({ kind }) => kind === 'reference') ?? absent[0];
  throw told ?? new Trouble('store', `Cannot find namespace "${wanted}": no store can be read`);
}

function storesOf({ stores }: FoundRoot): Exclude<FoundRoot['stores'], Trouble> {
  return stores instanceof Trouble ? [] : stores;
}
