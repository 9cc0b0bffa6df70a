// Checksums of contents that Docker recorded when it unpacked a layer (tar-split): CRC-64 of each file, by path. They tell
// equal from different without reading, but an adversary can make two files of one checksum: never for an examination.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Layer } from '../store/store.ts';
import type { Item } from './item.ts';
import { LayerItem } from './layered.ts';
import type { Checksum } from './pairs.ts';

/** Type of a tar-split entry that stands for a file's data. */
const FILE_ENTRY = 1;
const LARGEST = 1 << 30;

interface TarSplitEntry {
  readonly type: number;
  readonly name?: string;
  readonly name_raw?: string;
  readonly size?: number;
  readonly payload?: string;
}

/** Reads each layer's record once, when it is first asked for. A layer without one has its files read. */
export function recordedChecksums(): Checksum {
  const layers = new Map<Layer, ReadonlyMap<string, string>>();
  return (item: Item) => {
    if (!(item instanceof LayerItem) || item.data !== undefined || item.live) return undefined;
    const { entry, side } = item;
    const layer = side.layerOf(entry.holder);
    let sums = layers.get(layer);
    if (sums === undefined) {
      sums = readChecksums(layer);
      layers.set(layer, sums);
    }
    if (sums.size === 0) return undefined;
    const directory = side.union.directories.pathOf(entry.holder);
    return sums.get(directory === '' ? entry.name : `${directory}/${entry.name}`);
  };
}

/** `…/overlay2/<cache id>/diff` → `…/image/overlay2/layerdb/sha256/<chain id>/tar-split.json.gz`. */
function recordOf({ source: { path: directory }, chainId }: Layer): string | undefined {
  if (chainId === undefined || posix.basename(directory) !== 'diff') return undefined;
  const driver = posix.dirname(posix.dirname(directory));
  const hex = chainId.replace(/^sha256:/, '');
  return posix.join(
    driver,
    '..',
    'image',
    posix.basename(driver),
    'layerdb/sha256',
    hex,
    'tar-split.json.gz',
  );
}

function readChecksums(layer: Layer): Map<string, string> {
  const sums = new Map<string, string>();
  const path = recordOf(layer);
  if (path === undefined) return sums;
  let text: string;
  try {
    text = gunzipSync(readFileSync(Buffer.from(path, 'latin1')), { maxOutputLength: LARGEST }).toString(
      'utf8',
    );
  } catch {
    // No record, or a damaged one: the files themselves are read then, which is slower and never wrong.
    return sums;
  }
  for (const line of text.split('\n')) {
    // Most of a record are raw headers, which are long and say nothing here.
    if (!line.startsWith(`{"type":${FILE_ENTRY},`)) continue;
    const { name, name_raw, size, payload } = JSON.parse(line) as TarSplitEntry;
    if (payload === undefined || size === undefined || size === 0) continue;
    const bytes = name_raw === undefined ? Buffer.from(name ?? '', 'utf8') : Buffer.from(name_raw, 'base64');
    sums.set(bytes.toString('latin1').replace(/^(\.?\/)+/, ''), payload);
  }
  return sums;
}
