// Times as docker, ls(1) and stat(1) word them.

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** A time as stat(2) tells it. */
export interface Timestamp {
  /** Since 1970, negative before. */
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A duration as docker words it: `About an hour`, `2 weeks`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < MINUTE) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / MINUTE);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / 1000 / HOUR + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(milliseconds / 1000 / HOUR / 24 / 365)} years`;
}

/** `created` is RFC 3339; what is no time, or Go's zero time, is `N/A`, as docker has it. */
export function ago(created: string | undefined, now: number): string {
  const words = durationSince(created, now);
  return words === undefined ? 'N/A' : `${words} ago`;
}

/** Of a time in RFC 3339; undefined of what is none, and of Go's zero time. */
export function durationSince(time: string | undefined, now: number): string | undefined {
  const begin = Date.parse(time ?? '');
  if (Number.isNaN(begin) || (time ?? '').startsWith('0001-01-01')) return undefined;
  return humanDuration(now - begin);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** Undefined where the time is past what a calendar can hold (a corrupt file system tells such times). */
function calendar(seconds: number): Date | undefined {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function day(date: Date): string {
  const year = date.getFullYear();
  const digits = String(Math.abs(year)).padStart(4, '0');
  return `${year < 0 ? '-' : ''}${digits}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `2024-05-01 13:45` in local time, as `ls --time-style=long-iso`. */
export function shortTime(time: Timestamp): string {
  const date = calendar(time.seconds);
  if (date === undefined) return String(time.seconds);
  return `${day(date)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `2024-05-01 13:45:06.123456789 +0200` in local time, as stat(1). */
export function fullTime(time: Timestamp): string {
  const fraction = String(time.nanoseconds).padStart(9, '0');
  const date = calendar(time.seconds);
  if (date === undefined) return `${time.seconds}.${fraction}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const east = -date.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(east) / 60))}${two(Math.abs(east) % 60)}`;
  return `${day(date)} ${clock}.${fraction} ${zone}`;
}

/** `2024-05-01 13:45:06Z`, in UTC whatever the zone is here. */
export function utcTime({ seconds }: Pick<Timestamp, 'seconds'>): string {
  const date = calendar(seconds);
  return date === undefined
    ? `${seconds} s`
    : date
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z');
}
