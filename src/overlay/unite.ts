// Several listings as one: every name once, with the topmost listing that has it.
import type { Listing } from './layer/listing.ts';

/** All names in byte order; for each the topmost listing that has it (undefined: one listing), and whether others do too. */
export function unite(listings: readonly Listing[]): {
  names: string[];
  levels: Map<string, number> | undefined;
  repeated: ReadonlySet<string>;
} {
  const repeated = new Set<string>();
  const [only] = listings;
  if (listings.length === 1 && only !== undefined) {
    return { names: [...only.types.keys()].sort(), levels: undefined, repeated };
  }
  const levels = new Map<string, number>();
  for (const [level, listing] of listings.entries()) {
    for (const name of listing.types.keys()) {
      if (levels.has(name)) repeated.add(name);
      else levels.set(name, level);
    }
  }
  return { names: [...levels.keys()].sort(), levels, repeated };
}
