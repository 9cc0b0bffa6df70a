// What lies below a layer that is verified, as far as what is in it depends on that.
import { LayerFiles } from '../layers/layer-files.ts';
import type { LayerClaims } from '../store/claims.ts';
import type { ByteString } from '../sys/bytes.ts';
import { S_IFDIR, S_IFMT } from '../sys/statx.ts';
import type { DirectoryBelow } from '../unpack/implied.ts';
import type { NamedBlob } from './blob-layer.ts';

/** Undefined for a layer whose compressed tar is not here. */
export function namedBlob({ diffId, record }: LayerClaims): NamedBlob | undefined {
  if (record === undefined || record.form === 'tar-split') return undefined;
  return { diffId, digest: record.digest, open: record.open };
}

/** What the highest layer that has something at a path has there, where that is a directory. */
export function directoryBelow(layers: readonly LayerFiles[], path: ByteString): DirectoryBelow | undefined {
  for (const files of layers) {
    const status = files.status(path);
    if (status === undefined) continue;
    if ((status.mode & S_IFMT) !== S_IFDIR) return undefined;
    return { mode: status.mode & 0o7777, uid: status.uid, gid: status.gid, xattrs: files.xattrs(path) };
  }
  return undefined;
}

/** Of the layers that lie in one. */
export function directoriesOf(layers: readonly Pick<LayerClaims, 'layer'>[]): ByteString[] {
  return layers.flatMap(({ layer }) => (layer?.source.kind === 'directory' ? [layer.source.path] : []));
}

export function hasPath(layer: ByteString, path: ByteString): boolean {
  const files = new LayerFiles(layer, 'trusted');
  try {
    return files.status(path) !== undefined;
  } finally {
    files.close();
  }
}
