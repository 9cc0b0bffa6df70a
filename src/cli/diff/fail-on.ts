// What `--fail-on` may name, and which changes are of a kind.
import { InvalidArgumentError } from 'commander';
import type { Change, Summary } from '../../diff/change.ts';
import { ASPECTS, type Aspect, type Item, modeOf, typeBits } from '../../diff/item.ts';
import { S_IFCHR, S_IFDIR, S_IFLNK } from '../../sys/statx.ts';
import { commaWords } from '../arguments.ts';
import { parseSize } from '../parse-size.ts';

const FAIL_KINDS = [
  'added',
  'removed',
  'type',
  'renamed',
  'setuid',
  'setgid',
  'privilege',
  'world-writable',
  'package-added',
  'package-changed',
  'config',
  ...ASPECTS,
] as const;
export type FailKind = (typeof FAIL_KINDS)[number];

export interface FailOn {
  readonly kinds: readonly FailKind[];
  /** By more than so many bytes all layers together may not grow. */
  readonly growth?: { readonly bytes: number; readonly words: string };
}

export function parseFailOn(value: string): FailOn {
  const kinds: FailKind[] = [];
  let growth: FailOn['growth'];
  for (const word of commaWords(value)) {
    const [, size] = /^growth=(.*)$/.exec(word) ?? [];
    const kind = FAIL_KINDS.find((each) => each === word);
    if (size !== undefined) growth = { bytes: parseSize(size), words: word };
    else if (kind !== undefined) kinds.push(kind);
    else throw new InvalidArgumentError(`"${word}" is none of ${FAIL_KINDS.join(', ')}, growth=SIZE.`);
  }
  return { kinds, ...(growth === undefined ? {} : { growth }) };
}

/** In what two objects must be compared for a difference of this kind to be found. */
export function aspectsOfKind(kind: FailKind): readonly Aspect[] {
  if (kind === 'setuid' || kind === 'setgid' || kind === 'world-writable') return ['mode'];
  if (kind === 'privilege') return ['mode', 'caps'];
  return ASPECTS.filter((aspect) => aspect === kind);
}

/** Those that something within a directory told as one may be of, though the directory is not. */
export const INSIDE_KINDS: readonly FailKind[] = ['setuid', 'setgid', 'privilege', 'caps', 'world-writable'];

export const PACKAGE_KINDS = ['package-added', 'package-changed'] as const satisfies readonly FailKind[];

/** Whether what a manifest does not tell leaves open if there is a difference of a kind that counts. */
export function isLeftOpen(untold: Summary['untold'], failOn: FailOn | undefined): boolean {
  if (failOn === undefined) return untold.has('content');
  return failOn.kinds.some((kind) => aspectsOfKind(kind).some((aspect) => untold.has(aspect)));
}

const OPS = { added: 'add', removed: 'remove', type: 'type', renamed: 'rename' } as const;

/** Whether a change is of a kind. */
export function isOfKind(change: Change, kind: FailKind): boolean {
  if (kind === 'privilege') return change.flags.length > 0;
  if (kind === 'setuid' || kind === 'setgid') return change.flags.includes(`${kind}-added`);
  if (kind === 'caps') return change.flags.includes('caps-added') || change.what.includes('caps');
  if (kind === 'world-writable') return isWorldWritable(change.b) && !isWorldWritable(change.a);
  const isOp = Object.hasOwn(OPS, kind) && OPS[kind as keyof typeof OPS] === change.op;
  return isOp || change.what.some((aspect) => aspect === kind);
}

const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** Links have no mode of their own, devices such as /dev/null are for all, and in a sticky directory each has only his own. */
function isWorldWritable(item: Item | undefined): boolean {
  if (item === undefined || (modeOf(item) & OTHERS_WRITE) === 0) return false;
  const type = typeBits(item);
  if (type === S_IFLNK || type === S_IFCHR) return false;
  return type !== S_IFDIR || (modeOf(item) & STICKY) === 0;
}
