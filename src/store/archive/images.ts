// The images of an archive: each once, by the hash of its config, with all the names that lead to it.
import { shownBytes } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';
import { type ImageId, shortId } from '../digest.ts';
import { timeOf } from '../formats/json.ts';
import { type Platform, platformText } from '../oci/manifest.ts';
import { OtherPlatform } from '../oci/platform-image.ts';
import { repositoryOf } from '../reference/reference.ts';
import type { ImageSummary } from '../summary.ts';
import type { ArchiveContents, NamedSource } from './contents.ts';
import { type ArchivedImage, type ImageOfSource, imagesOfSource } from './image.ts';
import { absenceIn } from './layers.ts';

export interface ListedImage {
  readonly id: ImageId;
  /** As lists write them. */
  readonly names: readonly string[];
  /** At least one: what can be read of it first. */
  readonly found: readonly ImageOfSource[];
  /** Present where its names lead to images of other platforms too. */
  readonly platform?: Platform;
}

export class ArchivedImages {
  readonly contents: ArchiveContents;
  /** All that each source leads to, in the order of the archive. */
  readonly bySource: readonly (readonly ImageOfSource[])[];
  /** In the order of the archive. */
  readonly listed: readonly ListedImage[];

  constructor(contents: ArchiveContents, platform?: Platform) {
    this.contents = contents;
    this.bySource = contents.sources.map((source) => imagesOfSource(contents, source, platform));
    this.listed = grouped(this.bySource);
  }

  /** In the order of the archive; where one platform is asked for, what is there for it. */
  list(): ImageSummary[] {
    return this.listed.flatMap((listed): ImageSummary[] => {
      const { id, names, platform } = listed;
      const image = attempt(() => imageIn(listed));
      if (image instanceof OtherPlatform) return [];
      const created = image instanceof Trouble ? undefined : timeOf(image.json, 'created');
      const damage = image instanceof Trouble ? image.message : absenceIn(this.contents.pack, image.layers);
      const told = {
        id,
        tags: names,
        digests: this.#digests(listed),
        ...(created === undefined ? {} : { created }),
        ...(platform === undefined ? {} : { platform: platformText(platform) }),
        ...(damage === undefined && !(image instanceof Trouble) ? { size: this.#size(image) } : {}),
        ...(damage === undefined ? {} : { damage }),
      };
      return [told];
    });
  }

  /** Layers as they lie in the archive. */
  #size({ layers }: ArchivedImage): number {
    return layers.reduce((sum, { path, size = 0 }) => {
      const present = attempt(() => this.contents.pack.sizeOf(path));
      return sum + (present instanceof Trouble ? size : (present ?? size));
    }, 0);
  }

  /** A name with the digest that it leads to, where that is of an index or a manifest. */
  #digests({ found }: ListedImage): string[] {
    const digests = found.flatMap(({ source: { names, leads } }) =>
      typeof leads === 'string' ? names.filter(isWhole).map((name) => `${repositoryOf(name)}@${leads}`) : [],
    );
    return [...new Set(digests)].sort();
  }

  /** Where the files of an archive contradict each other, a sentence each. */
  contradictions(): string[] {
    const told = new Map<string, Map<ImageId, NamedSource>>();
    for (const { source, id, isMeant } of this.bySource.flat()) {
      for (const name of isMeant ? source.names : []) {
        const leads = told.get(name) ?? new Map<ImageId, NamedSource>();
        told.set(name, leads.set(id, leads.get(id) ?? source));
      }
    }
    return [...told].flatMap(([name, leads]) => {
      const words = [...leads].map(([id, { file }]) => `${shortId(id)} in "${shownBytes(file)}"`);
      return words.length < 2 ? [] : [`the name "${name}" means several images: ${words.join(', ')}`];
    });
  }
}

/** Throws Trouble where none of what leads to it can be read. */
export function imageIn({ found }: ListedImage): ArchivedImage {
  const [first, ...others] = found;
  for (const { image } of found) if (!(image instanceof Trouble)) return image;
  if (first?.image instanceof Trouble) throw first.image;
  throw new RangeError(`an image of nothing, and ${others.length} more`);
}

function grouped(bySource: readonly (readonly ImageOfSource[])[]): ListedImage[] {
  const byId = new Map<ImageId, ImageOfSource[]>();
  const several = new Set<ImageId>();
  for (const images of bySource) {
    for (const one of images) {
      byId.set(one.id, [...(byId.get(one.id) ?? []), one]);
      if (images.length > 1) several.add(one.id);
    }
  }
  return [...byId].map(([id, found]) => {
    const names = new Set(found.flatMap(({ source }) => source.names));
    const image = attempt(() => imageIn({ id, names: [], found }));
    const isOneOfSeveral = several.has(id) && !(image instanceof Trouble);
    return {
      id,
      names: [...names],
      found,
      ...(isOneOfSeveral ? { platform: image.platform } : {}),
    };
  });
}

/** Whether a name has a repository, and is not a tag alone. */
function isWhole(name: string): boolean {
  return name.lastIndexOf(':') > Math.max(0, name.lastIndexOf('/'));
}
