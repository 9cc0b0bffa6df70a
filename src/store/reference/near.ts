// Which names of a store are near to one that it does not have: what a person may have meant.
import { distance } from 'fastest-levenshtein';
import { familiarName, type Reference, repositoryOf } from './reference.ts';

/** The names of a store. */
export interface KnownNames {
  /** Familiar, or as the store's own users write them. */
  readonly images: readonly string[];
  readonly containers: readonly string[];
  /** Of what else may be asked for by name: volumes, pods. */
  readonly others?: readonly string[];
}

const MOST_HINTS = 3;
const HALF = 0.5;

/** `; did you mean "nginx:latest"?`, or nothing where no name is near. */
export function hintAmong(reference: Reference, names: KnownNames): string {
  const { images } = names;
  // Nobody types a digest who can type a tag.
  const tagged = reference.words.includes('@') ? images : images.filter((name) => !name.includes('@'));
  const typed = nearest(reference, { ...names, images: tagged });
  const near = (typed.length > 0 ? typed : nearest(reference, names)).map((name) => `"${name}"`);
  const last = near.pop();
  if (last === undefined) return '';
  return `; did you mean ${near.length === 0 ? '' : `${near.join(', ')} or `}${last}?`;
}

/** The names that are nearest to what was written, of either kind, if any is near: those that are equally near. */
function nearest(
  { text, kind, words, imageName }: Reference,
  { images, containers, others = [] }: KnownNames,
): string[] {
  const literal = kind === 'either' ? undefined : familiarName(text);
  if (literal !== undefined && images.includes(literal)) return [`image:${literal}`];
  const familiar = imageName ?? words;
  const repository = imageName === undefined ? words : repositoryOf(imageName);
  const scored = [
    ...containers.map((name) => ({
      name: kind === 'either' ? name : `container:${name}`,
      score: likeness(words, name),
    })),
    ...(kind === 'either' ? others : []).map((name) => ({ name, score: likeness(words, name) })),
    ...images.map((name) => ({
      name: kind === 'either' ? name : `image:${name}`,
      score: Math.min(
        likeness(familiar, name),
        likeness(repository, repositoryOf(name)) + tagDistance(familiar, name),
      ),
    })),
  ];
  // About a third of the letters may be wrong, three at most.
  const wrong = repository.length < 3 ? 0 : Math.min(3, Math.floor((repository.length + 1) / 3));
  const best = scored.reduce((least, { score }) => Math.min(least, score), wrong + HALF);
  const near = scored.filter(({ score }) => score === best).map(({ name }) => name);
  return [...new Set(near)].slice(0, MOST_HINTS);
}

/** Letters to change; little where `name` only goes on after `words`. */
function likeness(words: string, name: string): number {
  return words.length > 1 && words !== name && name.startsWith(words) ? HALF : distance(words, name);
}

/** At most 0.3: the right repository with another tag is nearer than one wrong letter, and the default tag is a good guess. */
function tagDistance(familiar: string, name: string): number {
  const tag = name.slice(repositoryOf(name).length);
  const most = tag === ':latest' ? 2.5 : 3;
  return Math.min(most, distance(familiar.slice(repositoryOf(familiar).length), tag)) / 10;
}
