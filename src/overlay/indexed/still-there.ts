// Which directories of a layer's older index belong into the next one. What is gone from a layer must go from its index, or that
// grows with every change; what nobody came to in this mount is kept as long as nothing says that it is gone.
import { INDEXED_DIRECTORY, IndexedLayer, inodeAt, type LayerDescription } from './indexed-layer.ts';

const DT_UNKNOWN = 0;
const DT_DIR = 4;

/** Places in `older.directories`. `unchanged` has the paths of those that were found as they are there, by place. */
export function stillThere(
  older: IndexedLayer,
  unchanged: ReadonlyMap<number, string>,
  learned: LayerDescription,
): number[] {
  const { paths, inodes } = learntOf(learned);
  const unchangedPaths = new Set(unchanged.values());
  const isListed = (path: string): boolean => {
    for (let at = path; at !== ''; ) {
      const parent = at.slice(0, Math.max(0, at.lastIndexOf('/')));
      if (unchangedPaths.has(parent)) return true;
      const names = paths.get(parent);
      if (names !== undefined) return names.has(at.slice(at.lastIndexOf('/') + 1));
      at = parent;
    }
    return true;
  };
  const places: number[] = [];
  for (let at = 0; at < older.directories.length; at += INDEXED_DIRECTORY.words) {
    if (unchanged.has(at)) places.push(at);
    else if (!inodes.has(inodeAt(older.directories, at))) {
      const path = older.pathAt(at);
      if (!paths.has(path) && !unchangedPaths.has(path) && isListed(path)) places.push(at);
    }
  }
  return places;
}

/** What was learnt: by the path of each directory the names in it that may be directories, and their inode numbers. */
function learntOf(learned: LayerDescription): {
  readonly paths: ReadonlyMap<string, ReadonlySet<string>>;
  readonly inodes: ReadonlySet<number>;
} {
  const paths = new Map<string, Set<string>>();
  const inodes = new Set<number>();
  const layer = new IndexedLayer(learned);
  for (let at = 0; at < layer.directories.length; at += INDEXED_DIRECTORY.words) {
    inodes.add(inodeAt(layer.directories, at));
    const names = new Set<string>();
    const first = layer.firstOf(at);
    for (let entry = first; entry < first + layer.countOf(at); entry++)
      if ([DT_DIR, DT_UNKNOWN].includes(layer.typeOf(entry))) names.add(layer.nameText(entry));
    paths.set(layer.pathAt(at), names);
  }
  return { paths, inodes };
}
