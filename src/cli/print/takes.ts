// What a directory takes, in words.
import type { Measured } from '../../layers/survey/measure.ts';
import { humanSize } from './size.ts';

/** `5MB (5.01MB on disk)`. */
export function takesWords({ bytes, allocated, unreadable }: Measured): string {
  const rest = unreadable === 0 ? '' : ', and what cannot be read';
  return `${humanSize(bytes)} (${humanSize(allocated)} on disk${rest})`;
}
