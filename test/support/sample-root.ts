// The sample store of `npm run demo`, with its files by name, so that a test can damage one of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSampleStore } from '../../scripts/sample-store.ts';

export interface SampleLayerFiles {
  /** `sha256:…` */
  readonly diffId: string;
  readonly chainId: string;
  readonly cacheId: string;
  /** The directory in layerdb, with `diff`, `parent`, `cache-id` and `size`. */
  readonly record: string;
  /** The layer's own files. */
  readonly directory: string;
}

export interface SampleRoot {
  readonly root: string;
  readonly repositories: string;
  /** 64 hex digits, of `sample/web:1.1`. */
  readonly imageId: string;
  /** Its config. */
  readonly config: string;
  /** Top first. */
  readonly layers: readonly [SampleLayerFiles, SampleLayerFiles, SampleLayerFiles];
}

/** Makes `root`, which must not be there yet. */
export function writeSampleRoot(root: string): SampleRoot {
  writeSampleStore(root);
  const metadata = join(root, 'image/overlay2');
  const repositories = join(metadata, 'repositories.json');
  const names: unknown = JSON.parse(readFileSync(repositories, 'utf8'));
  const { Repositories: tags } = names as { Repositories: Record<string, Record<string, string>> };
  const imageId = (tags['sample/web']?.['sample/web:1.1'] ?? '').slice('sha256:'.length);
  const config = join(metadata, 'imagedb/content/sha256', imageId);
  const { rootfs } = JSON.parse(readFileSync(config, 'utf8')) as { rootfs: { diff_ids: string[] } };
  const byDiffId = new Map(layersOf(root).map((layer) => [layer.diffId, layer]));
  const [base, middle, top] = rootfs.diff_ids.map((diffId) => byDiffId.get(diffId));
  if (!base || !middle || !top) throw new Error('The sample image has not three layers');
  return { root, repositories, imageId, config, layers: [top, middle, base] };
}

function layersOf(root: string): SampleLayerFiles[] {
  const layerdb = join(root, 'image/overlay2/layerdb/sha256');
  return readdirSync(layerdb).map((name) => {
    const record = join(layerdb, name);
    const cacheId = readFileSync(join(record, 'cache-id'), 'utf8');
    const diffId = readFileSync(join(record, 'diff'), 'utf8');
    return {
      diffId,
      chainId: `sha256:${name}`,
      cacheId,
      record,
      directory: join(root, 'overlay2', cacheId, 'diff'),
    };
  });
}
