// Who keeps a mount busy, in words.
import type { ByteString } from '../sys/bytes.ts';
import { type Holder, holdersOf } from '../sys/holders.ts';
import { escapeText } from './escape.ts';

const SHOWN = 5;

/** Those with an open file or a working directory: what a server may ask of the processes it serves without waiting for one. */
export function openHolders(point: ByteString): Holder[] {
  return holdersOf(point, undefined);
}

/** `bash (pid 12), less (pid 34)`; never empty. */
export function describeHolders(holders: readonly Holder[]): string {
  if (holders.length === 0) return 'a process that cannot be seen from here';
  const names = holders.slice(0, SHOWN).map(({ command, pid }) => `${escapeText(command)} (pid ${pid})`);
  if (holders.length > SHOWN) names.push(`${holders.length - SHOWN} more`);
  return names.join(', ');
}
