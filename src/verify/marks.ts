// Whiteouts and opaque directories of a layer: the `.wh.` names of its tar against the marks on disk.

import { isWhiteout, type LayerFiles, type MarkDialect } from '../layers/layer-files.ts';
import { asBytes, type ByteString } from '../sys/bytes.ts';
import { joinPath, lastName, OPAQUE_NAME, parentPath, WHITEOUT_PREFIX } from '../tar/path.ts';
import { typeWords } from './entry.ts';
import type { Report } from './finding.ts';
import { examining, type SeenNames } from './listing.ts';
import { isOpaque } from './xattrs.ts';

/** kernel: character devices 0:0 and an xattr; aufs: the names themselves; none: the directory is the merged tree. */
export type Marks = 'kernel' | 'aufs' | 'none';

export interface MarkRules {
  readonly marks: Marks;
  readonly dialect: MarkDialect;
  /** Whether a layer below has something at this path, which an opaque mark would hide. */
  readonly hidesBelow: (path: ByteString) => boolean;
}

export class MarkComparison {
  /** Whether a mark of the tar was found on disk. */
  hasKept = false;
  readonly #files: LayerFiles;
  readonly #rules: MarkRules;
  readonly #seen: SeenNames;
  readonly #report: Report;
  /** Paths whose whiteout was not found, though a later entry of the tar may have taken its place. */
  readonly #lost = new Set<ByteString>();
  /** Directories that are opaque by the tar, and those that are by the disk. */
  readonly #recorded = new Set<ByteString>();
  readonly #onDisk = new Set<ByteString>();

  constructor(files: LayerFiles, rules: MarkRules, seen: SeenNames, report: Report) {
    this.#files = files;
    this.#rules = rules;
    this.#seen = seen;
    this.#report = report;
  }

  /** Whether the path is a mark by its name; then it is compared. Throws Errno. */
  take(path: ByteString): boolean {
    const name = lastName(path);
    if (!name.startsWith(WHITEOUT_PREFIX)) return false;
    if (this.#rules.marks === 'aufs') this.#takeName(path);
    else if (name === OPAQUE_NAME) this.#takeOpaque(parentPath(path));
    else this.#takeWhiteout(joinPath(parentPath(path), asBytes(name.slice(WHITEOUT_PREFIX.length))));
    return true;
  }

  #takeName(path: ByteString): void {
    this.#seen.add(path);
    if (this.#files.status(path) === undefined) {
      this.#report({ severity: 'tampered', class: 'whiteout', path, expected: 'a mark', found: 'nothing' });
    }
  }

  #takeOpaque(directory: ByteString): void {
    if (this.#rules.marks === 'none') return;
    this.#recorded.add(directory);
    this.#seen.addDirectory(directory);
    const isThere = this.#files.status(directory) !== undefined;
    if (isThere && isOpaque(this.#files.xattrs(directory), this.#rules.dialect)) {
      this.hasKept = true;
      return;
    }
    this.#report({
      severity: 'tampered',
      class: 'whiteout',
      path: directory,
      expected: 'an opaque directory',
      found: isThere ? 'not opaque' : 'nothing',
    });
  }

  #takeWhiteout(path: ByteString): void {
    const status = this.#files.status(path);
    if (this.#rules.marks === 'none') {
      if (status !== undefined && !this.#seen.has(path)) this.#lost.add(path);
      return;
    }
    if (status !== undefined && isWhiteout(status)) {
      this.#seen.add(path);
      this.hasKept = true;
    } else if (!this.#seen.has(path)) this.#lost.add(path);
  }

  /** A real entry of the tar: it takes the place of a whiteout before it. */
  passEntry(path: ByteString): void {
    this.#lost.delete(path);
  }

  /** The attributes of a directory on disk. */
  passDirectory(path: ByteString, xattrs: ReadonlyMap<string, string>): void {
    if (this.#rules.marks !== 'none' && isOpaque(xattrs, this.#rules.dialect)) this.#onDisk.add(path);
  }

  /** After the last entry. */
  end(): void {
    const whiteout = this.#rules.marks === 'none' ? 'nothing' : 'a whiteout';
    for (const path of this.#lost) {
      examining(path, 'whiteout', this.#report, () => {
        const status = this.#files.status(path);
        if (status !== undefined) this.#seen.add(path);
        const found = status === undefined ? 'nothing' : typeWords(status.mode);
        this.#report({ severity: 'tampered', class: 'whiteout', path, expected: whiteout, found });
      });
    }
    for (const path of this.#onDisk) {
      if (this.#recorded.has(path)) continue;
      // The kernel marks directories it makes anew; BuildKit keeps such a layer as it is and does not record the mark.
      const hides = this.#rules.hidesBelow(path);
      this.#report({
        severity: hides ? 'tampered' : 'known',
        class: 'whiteout',
        path,
        expected: 'not opaque',
        found: hides ? 'an opaque directory' : 'an opaque directory, with nothing below to hide',
      });
    }
  }
}
