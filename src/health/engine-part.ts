// What a path is that no image, container or volume has to do with: the innermost of the places that `df` knows and that it lies in.
import { type ByteString, shownBytes } from '../sys/bytes.ts';
import type { OwnedPlace, PlaceKind } from './disk-usage.ts';
import type { OwnerKind, StorePart } from './part.ts';

const KINDS: Readonly<Record<PlaceKind, OwnerKind>> = {
  layer: 'layer',
  unused: 'layer',
  content: 'content',
  loose: 'content',
  upper: 'upper',
  init: 'init',
  files: 'directory',
  log: 'directory',
  // What an entry of the cache has no part in: BuildKit's own databases.
  cache: 'records',
  volume: 'volume',
  unfinished: 'unfinished',
  orphan: 'directory',
  beside: 'beside',
  records: 'records',
  other: 'other',
};

/** Undefined where the path lies in none of the places. */
export function enginePart(path: ByteString, places: readonly OwnedPlace[]): StorePart | undefined {
  const around = places.filter((place) => path === place.path || path.startsWith(`${place.path}/`));
  const [place] = around.toSorted((a, b) => b.path.length - a.path.length);
  if (place === undefined) return undefined;
  const { kind, id, users } = place;
  const isParent = places.some((other) => other.path.startsWith(`${place.path}/`));
  return {
    kind: KINDS[kind],
    id: id === '' ? shownBytes(place.path) : id,
    directory: place.path,
    ...(isParent ? { isParent } : {}),
    facts: {},
    uses: [],
    users: users.map(({ kind: of, id: user, label, names }) => ({
      kind: of,
      id: user,
      label,
      ...(names === undefined ? {} : { names }),
    })),
  };
}
