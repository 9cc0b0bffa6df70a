// Where images are in the tree of a mounted store: `registry/team/name/tag`, from names that may be anything. A function of the
// names, each of which ends up in one place; what cannot be a path has its ID for a name.

import { shortId } from '../../store/digest.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';

/** What a name is taken from. */
export interface ImageToPlace {
  /** Its ID without `sha256:`: 64 hex digits, in a store that is sound. */
  readonly hex: string;
  /** `name:tag`, or `name`. */
  readonly tags: readonly string[];
  readonly platform?: string;
  readonly store?: string;
}

export interface ImagePlace<T> {
  readonly image: T;
  /** Components of the path. */
  readonly path: readonly ByteString[];
  /** The name beside it for its layers, in the same directory; absent where there is none left. */
  readonly layers?: ByteString;
}

const NONE = bytesOfText('<none>');
const LAYERS = '.layers';
const LONGEST = 255;

/** Where each image goes, once for each of its names; one without a name that can be a path is below `<none>`, by its ID. */
export function placeImages<T extends ImageToPlace>(images: readonly T[]): ImagePlace<T>[] {
  const wanted = images.flatMap((image) => pathsOf(image).map((path) => ({ image, path })));
  const directories = new Set(
    wanted.flatMap(({ path }) => path.slice(0, -1).map((_, i) => key(path.slice(0, i + 1)))),
  );
  const taken = new Set<string>();
  const placed = wanted.flatMap(({ image, path }) => {
    const free = candidates(image, path, directories.has(key(path))).find(
      (each) => !directories.has(key(each)) && !taken.has(key(each)),
    );
    if (free === undefined) return [];
    taken.add(key(free));
    return [{ image, path: free }];
  });
  return placed.map((place) => {
    const layers = layersName(place.path, (path) => directories.has(path) || taken.has(path));
    if (layers === undefined) return place;
    taken.add(key([...place.path.slice(0, -1), layers]));
    return { ...place, layers };
  });
}

/**
 * Its name in full, what tells it from another of that name, and its ID. A colon begins no name of an engine's own, and is put
 * before a name that is a directory.
 */
function candidates(
  { hex: id, platform, store }: ImageToPlace,
  path: readonly ByteString[],
  isDirectory: boolean,
): (readonly ByteString[])[] {
  const last = path.at(-1) as string;
  const told = [platform?.replaceAll('/', '-'), store, shortId(id), id].flatMap((word) => word ?? []);
  const names = ['', ...told.map((word) => `@${bytesOfText(word)}`)].map((end) => last + end);
  const marked = names.map((name) => `:${name}`);
  return (isDirectory ? marked : [...names, ...marked])
    .filter(isFileName)
    .map((name) => [...path.slice(0, -1), name as ByteString]);
}

function layersName(path: readonly ByteString[], isTaken: (path: string) => boolean): ByteString | undefined {
  const name = `${path.at(-1)}${LAYERS}`;
  return [name, `:${name}`]
    .filter(isFileName)
    .map((each) => each as ByteString)
    .find((each) => !isTaken(key([...path.slice(0, -1), each])));
}

function key(path: readonly ByteString[]): string {
  return path.join('/');
}

function pathsOf({ hex: id, tags }: ImageToPlace): (readonly ByteString[])[] {
  const paths = tags.map(pathOfTag).filter((path) => path.every(isFileName));
  const byId = [NONE, bytesOfText(id)];
  return paths.length > 0 ? paths : byId.every(isFileName) ? [byId] : [];
}

function pathOfTag(name: string): ByteString[] {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const [repository, tag] = colon < 0 ? [name, NONE] : [name.slice(0, colon), name.slice(colon + 1)];
  return [...repository.split('/'), tag].map(bytesOfText);
}

/** Whether bytes can be a name in a directory. */
export function isFileName(name: string): name is ByteString {
  return name.length > 0 && name.length <= LONGEST && name !== '.' && name !== '..' && !/[/\0]/.test(name);
}
