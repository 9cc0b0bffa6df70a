// How owners are shown, in words: which numbers of a container's users are which on disk, and what told it.
import type { IdRange, OwnerView } from '../../store/owner.ts';
import { escapeText } from '../../told/escape.ts';

/** `users 0 is 4242, 1-65536 are 100000-165535; groups alike; others 65534 (what told it)`. */
export function ownerWords({ uids, gids, others, source }: OwnerView): string {
  const [users, groups] = [rangeWords(uids), rangeWords(gids)];
  const isAlike = users === groups;
  const rest = others === 'nobody' ? 'all others 65534' : 'all others as on disk';
  return `users${isAlike ? ' and groups' : ''} ${users}${isAlike ? '' : `; groups ${groups}`}; ${rest} (${escapeText(source)})`;
}

function rangeWords(ranges: readonly IdRange[]): string {
  return ranges
    .map(({ inside, outside, size }) =>
      size === 1
        ? `${inside} is ${outside}`
        : `${inside}-${inside + size - 1} are ${outside}-${outside + size - 1}`,
    )
    .join(', ');
}
