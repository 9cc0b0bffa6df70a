// The record Docker keeps of a layer's tar: `tar-split.json.gz` beside what layerdb says of it.
import type { ChainId } from '../digest.ts';
import type { TarRecord, UnpackRules } from '../record.ts';
import type { DockerRoot } from './driver.ts';
import { layerPath } from './layerdb.ts';

/** Does not look whether it is there. */
export function tarSplitFile(root: DockerRoot, chainId: ChainId): Pick<TarRecord, 'path' | 'open'> {
  const path = `${layerPath(root, chainId)}/tar-split.json.gz`;
  return { path: root.files.pathOf(path), open: () => root.files.open(path) };
}

export function tarRecord(root: DockerRoot, chainId: ChainId, rules: UnpackRules): TarRecord {
  return { form: 'tar-split', rules, ...tarSplitFile(root, chainId) };
}
