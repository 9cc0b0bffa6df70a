// Where images are in the tree of a mounted store: `registry/team/name/tag`, from names that may be anything. A function of the
// names, each of which ends up in one place; what cannot be a path has its ID for a name.

import { shortId } from '../../store/digest.ts';
import { asBytes, type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { escapedFileName, isFileName, placeAll } from './free-names.ts';

/** What a name is taken from. */
export interface ImageToPlace {
  /** Its ID without `sha256:`: 64 hex digits, in a store that is sound. */
  readonly hex: string;
  /** `name:tag`, or `name`. */
  readonly tags: readonly string[];
  readonly platform?: string;
  /** Its first directory, where there are several. */
  readonly namespace?: string;
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

/** Where each image goes, once for each of its names; one without a name that can be a path is below `<none>`, by its ID. */
export function placeImages<T extends ImageToPlace>(images: readonly T[]): ImagePlace<T>[] {
  const wanted = images.flatMap((image) =>
    pathsOf(image).map((path) => ({ item: image, path, told: toldOf(image) })),
  );
  const { places, isTaken } = placeAll(wanted);
  const layered = new Set<string>();
  return places.map(({ item: image, path }) => {
    const directory = path.slice(0, -1);
    const key = (name: ByteString) => [...directory, name].join('/');
    const layers = [`${path.at(-1)}${LAYERS}`, `:${path.at(-1)}${LAYERS}`]
      .filter(isFileName)
      .map((name) => asBytes(name))
      .find((name) => !isTaken([...directory, name]) && !layered.has(key(name)));
    if (layers === undefined) return { image, path };
    layered.add(key(layers));
    return { image, path, layers };
  });
}

/** What tells it from another of its name. */
function toldOf({ hex, platform, store }: ImageToPlace): ByteString[] {
  const words = [platform?.replaceAll('/', '-'), store, shortId(hex), hex];
  return words.flatMap((word) => (word === undefined ? [] : [bytesOfText(word)]));
}

function pathsOf({ hex, tags, namespace }: ImageToPlace): (readonly ByteString[])[] {
  const first = namespace === undefined ? [] : [escapedFileName(bytesOfText(namespace))];
  const paths = tags.map(pathOfTag).filter((path) => path.every(isFileName));
  const all = paths.length > 0 ? paths : [[NONE, escapedFileName(bytesOfText(hex))]];
  return all.map((path) => [...first, ...path]);
}

function pathOfTag(name: string): ByteString[] {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const [repository, tag] = colon < 0 ? [name, NONE] : [name.slice(0, colon), name.slice(colon + 1)];
  return [...repository.split('/'), tag].map(bytesOfText);
}
