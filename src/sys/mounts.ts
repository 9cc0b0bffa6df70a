// The mounts this process can see, from /proc/self/mountinfo. Reading it asks no file system anything, so it is safe
// beside a mount that does not answer.
import { readFileSync } from 'node:fs';
import { asBytes, type ByteString } from './bytes.ts';

export interface MountEntry {
  /** Not used twice while the mount lives. */
  readonly id: number;
  /** `major:minor` of what `stat` shows as `st_dev`. */
  readonly device: string;
  /** Absolute, as this process sees it. */
  readonly point: ByteString;
  readonly type: string;
  readonly source: ByteString;
}

/** In the order of mounting: of two at one place, the last is the one that is seen. */
export function readMounts(): MountEntry[] {
  return parseMounts(readFileSync('/proc/self/mountinfo', 'latin1'));
}

/** What is seen at an absolute path without links; undefined where nothing is mounted there. */
export function mountAt(
  point: ByteString,
  mounts: readonly MountEntry[] = readMounts(),
): MountEntry | undefined {
  return mounts.findLast((mount) => mount.point === point);
}

/** proc(5): `id parent major:minor root point options [tag…] - type source super-options`. */
export function parseMounts(text: string): MountEntry[] {
  const mounts: MountEntry[] = [];
  for (const line of text.split('\n')) {
    const [id, , device, , point, ...rest] = line.split(' ');
    const separator = rest.indexOf('-');
    const type = rest[separator + 1];
    const source = rest[separator + 2];
    if (!id || !device || !point || separator < 0 || type === undefined || source === undefined) continue;
    mounts.push({ id: Number(id), device, point: unescapeField(point), type, source: unescapeField(source) });
  }
  return mounts;
}

/** The kernel writes white space, `\` and `#` as `\` and three octal digits. */
function unescapeField(field: string): ByteString {
  return asBytes(
    field.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 8)),
    ),
  );
}
