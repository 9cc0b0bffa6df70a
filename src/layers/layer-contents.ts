// The contents of the entries of a layer's tar, from where unpacking put them in the layer's directory.

import type { ByteString, ReadSome } from '../sys/bytes.ts';
import type { ContentsGap, ContentsSource } from '../tar/rebuild.ts';
import { ContentsPlaces } from '../unpack/tar-split.ts';
import type { UnpackedTar } from '../unpack/unpack.ts';
import type { LayerFiles } from './layer-files.ts';

type Objects = readonly (ByteString | undefined)[];

export class LayerContents implements ContentsSource {
  readonly #places: ContentsPlaces;
  readonly #files: LayerFiles;
  readonly #first: number;
  readonly #objects: Objects | undefined;

  /**
   * `first` is the index of the first entry of the layer that is meant, among all that were unpacked; `objects` says of each
   * entry where its contents lie, where that is not under its name.
   */
  constructor(unpacked: UnpackedTar, files: LayerFiles, first = 0, objects?: Objects) {
    this.#objects = objects;
    this.#places = new ContentsPlaces(unpacked);
    this.#files = files;
    this.#first = first;
  }

  /** Where the contents of the entry of an index lie; undefined where they are kept nowhere. */
  path(index: number): ByteString | undefined {
    return this.#objects === undefined ? this.#places.path(this.#first + index) : this.#objects[index];
  }

  withContents<T>(index: number, use: (read: ReadSome) => T): T | ContentsGap {
    const path = this.path(index);
    if (path === undefined) return { kind: 'lost' };
    let answer: { readonly value: T } | undefined;
    const errno = this.#files.withFile(path, (read) => {
      answer = { value: use(read) };
      return 0;
    });
    return answer === undefined ? { kind: 'errno', errno: -errno } : answer.value;
  }
}
