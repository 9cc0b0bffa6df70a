// One form for an image that has several names, wherever it stands for itself: the first, and how many it has besides. `images` and
// `whose` tell them all.
import { counted } from './count.ts';

/** `names` are all, where they are several. */
export function severalNames({
  label,
  names = [],
}: {
  readonly label: string;
  readonly names?: readonly string[];
}): string {
  const more = names.length - 1;
  return more < 1 ? label : `${label} +${counted(more, 'name')}`;
}
