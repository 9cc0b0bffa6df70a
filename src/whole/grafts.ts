// What is shown in a directory instead of what it has, or besides: by the directory's number and the name. Knows no files.
import type { ByteString } from '../sys/bytes.ts';
import type { Scene } from './scenery.ts';

type Grafted = ReadonlyMap<ByteString, Scene>;

export class Grafts {
  readonly #directories = new Map<number, Map<ByteString, Scene>>();

  /** Undefined for a directory that has none. */
  in(directory: number): Grafted | undefined {
    return this.#directories.size === 0 ? undefined : this.#directories.get(directory);
  }

  /** Takes the place of one that was there. */
  add(scene: Scene): void {
    const names = this.#directories.get(scene.parent) ?? new Map<ByteString, Scene>();
    this.#directories.set(scene.parent, names.set(scene.name, scene));
  }

  remove(scene: Scene): void {
    const names = this.#directories.get(scene.parent);
    if (names?.get(scene.name) !== scene) return;
    names.delete(scene.name);
    if (names.size === 0) this.#directories.delete(scene.parent);
  }
}
