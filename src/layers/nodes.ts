// A file tree to copy from: the merged view, or one layer as it lies on disk, in the same terms.
import type { Entry } from '../overlay/layer/entry.ts';
import type { OpenContents } from '../overlay/layer/open-contents.ts';
import type { Tree } from '../overlay/tree.ts';
import { layerNumber } from '../store/reference/choice.ts';
import { type ByteString, bytesOf } from '../sys/bytes.ts';
import { E, Errno, Trouble } from '../sys/errors.ts';
import { type Layers, type ObjectAttributes, objectAttributes } from './layers.ts';

export type NodeAttributes = Pick<
  ObjectAttributes,
  'mode' | 'uid' | 'gid' | 'size' | 'exactSize' | 'nlink' | 'rdev' | 'blocks' | 'mtime' | 'atime'
>;

export interface Node {
  readonly attributes: NodeAttributes;
  /** The same for all names of one object. */
  readonly identity: string;
  /** Names in byte order; a name that cannot be looked up has its error. Throws Errno. */
  children(): readonly { readonly name: ByteString; readonly node: Node | Errno }[];
  linkTarget(): ByteString;
  /** Without the overlay's own marks. Throws Errno. */
  xattrs(): ReadonlyMap<ByteString, Uint8Array>;
  /** Of a regular file. Throws Errno, and Trouble where its data are not to be had here. */
  open(): Omit<OpenContents, 'size'>;
}

export class TreeNode implements Node {
  readonly attributes: NodeAttributes;
  readonly #tree: Tree;
  readonly #entry: number;

  constructor(tree: Tree, entry: number) {
    this.#tree = tree;
    this.#entry = entry;
    this.attributes = tree.status(entry);
  }

  get identity(): string {
    return String(this.#tree.nodeOf(this.#entry));
  }

  children() {
    const tree = this.#tree;
    return tree.entries(tree.nodeOf(this.#entry)).map((entry) => {
      const errno = tree.errnoOf(entry);
      const node = errno === 0 ? new TreeNode(tree, entry) : new Errno(errno, 'look up a name');
      return { name: tree.name(entry), node };
    });
  }

  linkTarget(): ByteString {
    return this.#tree.linkTarget(this.#tree.nodeOf(this.#entry));
  }

  xattrs() {
    return this.#tree.xattrs(this.#tree.nodeOf(this.#entry));
  }

  open(): Omit<OpenContents, 'size'> {
    const tree = this.#tree;
    const node = tree.nodeOf(this.#entry);
    // So that one which cannot be opened fails here.
    tree.openData(node);
    return {
      read: (offset, room) => tree.read(node, offset, room, 0, room.length),
      seek: (offset, whence) => tree.seek(node, offset, whence),
      // The tree keeps it open, and closes it.
      close() {},
    };
  }
}

export class LayerNode implements Node {
  readonly attributes: NodeAttributes;
  readonly #layers: Layers;
  /** Absent for the layer's root. */
  readonly #entry: Entry | undefined;
  readonly #root: number;

  constructor(layers: Layers, index: number, entry?: Entry) {
    this.#layers = layers;
    this.#entry = entry;
    this.#root = index;
    this.attributes = entry === undefined ? layers.rootAttributes(index) : objectAttributes(entry.status);
  }

  get identity(): string {
    return this.#entry === undefined ? 'root' : String(objectAttributes(this.#entry.status).ino);
  }

  children() {
    const layers = this.#layers;
    const record = this.#entry?.directory() ?? layers.rootOf(this.#root);
    const children: { name: ByteString; node: Node | Errno }[] = [];
    for (const name of [...layers.list(record).types.keys()].sort()) {
      const bytes = bytesOf(Buffer.from(name, 'latin1'));
      try {
        const entry = layers.find(record, name);
        if (entry === undefined || entry.kind === 'whiteout') continue;
        children.push({ name: bytes, node: new LayerNode(layers, this.#root, entry) });
      } catch (error) {
        if (!(error instanceof Errno)) throw error;
        children.push({ name: bytes, node: error });
      }
    }
    return children;
  }

  linkTarget(): ByteString {
    if (this.#entry === undefined) throw new Errno(E.EINVAL, 'read a link');
    return this.#layers.linkTarget(this.#entry);
  }

  xattrs() {
    return this.#layers.xattrs(this.#entry ?? { holder: this.#layers.rootOf(this.#root), name: '.' });
  }

  open(): OpenContents {
    if (this.#entry === undefined) throw new Errno(E.EISDIR, 'read a directory');
    // Its own bytes are none of the file's: they would be zeros.
    if (this.#entry.metacopy())
      throw new Trouble(
        'path',
        'Cannot read a metacopy file from its layer alone: its data lie in a lower one',
      );
    return this.#layers.openFile(this.#entry);
  }
}

/** What one layer alone has at a path, links not followed. Throws Trouble where it has nothing, or hides it. */
export function nodeInLayer(layers: Layers, index: number, components: readonly ByteString[]): LayerNode {
  const fail = (state: string, cause?: unknown) => {
    const place = `layer ${layerNumber(layers.stack, index)} of ${layers.stack.label}`;
    const options = cause === undefined ? {} : { cause };
    return new Trouble('path', `Cannot find "/${components.join('/')}" in ${place}: ${state}`, options);
  };
  let directory = layers.rootOf(index);
  let entry: Entry | undefined;
  try {
    for (const [depth, name] of components.entries()) {
      const path = `/${components.slice(0, depth + 1).join('/')}`;
      if (entry !== undefined && entry.kind !== 'directory') throw fail('not a directory on the way');
      if (entry !== undefined) directory = entry.directory();
      entry = layers.find(directory, name);
      if (entry === undefined) throw fail('no such file or directory');
      if (entry.kind === 'whiteout') throw fail(`a whiteout of "${path}" stands there`);
    }
    return new LayerNode(layers, index, entry);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    throw fail(error.message, error);
  }
}
