// Which of several roots a word of `whose` is about: a path by where it lies, all else by whether its owners know it.
import { ownersOf } from '../../health/open.ts';
import type { Knows } from '../../open/meant-root.ts';
import { withMachine } from '../../store/machine/machine.ts';
import type { FoundRoot } from '../../store/machine/places.ts';
import { NoSuchReference } from '../../store/reference/reference.ts';
import { SeveralStores } from '../../store/several.ts';
import { type ByteString, bytesOfText } from '../../sys/bytes.ts';
import { attempt, Trouble } from '../../sys/errors.ts';

/** Whether a root has anything to say of a word. */
export function ownersKnow(host: string, roots: readonly FoundRoot[]): Knows {
  return (root, word) => {
    const nowhere = new NoSuchReference(
      `Cannot find whose "${word}" is: nothing has this name, ID or path`,
      false,
    );
    const holder = holderOf(roots, bytesOfText(word));
    if (holder !== undefined) return root === holder ? 'known' : nowhere;
    const { stores } = root;
    if (stores instanceof Trouble) return nowhere;
    return withMachine(host, (machine) => {
      const answer = attempt(() => ownersOf(new SeveralStores(stores)).of(bytesOfText(word), machine));
      if (!(answer instanceof Trouble)) return 'known';
      return new NoSuchReference(answer.message, answer.message.includes('did you mean'));
    });
  };
}

/** The innermost root that an absolute path lies in, be it a path of the other machine or of this one. */
function holderOf(roots: readonly FoundRoot[], word: ByteString): FoundRoot | undefined {
  if (!word.startsWith('/')) return undefined;
  const holders = roots.filter((root) =>
    [root.path, root.directory].some((place) => word === place || word.startsWith(`${place}/`)),
  );
  return holders.toSorted((a, b) => b.directory.length - a.directory.length)[0];
}
