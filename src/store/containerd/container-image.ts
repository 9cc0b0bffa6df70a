// The image that a container was made from, as far as it is still here.
import { isBlobDigest } from '../digest.ts';
import { type PlatformImage, readImage, readImageOfManifest } from '../oci/platform-image.ts';
import { contentOf } from './blobs.ts';
import { readFoundContainers } from './containers.ts';
import { type DockerContainer, readDockerContainers } from './docker.ts';
import type { Images } from './images.ts';
import { ifSound } from './root.ts';

/** Of the namespace; where it is Docker's, those of Docker. Throws Trouble where they cannot be listed. */
export function containersOf({ reading }: Images): DockerContainer[] {
  const { docker } = reading.root;
  return docker === undefined ? readFoundContainers(reading) : readDockerContainers(reading, docker);
}

/** What the name of its image leads to now, which may be another image than once. */
export function targetOf({ reading }: Images, name: string): string | undefined {
  return ifSound(() => reading.images.find((record) => record.name === name)?.digest);
}

/** Undefined where it is not here any more, or damaged: the layers need no image. */
export function imageOfContainer(images: Images, container: DockerContainer): PlatformImage | undefined {
  const { files } = images.reading.root;
  const { manifest, image, imageId = '' } = container;
  if (manifest !== undefined) return ifSound(() => readImageOfManifest(contentOf(files), manifest));
  const byId = images.named.find(({ id }) => id === imageId);
  if (byId !== undefined) return ifSound(() => images.contentsOf(byId));
  const target = targetOf(images, image);
  if (target !== undefined && isBlobDigest(target)) return ifSound(() => images.contents(target));
  return isBlobDigest(imageId) ? ifSound(() => readImage(contentOf(files), imageId)) : undefined;
}
