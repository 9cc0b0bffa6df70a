// Two trees as text, compared: what differs, in a form a person can read and a test can show.
import type { Field } from './oracle.ts';

/** What a tar archive can say of a tree. */
export const TAR_FIELDS: readonly Field[] = [
  'mode',
  'owner',
  'size',
  'rdev',
  'mtime_seconds',
  'identity',
  'target',
  'sha256',
];

const SHOWN = 40;

/**
 * Empty where both are the same; else the lines only `expected` has with `-` and those only `actual` has with `+`, name
 * by name, and how many more there are.
 */
export function differences(expected: readonly string[], actual: readonly string[]): string {
  const left = new Set(expected);
  const right = new Set(actual);
  const lines = [
    ...expected.filter((line) => !right.has(line)).map((line) => `- ${line}`),
    ...actual.filter((line) => !left.has(line)).map((line) => `+ ${line}`),
  ].sort((a, b) => comparePaths(a, b));
  if (expected.length !== actual.length)
    lines.push(`(${expected.length} names expected, ${actual.length} found)`);
  const more = lines.length - SHOWN;
  return more > 0 ? [...lines.slice(0, SHOWN), `(and ${more} more lines)`].join('\n') : lines.join('\n');
}

/** The lines of a dump whose path is none of `paths` and not below one; '/' is the root's own line. */
export function without(lines: readonly string[], ...paths: readonly string[]): string[] {
  return lines.filter((line) => {
    const path = line.slice(0, line.indexOf(' '));
    return !paths.some((prefix) => path === prefix || (prefix !== '/' && path.startsWith(`${prefix}/`)));
  });
}

/** The line of one path, undefined where there is none. */
export function lineOf(lines: readonly string[], path: string): string | undefined {
  return lines.find((line) => line.startsWith(`${path} `));
}

function comparePaths(a: string, b: string): number {
  const [left, right] = [a.slice(2), b.slice(2)].map((line) => line.slice(0, line.indexOf(' ')));
  if (left === right) return a < b ? 1 : -1;
  return (left ?? '') < (right ?? '') ? -1 : 1;
}
