// What the layers below one have at a path, by their records: for rules of unpacking that copy from them.
import { RECORDED_ROOT, type RecordedLayer } from '../../overlay/recorded/recorded-layer.ts';
import type { ByteString } from '../../sys/bytes.ts';
import type { Below, DirectoryBelow } from '../../unpack/implied.ts';

/** `layers` top first. What a layer does not have is asked of the one below it; a whiteout is something, and no directory. */
export function belowOf(layers: readonly RecordedLayer[]): Below {
  return (path) => {
    for (const layer of layers) {
      const object = objectAt(layer, path);
      if (object !== 0) return layer.isDirectory(object) ? directoryBelow(layer, object) : undefined;
    }
    return undefined;
  };
}

/** 0 where nothing is there, or something on the way is no directory. */
function objectAt(layer: RecordedLayer, path: ByteString): number {
  if (path === '') return RECORDED_ROOT;
  const slash = path.lastIndexOf('/');
  const holder = layer.directory(path.slice(0, Math.max(0, slash)));
  return holder === undefined ? 0 : layer.find(holder, path.slice(slash + 1));
}

function directoryBelow(layer: RecordedLayer, object: number): DirectoryBelow {
  return {
    mode: layer.mode(object) & 0o7777,
    uid: layer.get(object, 'uid'),
    gid: layer.get(object, 'gid'),
    xattrs: layer.xattrs(object),
  };
}
