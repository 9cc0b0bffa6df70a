// overlayfs's own mount options, as words of the command line: how the layers of a reference are to be read.
import type { LayerStack } from '../store/layer-stack.ts';
import { Trouble } from '../sys/errors.ts';

type Semantics = Pick<LayerStack, 'dialect' | 'redirect' | 'metacopy'>;

/** What each word says. `redirect_dir=on` and `off` are about writing; a read-only mount follows with both. */
const WORDS: ReadonlyMap<string, Partial<Semantics>> = new Map([
  ['userxattr', { dialect: 'user' }],
  // No word of the kernel's, to which it is what is not said.
  ['trustedxattr', { dialect: 'trusted' }],
  ['metacopy=on', { metacopy: true }],
  ['metacopy=off', { metacopy: false }],
  ['redirect_dir=on', { redirect: 'follow' }],
  ['redirect_dir=off', { redirect: 'follow' }],
  ['redirect_dir=follow', { redirect: 'follow' }],
  ['redirect_dir=nofollow', { redirect: 'nofollow' }],
]);

/** For `--help`. */
export const OVERLAY_WORDS = 'userxattr, trustedxattr, metacopy=on|off, redirect_dir=follow|nofollow';

/** Parts the lists of comma-separated words into overlayfs's own and all others. */
export function partOverlayWords(lists: readonly string[]): { overlay: string[]; others: string[] } {
  const words = lists.flatMap((list) => list.split(',')).filter((word) => word !== '');
  const isOverlay = (word: string) => /^((user|trusted)xattr|metacopy|redirect_dir)(=|$)/.test(word);
  return { overlay: words.filter(isOverlay), others: words.filter((word) => !isOverlay(word)) };
}

/** What the words say; later words win. Throws Trouble for what the kernel would refuse too. */
export function semanticsOf(lists: readonly string[]): Partial<Semantics> {
  const { overlay, others } = partOverlayWords(lists);
  const unknown = [...others, ...overlay].find((word) => !WORDS.has(word));
  if (unknown !== undefined) {
    throw new Trouble(
      'usage',
      `Cannot use overlay option "${unknown}": not known; known are ${OVERLAY_WORDS}`,
    );
  }
  const asked = Object.assign({}, ...overlay.map((word) => WORDS.get(word))) as Partial<Semantics>;
  if (asked.metacopy === true && asked.dialect === 'user') throw conflict('metacopy=on', 'userxattr');
  if (asked.metacopy === true && asked.redirect === 'nofollow') {
    throw conflict('metacopy=on', 'redirect_dir=nofollow');
  }
  if (asked.redirect === 'follow' && asked.dialect === 'user')
    throw conflict('redirect_dir=follow', 'userxattr');
  return asked;
}

/** The kernel refuses the same (fs/overlayfs/params.c, ovl_fs_params_verify). */
function conflict(word: string, other: string): Trouble {
  return new Trouble('usage', `Cannot use overlay option "${word}": it conflicts with "${other}"`);
}
