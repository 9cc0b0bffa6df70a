// Directories that no entry of a tar tells of, though something lies in them: made on the way to that, by the engine's rules.
import type { RecordedLayer } from '../overlay/recorded/recorded-layer.ts';
import type { ByteString } from '../sys/bytes.ts';
import { E, Errno } from '../sys/errors.ts';
import { S_IFDIR } from '../sys/statx.ts';
import { cleanPath, parentPath } from '../tar/path.ts';
import { IMPLIED, type ModelFiles } from './model-files.ts';
import { TRUSTED, type UnpackingRules } from './rules.ts';

/** How many links to nothing one way may lead through. */
const MOST_LINKS = 40;

/** A directory of a layer below. */
export interface DirectoryBelow {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly xattrs: ReadonlyMap<string, ByteString>;
}

/** What the layers below have at a path, the highest that has something there: a directory, or undefined for all else. */
export type Below = (path: ByteString) => DirectoryBelow | undefined;

export interface ImpliedParts {
  readonly layer: RecordedLayer;
  /** Of that layer. */
  readonly files: ModelFiles;
  readonly rules: UnpackingRules;
  readonly below: Below;
}

export class ImpliedDirectories {
  readonly #layer: RecordedLayer;
  readonly #files: ModelFiles;
  readonly #rules: UnpackingRules;
  readonly #below: Below;

  constructor({ layer, files, rules, below }: ImpliedParts) {
    this.#layer = layer;
    this.#files = files;
    this.#rules = rules;
    this.#below = below;
  }

  /**
   * Makes those on the way to `path`, itself among them. What is there but is no directory shows when the file is made.
   * `links` are those to nothing that led here. Throws Errno.
   */
  make(path: ByteString, links = 0): void {
    const files = this.#files;
    if (path === '' || files.lstat(path) !== -E.ENOENT) return;
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const way = (end < 0 ? path : path.slice(0, end)) as ByteString;
      const there = files.stat(way);
      if (there === -E.ENOENT) this.#makeOne(way, links);
      else if (there < 0) throw new Errno(-there, 'make the directory it lies in');
      if (end < 0) return;
    }
  }

  #makeOne(path: ByteString, links: number): void {
    const files = this.#files;
    const layer = this.#layer;
    const link = files.lstat(path);
    if (link > 0) {
      // A link to nothing: newer versions make what it leads to, older ones refuse the layer.
      if (links === MOST_LINKS) throw new Errno(E.ELOOP, 'make the directory it lies in');
      const target = layer.target(link);
      const from = target.startsWith('/') ? '' : parentPath(path);
      this.make(cleanPath(`${from}/${target}` as ByteString), links + 1);
      return;
    }
    const { impliedMode, copiesImplied } = this.#rules;
    const made = files.create(path, S_IFDIR | impliedMode);
    layer.flag(made, IMPLIED);
    if (!copiesImplied) {
      if ((layer.mode(made) & 0o777) !== impliedMode) files.chmod(made, impliedMode);
      files.chown(made, 0, 0);
      return;
    }
    files.chmod(made, impliedMode);
    const below = this.#below(layer.path(made));
    if (below === undefined) return;
    files.chown(made, below.uid, below.gid);
    files.chmod(made, below.mode);
    for (const [name, value] of below.xattrs)
      if (!name.startsWith(TRUSTED)) files.setXattr(made, name, value);
  }
}
