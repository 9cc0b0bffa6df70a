// Records that name the one below them: layers of layerdb and of containers-storage, snapshots of containerd. Follows the
// names from one record down, and knows where they lead round or too far.

export interface FollowedParents<Id, Record> {
  /** Top first; the last may have no record. */
  readonly ids: readonly Id[];
  readonly records: readonly Record[];
  /** The one that was come by twice, where the parents form a cycle. */
  readonly cycleAt?: Id;
  /** Whether more than `most` of them were found; those are told. */
  readonly isDeeper: boolean;
}

/** `read` gives the record of one, or undefined, where the chain is to end; what it throws is thrown. */
export function followParents<Id, Record extends { readonly parent?: Id }>(
  top: Id,
  read: (id: Id) => Record | undefined,
  most = Number.POSITIVE_INFINITY,
): FollowedParents<Id, Record> {
  const ids = new Set<Id>();
  const records: Record[] = [];
  for (let next: Id | undefined = top; next !== undefined; next = records.at(-1)?.parent) {
    if (ids.has(next)) return { ids: [...ids], records, cycleAt: next, isDeeper: false };
    if (ids.size >= most) return { ids: [...ids], records, isDeeper: true };
    ids.add(next);
    const record = read(next);
    if (record === undefined) break;
    records.push(record);
  }
  return { ids: [...ids], records, isDeeper: false };
}
