// Keeps which names a layer's tar has, and finds what lies in the layer's directory beside them.

import type { LayerFiles } from '../layers/layer-files.ts';
import { isWhiteout } from '../layers/layer-files.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { E, Errno, errnoWords } from '../sys/errors.ts';
import { joinPath, lastName, parentPath, WHITEOUT_PREFIX } from '../tar/path.ts';
import { typeWords } from './entry.ts';
import type { FindingClass, Report } from './finding.ts';

/** Runs an examination of a path; where the disk does not answer, the path is one that cannot be verified. */
export function examining(path: ByteString, what: FindingClass, report: Report, examine: () => void): void {
  try {
    examine();
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const message = `cannot be examined: ${errnoWords(error.errno)}`;
    report({ severity: 'unverifiable', class: what, path, message });
  }
}

/** What the AUFS driver keeps in the root of a layer for itself. */
const AUFS_OWN = ['.wh..wh.aufs', '.wh..wh.orph', '.wh..wh.plnk'];

export class SeenNames {
  /** Directory → names in it; a directory that only its contents imply is there too. */
  readonly #names = new Map<string, Set<string>>([['', new Set()]]);

  add(path: ByteString): void {
    if (path !== '') this.#directory(parentPath(path)).add(lastName(path));
  }

  addDirectory(path: ByteString): void {
    this.#directory(path);
  }

  has(path: ByteString): boolean {
    return path === '' || (this.#names.get(parentPath(path))?.has(lastName(path)) ?? false);
  }

  #directory(path: ByteString): Set<string> {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const names = new Set<string>();
    this.#names.set(path, names);
    this.add(path);
    return names;
  }

  /** Reports what is on disk without being among the names; what lies below such a directory goes with it. */
  reportExtra(files: LayerFiles, report: Report): void {
    for (const [key, names] of this.#names) {
      const directory = asBytes(key);
      for (const name of namesOnDisk(files, directory, report)) {
        if (names.has(name) || (directory === '' && AUFS_OWN.includes(name))) continue;
        const path = joinPath(directory, name);
        examining(path, 'extra', report, () => reportOne(files, path, report));
      }
    }
  }
}

function namesOnDisk(files: LayerFiles, directory: ByteString, report: Report): ByteString[] {
  try {
    return [...files.list(directory).types.keys()].sort().map(asBytes);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    // That the directory is not there, or is none, was found when its entry was compared.
    if ([E.ENOENT, E.ENOTDIR, E.ELOOP].includes(error.errno)) return [];
    const message = `cannot be listed: ${errnoWords(error.errno)}`;
    report({ severity: 'unverifiable', class: 'extra', path: directory, message });
    return [];
  }
}

function reportOne(files: LayerFiles, path: ByteString, report: Report): void {
  const status = files.status(path);
  if (status === undefined) return;
  const isMark = isWhiteout(status) || lastName(path).startsWith(WHITEOUT_PREFIX);
  report({
    severity: 'tampered',
    class: isMark ? 'whiteout' : 'extra',
    path,
    expected: 'nothing',
    found: isMark ? 'a whiteout' : typeWords(status.mode),
  });
}
