// What to say where a reference means more than one thing.
import { SHORT_ID } from '../digest.ts';
import { AmbiguousReference, type Reference } from './reference.ts';

/** What a reference may mean. */
export interface Candidate {
  readonly kind: 'image' | 'container' | 'layer' | 'snapshot';
  /** With or without `sha256:`. */
  readonly id: string;
  readonly name: string;
  /** What has to stand before the name or the ID: a namespace, with a slash. */
  readonly before?: string;
}

const MOST_CANDIDATES = 10;

export function ambiguous(
  { text, words }: Pick<Reference, 'text' | 'words'>,
  found: readonly Candidate[],
): AmbiguousReference {
  // Where the short form of IDs is what is ambiguous, only the whole ones help.
  const whole = words.replace(/^sha256:/, '').length >= SHORT_ID;
  const listed = found.slice(0, MOST_CANDIDATES).map(({ kind, id, name, before = '' }) => {
    const byId = id.replace(/^sha256:/, '').startsWith(name);
    const known = byId && whole ? id.replace(/^sha256:/, '') : name;
    return kind === 'layer' ? `the layer ${known}` : `${kind}:${before}${known}`;
  });
  const more = found.length - listed.length;
  const candidates = `${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return new AmbiguousReference(`Cannot tell what "${text}" means: it could be ${candidates}`);
}
