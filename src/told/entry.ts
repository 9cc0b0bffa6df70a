// One name in a merged tree as an object of JSON.
import type { Tree } from '../overlay/tree.ts';
import { layerNumber } from '../store/reference/choice.ts';
import type { ByteString } from '../sys/bytes.ts';
import { isDevice, isLink, typeOf } from '../sys/file-types.ts';
import { decodeDevice } from '../sys/statx.ts';
import { jsonName } from './escape.ts';
import { absolutePath, jsonTime, octalMode } from './fields.ts';

/** What ls and stat tell of one entry in JSON. `path` as the person wrote it, with the names below it. */
export function jsonEntry(tree: Tree, entry: number, path: ByteString): object {
  const status = tree.status(entry);
  return {
    t: 'entry',
    ...jsonName('path', absolutePath(path)),
    type: typeOf(status.mode).name,
    mode: octalMode(status.mode),
    nlink: status.nlink,
    uid: status.uid,
    gid: status.gid,
    size: status.exactSize ?? status.size,
    ...(isDevice(status.mode) ? decodeDevice(status.rdev) : {}),
    mtime: jsonTime(status.mtime),
    ino: String(status.ino),
    ...(isLink(status.mode) ? jsonName('target', tree.linkTarget(tree.nodeOf(entry))) : {}),
    layer: layerNumber(tree.stack, tree.source(entry).layer),
  };
}
