// Words of cells that several tables have.

import { shortId } from '../../../store/digest.ts';
import { escapeText } from '../../../told/escape.ts';

/** Names in one cell. */
const MOST_NAMES = 6;

/** `a, b, c +4`; printable. */
export function nameList(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(escapeText).join(', ');
  return names.length > MOST_NAMES ? `${shown} +${names.length - MOST_NAMES}` : shown;
}

/** An ID as people write it. */
export function shortName(id: string): string {
  return escapeText(shortId(id));
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** `2024-05-01 13:45:06Z` of a time in RFC 3339; what is none as it stands, and nothing of Go's zero time. */
export function timeText(time: string | undefined): string {
  if (time === undefined || time.startsWith('0001-01-01')) return '';
  const date = new Date(RFC_3339.test(time) ? time : Number.NaN);
  if (Number.isNaN(date.getTime())) return escapeText(time);
  return date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}

export const NOT_VERIFIED = 'not verified';
