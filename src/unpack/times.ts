// Which times unpacking sets where a tar has one that its engine cannot count.
import type { TarTime } from '../tar/entry.ts';
import type { UnpackingRules } from './rules.ts';

const EPOCH: TarTime = { seconds: 0, nanoseconds: 0 };
/** The last second that fits into 64 bits of nanoseconds, in which Go counts. */
const LAST_SECOND = 9_223_372_036;

/** Whether it is from 1970 on and not past the last second that can be counted. */
export function isBound({ seconds }: TarTime): boolean {
  return seconds >= 0 && seconds < LAST_SECOND;
}

/** pkg/system Chtimes: what is out of its bounds is brought to 1970. */
export function fileTime(mtime: TarTime): TarTime {
  return isBound(mtime) ? mtime : EPOCH;
}

/** pkg/system LUtimesNano. Undefined for what does not fit its numbers: it becomes something else, which cannot be told. */
export function linkTime(mtime: TarTime, { boundsLinkTimes }: UnpackingRules): TarTime | undefined {
  if (isBound(mtime)) return mtime;
  if (boundsLinkTimes) return EPOCH;
  return mtime.seconds > -LAST_SECOND && mtime.seconds < 0 ? mtime : undefined;
}
