// Directories among those of the layers that no record leads to. What lies in them belongs to nothing that the store knows of.
import { asBytes, type ByteString } from '../../sys/bytes.ts';
import type { Inventory } from './inventory.ts';
import { layersHome, NOT_LAYERS, type StorageRoot, UNFINISHED } from './root.ts';

/**
 * Absolute, of all roots; what an engine has begun and not ended is told as well. `known` are IDs that something else than a
 * root's own list leads to. Nothing is told of a root whose list cannot be read. Throws Trouble where a driver's directory
 * cannot be listed.
 */
export function unrecordedDirectories(inventory: Inventory, known: ReadonlySet<string>): ByteString[] {
  return inventory.layers().lists.flatMap(({ root, list }) => {
    if (list.unreadable !== undefined) return [];
    const home = layersHome(root);
    const names = directoriesIn(root, home).filter((name) => !NOT_LAYERS.includes(name));
    const layers = names.filter((name) => !UNFINISHED.includes(name));
    const unfinished = names
      .filter((name) => UNFINISHED.includes(name))
      .flatMap((name) => directoriesIn(root, `${home}/${name}`).map((below) => asBytes(`${name}/${below}`)));
    return [...layers.filter((name) => !list.records.has(name) && !known.has(name)), ...unfinished].map(
      (name) => asBytes(root.files.pathOf(`${home}/${name}`)),
    );
  });
}

function directoriesIn({ files }: StorageRoot, path: string): readonly ByteString[] {
  const names = files.namesIfPresent(path) ?? [];
  return names.filter((name) => files.kindOf(`${path}/${name}`) === 'directory').sort();
}
