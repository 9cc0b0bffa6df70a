// The volumes of a root: what each takes, what is recorded of it, and which containers mount it.
import type { PlaceUsage } from '../../../health/disk-usage.ts';
import type { StoreOwners } from '../../../health/health.ts';
import type { Related, StorePart } from '../../../health/part.ts';

export interface VolumeUse {
  readonly place: PlaceUsage;
  readonly facts: Readonly<Record<string, string>>;
  readonly users: readonly Related[];
}

/** By name. */
export function volumeUses(places: readonly PlaceUsage[], owners: readonly StoreOwners[]): VolumeUse[] {
  const volumes = places.filter(({ kind }) => kind === 'volume');
  return volumes
    .map((place) => {
      const parts = owners.flatMap((each) =>
        each.directories.some((directory) => place.path.startsWith(`${directory}/`))
          ? each.ofPath(place.path)
          : [],
      );
      const known = parts.filter(({ kind }) => kind === 'volume');
      return { place, facts: mergedFacts(known), users: usersOf(known) };
    })
    .sort((a, b) => (a.place.id < b.place.id ? -1 : 1));
}

function mergedFacts(parts: readonly StorePart[]): Record<string, string> {
  return Object.fromEntries(parts.flatMap(({ facts }) => Object.entries(facts)));
}

/** Two stores of a root may both know of one that mounts it. */
function usersOf(parts: readonly StorePart[]): Related[] {
  const users = parts.flatMap((part) => part.users);
  return [...new Map(users.map((user) => [`${user.kind} ${user.id} ${user.at}`, user])).values()];
}
