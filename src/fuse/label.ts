// What /proc/mounts shows as the source of a mount.

/** Long enough for any reference, short enough to read in a table. */
const LIMIT = 200;
const DEFAULT = 'stratafs';

/**
 * A label made fit for a line of /proc/mounts: the kernel escapes white space but passes other controls through to
 * terminals, and cuts nothing. Text in, text out.
 */
export function mountSourceOf(label: string): string {
  const clean = label.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?').trim();
  const characters = [...clean];
  if (characters.length === 0) return DEFAULT;
  return characters.length <= LIMIT ? clean : `${characters.slice(0, LIMIT - 1).join('')}…`;
}
