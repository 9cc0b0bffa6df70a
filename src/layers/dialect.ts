// Which marks layers have whose owners look like those of a rootless store: a rootless daemon cannot set `trusted.overlay.*`,
// so where one is found somebody has changed the owners of a copy, and root's own engine made the layers.
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { Errno } from '../sys/errors.ts';
import { S_IFDIR, S_IFMT } from '../sys/statx.ts';
import { joinPath } from '../tar/path.ts';
import { LayerFiles } from './layer-files.ts';

const ROOTS_MARK = /^trusted\.overlay\./;
const ROOTLESS_MARK = /^user\.overlay\./;
/** `d_type` of dirent.h. */
const DT_UNKNOWN = 0;
const DT_DIR = 4;
/** Numbers for user namespaces begin there at the lowest; users of the machine lie below (useradd's SUB_UID_MIN). */
const LOWEST_MAPPED = 65536;
/** Of so many names not only directories are looked at: nearly all images have a file of another owner among the first. */
const MOST_STATUSES = 4096;

/**
 * The first directory with a mark of root's engine, as a path; undefined where there is none, or where something else shows
 * that the store is what it looks like. What cannot be read is passed over.
 */
export function findRootsMark(directories: readonly ByteString[]): ByteString | undefined {
  const budget = { statuses: MOST_STATUSES };
  for (const directory of directories) {
    const files = new LayerFiles(directory, 'user');
    try {
      const found = searchLayer(files, budget);
      if (found === 'rootless') return undefined;
      if (found !== undefined) return joinPath(directory, found);
    } finally {
      files.close();
    }
  }
  return undefined;
}

function searchLayer(files: LayerFiles, budget: { statuses: number }): ByteString | 'rootless' | undefined {
  const owner = files.status(asBytes(''));
  for (const left = [asBytes('')]; left.length > 0; ) {
    const path = left.pop() as ByteString;
    try {
      const names = [...files.xattrs(path).keys()];
      if (names.some((name) => ROOTS_MARK.test(name))) return path;
      if (names.some((name) => ROOTLESS_MARK.test(name))) return 'rootless';
      for (const [name, type] of files.list(path).types) {
        const below = joinPath(path, asBytes(name));
        budget.statuses -= 1;
        const status = type === DT_UNKNOWN || budget.statuses > 0 ? files.status(below) : undefined;
        if (type === DT_DIR || ((status?.mode ?? 0) & S_IFMT) === S_IFDIR) left.push(below);
        if (isMapped(status?.uid, owner?.uid) || isMapped(status?.gid, owner?.gid)) return 'rootless';
      }
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
    }
  }
  return undefined;
}

/** The owner of a copy of a whole store may have any number. */
function isMapped(id: number | undefined, ofRoot: number | undefined): boolean {
  return id !== undefined && id >= LOWEST_MAPPED && id !== ofRoot;
}
