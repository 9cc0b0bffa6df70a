// Images as `docker images` prints them, or as JSON lines.
import { shortId } from '../../../store/digest.ts';
import type { ImageSummary } from '../../../store/summary.ts';
import { escapeText } from '../../../told/escape.ts';
import { type ListOptions, printList } from '../list.ts';
import { humanSize } from '../size.ts';
import type { Terminal } from '../terminal.ts';
import { ago } from '../time.ts';

export interface ImagesOptions extends ListOptions {
  readonly all?: true;
  /** A word alone is a tag: so OCI layouts name their images. */
  readonly hasBareTags?: boolean;
}

const NONE = '<none>';
const HEADING = ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'];

export function printImages(
  images: readonly ImageSummary[],
  options: ImagesOptions,
  terminal: Terminal,
): void {
  const id = (image: ImageSummary) => shownId(image, options);
  const hasPlatforms = images.some(({ platform }) => platform !== undefined);
  const shown = images.filter((image) => options.all || !image.intermediate || image.damage !== undefined);
  const counted = new Set(shown.map(countedOf).filter((word) => word !== ''));
  const isCountedOtherwise = counted.size > 1;
  const rows = (image: ImageSummary) =>
    names(image, options).map(([repository, tag]) => [
      escapeText(repository),
      escapeText(tag),
      id(image),
      ago(image.created, terminal.now()),
      sizeText(image),
      ...(isCountedOtherwise ? [countedOf(image)] : []),
      ...(hasPlatforms ? [escapeText(image.platform ?? '')] : []),
    ]);
  const title = (image: ImageSummary) => `image "${image.tags[0] ?? id(image)}"`;
  const heading = [
    ...HEADING,
    ...(isCountedOtherwise ? ['SIZE OF'] : []),
    ...(hasPlatforms ? ['PLATFORM'] : []),
  ];
  printList(shown, { item: 'image', heading, rows, id, title }, options, terminal);
}

function shownId(image: ImageSummary, { trunc }: ListOptions): string {
  return trunc ? shortId(image.id) : image.id;
}

function sizeText(image: ImageSummary): string {
  if (image.damage !== undefined) return 'damaged';
  return image.size === undefined ? 'N/A' : humanSize(image.size);
}

/** What its size is of; nothing where it has none. */
function countedOf({ size, sizeOf, damage }: ImageSummary): string {
  if (size === undefined || damage !== undefined) return '';
  return sizeOf ?? 'unpacked';
}

/** One for each line: an image without a tag has a line too. */
function names(image: ImageSummary, { hasBareTags }: ImagesOptions): [repository: string, tag: string][] {
  if (image.tags.length > 0) {
    return image.tags.map((tagged) => {
      if (hasBareTags && !/[:/]/.test(tagged)) return [NONE, tagged];
      // Only Docker gives every name a tag.
      const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
      return colon < 0 ? [tagged, NONE] : [tagged.slice(0, colon), tagged.slice(colon + 1)];
    });
  }
  const repositories = new Set(image.digests.map((digest) => digest.slice(0, digest.indexOf('@'))));
  if (repositories.size === 0) return [[NONE, NONE]];
  return [...repositories].map((repository) => [repository, NONE]);
}
