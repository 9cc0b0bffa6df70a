// Layers that containers-storage keeps by composefs: the layer's directory holds contents under their sha256, and its names lie in
// an erofs image beside it. The layer's tar-split has names and metadata too, and its table of contents says which object is whose
// (zstd:chunked), so that the image, which Podman writes whiteouts into as files, is not needed.
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { isHexId, sha256 } from '../digest.ts';
import { trouble } from '../file-state.ts';
import { objectsOf, optionalString, parseJson } from '../formats/json.ts';
import { bigDataName, layerPath, metadataPath, type StorageRoot } from './root.ts';
import { TABLE_OF_CONTENTS } from './shapes.ts';

const TABLE = 'zstd-chunked-manifest';
/** Some 200 bytes a name. */
const LARGEST_TABLE = 2 ** 28;
const EMPTY = sha256(Buffer.alloc(0));

export function isComposefs(root: StorageRoot, layer: string): boolean {
  return root.driver !== 'vfs' && root.files.kindOf(imagePath(root, layer)) !== undefined;
}

/** The directory of the erofs image. */
function imagePath(root: StorageRoot, layer: string): string {
  return `${layerPath(root, layer)}/composefs-data`;
}

/** Where the contents of each regular file of a layer lie below its `diff`, by its name in the tar. Throws Trouble. */
export function objectPlaces(root: StorageRoot, layer: string): ReadonlyMap<string, ByteString> {
  root.files.requireDirectory(imagePath(root, layer));
  const directory = metadataPath(root, 'layers', layer);
  const path = `${directory}/${bigDataName(TABLE, root.files.pathOf(directory))}`;
  const file = root.files.pathOf(path);
  const json = parseJson(root.files.read(path, LARGEST_TABLE), file, TABLE_OF_CONTENTS);
  const places = new Map<string, ByteString>();
  for (const entry of objectsOf(json, 'entries')) {
    if (optionalString(entry, 'type') !== 'reg') continue;
    const name = optionalString(entry, 'name') ?? '';
    const digest = (optionalString(entry, 'digest') || `sha256:${EMPTY}`).replace(/^sha256:/, '');
    if (!isHexId(digest))
      throw trouble('use', file, `${entry.prefix}digest is not "sha256:" and 64 hex digits`);
    places.set(bytesOfText(name), bytesOfText(`${digest.slice(0, 2)}/${digest.slice(2)}`));
  }
  return places;
}
