// What a list of images or of containers says of each.
import type { ImageId } from './digest.ts';

export interface ImageSummary {
  /** Name of its store, where a root has several. */
  readonly store?: string;
  /** containerd's, where several are listed at once. */
  readonly namespace?: string;
  readonly id: ImageId;
  /** `name:tag` in Docker's familiar form; empty for an untagged image. */
  readonly tags: readonly string[];
  /** `name@sha256:…`. */
  readonly digests: readonly string[];
  /** RFC 3339, from the config. */
  readonly created?: string;
  /** Bytes, as the engine's own list counts them; absent where a layer is damaged. */
  readonly size?: number;
  /** What is counted, where that is not what the layers take unpacked: what was fetched, compressed; or both. */
  readonly sizeOf?: 'fetched' | 'both';
  /** `linux/arm64`; only where its names lead to images of other platforms too. */
  readonly platform?: string;
  /** Present where the image has no name and another was built on it: `docker images` shows such images with `--all` only. */
  readonly intermediate?: boolean;
  /** Why the image cannot be used, where something of it is damaged. */
  readonly damage?: string;
}

export interface ContainerSummary {
  /** Name of its store, where a root has several. */
  readonly store?: string;
  /** containerd's, where several are listed at once. */
  readonly namespace?: string;
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** Name of the pod that it is in. */
  readonly pod?: string;
  /** The image as it was named at creation. */
  readonly image: string;
  readonly imageId?: ImageId;
  readonly created?: string;
  /** As `docker ps -a` words it where it can be told offline: `running`, `exited (0)`, `created`. */
  readonly status: string;
  /** RFC 3339; absent where the container was never started, or has not ended. */
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly command?: string;
  /** Which other part of the engine has the container's layers, in words, where this store cannot show the container. */
  readonly elsewhere?: string;
  /** Present where the container only holds a pod together; such a container is shown with `--all` only. */
  readonly infra?: boolean;
  readonly damage?: string;
}

/** What is written before a name or an ID where several namespaces are listed at once. */
export function namespacePrefix({ namespace }: { readonly namespace?: string }): string {
  return namespace === undefined ? '' : `${namespace}/`;
}
