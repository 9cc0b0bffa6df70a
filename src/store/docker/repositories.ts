// `image/<driver>/repositories.json`: the names of images.
import { shownBytes } from '../../sys/bytes.ts';
import { Trouble } from '../../sys/errors.ts';
import { addTo } from '../../sys/groups.ts';
import { type ImageId, isImageId } from '../digest.ts';
import { type JsonDocument, optionalObject, parseJson, quoted } from '../formats/json.ts';
import { familiarName } from '../reference/reference.ts';
import type { DockerRoot } from './driver.ts';
import { REPOSITORIES } from './shapes.ts';

export interface ImageNames {
  /** Familiar name, `name:tag` or `name@sha256:…`, → image; sorted by name. */
  readonly images: ReadonlyMap<string, ImageId>;
  /** Why there are no names at all. */
  readonly unreadable?: Trouble;
  /** Entries that could not be used, a sentence each. */
  readonly damage: readonly string[];
  /** Why others than an engine may understand the file differently; undefined where they cannot. */
  readonly ambiguity: string | undefined;
}

/** Damaged entries told one by one; the rest is counted. */
const MOST_DAMAGE = 20;

export function readImageNames({ files, metadata }: DockerRoot): ImageNames {
  const path = `${metadata}/repositories.json`;
  const file = files.pathOf(path);
  let whole: JsonDocument;
  let repositories: Readonly<Record<string, unknown>>;
  try {
    whole = parseJson(files.read(path), file, REPOSITORIES, 'first value');
    repositories = optionalObject(whole, 'Repositories')?.fields ?? {};
  } catch (error) {
    if (error instanceof Trouble)
      return { images: new Map(), unreadable: error, damage: [], ambiguity: undefined };
    throw error;
  }
  const { images, states } = sortOut(repositories);
  const damage = states.slice(0, MOST_DAMAGE).map((state) => `Cannot use "${shownBytes(file)}": ${state}`);
  const more = states.length - damage.length;
  if (more > 0) damage.push(`Cannot use "${shownBytes(file)}": ${more} more entries like these`);
  return { images, damage, ambiguity: whole.ambiguity };
}

/** Of each image that has any, sorted; names with a digest are none. */
export function tagsByImage({ images }: ImageNames): ReadonlyMap<ImageId, readonly string[]> {
  const tags = new Map<ImageId, string[]>();
  for (const [name, id] of images) if (!name.includes('@')) addTo(tags, id, name);
  return tags;
}

/** One bad entry does not take the names of other images away. */
function sortOut(repositories: Readonly<Record<string, unknown>>): {
  images: ReadonlyMap<string, ImageId>;
  states: readonly string[];
} {
  const images: [name: string, id: ImageId][] = [];
  const states: string[] = [];
  for (const [repository, entries] of Object.entries(repositories)) {
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
      states.push(`the entry ${quoted(repository)} is not an object`);
      continue;
    }
    for (const [name, id] of Object.entries(entries)) {
      if (familiarName(name) !== name) states.push(`${quoted(name)} is not an image name`);
      else if (typeof id === 'string' && isImageId(id)) images.push([name, id]);
      else states.push(`the value of ${quoted(name)} is not an image ID`);
    }
  }
  return { images: new Map(images.sort(([a], [b]) => (a < b ? -1 : 1))), states };
}
