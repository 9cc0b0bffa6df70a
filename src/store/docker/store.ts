// A data root of Docker in its classic layout (graph drivers), as a `Store`. Keeps nothing between two questions: what
// is on disk when it is asked is what it answers.
import type { ByteString } from '../../sys/bytes.ts';
import { isLowerdir, parseLowerdir } from '../lowerdir.ts';
import { parseReference } from '../reference.ts';
import type { ContainerSummary, Directories, ImageSummary, LayerStack, Store } from '../store.ts';
import { otherDriver, storesBeside } from './beside.ts';
import { containerStack, containersDamage, listContainers } from './containers.ts';
import type { DockerRoot } from './driver.ts';
import { find } from './find.ts';
import { imageStack, layerStack, listImages, warningsOf } from './images.ts';
import { readImageNames } from './repositories.ts';

export class DockerStore implements Store {
  readonly description: string;
  readonly directory: ByteString;
  readonly #root: DockerRoot;

  constructor(root: DockerRoot) {
    this.#root = root;
    this.description = `docker ${root.driver.name}`;
    this.directory = root.files.directory;
  }

  images(): readonly ImageSummary[] {
    return listImages(this.#root, readImageNames(this.#root));
  }

  containers(): readonly ContainerSummary[] {
    return listContainers(this.#root, (config) => otherDriver(this.#root, config));
  }

  resolve(reference: string, directories: Directories = 'checked'): LayerStack {
    if (isLowerdir(reference)) return parseLowerdir(reference);
    const found = find(this.#root, parseReference(reference));
    switch (found.kind) {
      case 'image': {
        const stack = imageStack(this.#root, found.id, found.name, directories);
        const { warnings } = warningsOf(found.ambiguity);
        return warnings === undefined
          ? stack
          : { ...stack, warnings: [...warnings, ...(stack.warnings ?? [])] };
      }
      case 'container':
        return containerStack(this.#root, found.id, directories);
      case 'layer':
        return layerStack(this.#root, found.id, found.name, directories);
    }
  }

  damage(listed: 'images' | 'containers'): readonly string[] {
    const { unreadable, damage, ambiguity } = readImageNames(this.#root);
    const odd = ambiguity === undefined ? [] : [ambiguity];
    const named = unreadable === undefined ? [...odd, ...damage] : [unreadable.message];
    return listed === 'containers' ? [...named, ...containersDamage(this.#root)] : named;
  }

  beside(): readonly string[] {
    const used = storesBeside(this.#root).filter(({ isEmpty }) => !isEmpty);
    return used.map(({ name, path }) => {
      const place = path === undefined ? '' : ` in "${path}"`;
      return `There is another store beside "${this.description}": ${name}${place}, which is not shown`;
    });
  }
}
