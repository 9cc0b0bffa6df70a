// The one table of exit codes: what the command answers the shell, and how a failure finds its code.
import { Errno, Trouble, type TroubleKind } from '../sys/errors.ts';
import type { Verdict } from '../verify/verdict.ts';

export const EXIT = {
  success: 0,
  /** diff, verify, doctor: the answer is "different", or something was found. */
  found: 1,
  /** The command line is wrong, or trouble that has no code of its own. */
  usage: 2,
  /** No such image or container, or more than one. */
  reference: 3,
  /** The store, or a file of it, is missing, unreadable or damaged. */
  store: 4,
  /** A path inside the image, or a file of a layer, is missing or cannot be read. */
  path: 5,
  mount: 6,
  /** The mount cannot be undone. */
  busy: 7,
  /** A fault of stratafs itself. BSD's EX_SOFTWARE. */
  bug: 70,
  /** 128 + SIGINT, as the shell counts it. */
  interrupted: 130,
  /** 128 + SIGPIPE. */
  closed: 141,
} as const;

/** What verification comes to. */
export const EXIT_OF_VERDICT: Readonly<Record<Verdict, number>> = {
  verified: EXIT.success,
  tampered: EXIT.found,
  unverifiable: EXIT.store,
};

const CODES: Readonly<Record<TroubleKind, number>> = {
  usage: EXIT.usage,
  reference: EXIT.reference,
  store: EXIT.store,
  path: EXIT.path,
  mount: EXIT.mount,
  busy: EXIT.busy,
};

/** Code and meaning, for `--help` and `native-notes/commands.md`. */
export const EXIT_TABLE: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.success, 'success; for diff, verify and doctor: no difference, nothing found'],
  [EXIT.found, 'diff, verify, doctor: different, or something was found'],
  [EXIT.usage, 'wrong usage, or trouble that has no code of its own'],
  [EXIT.reference, 'no such image or container, or the reference is ambiguous'],
  [
    EXIT.store,
    'the store, an archive, or a file of it, is missing, unreadable or damaged; verify: something cannot be verified',
  ],
  [EXIT.path, 'a path in the image, or a file of a layer, is missing or unreadable'],
  [EXIT.mount, 'cannot mount'],
  [EXIT.busy, 'cannot unmount'],
  [EXIT.bug, 'a fault of stratafs itself: please report it'],
  [EXIT.interrupted, 'interrupted'],
  [EXIT.closed, 'whoever read the output went away, as in "stratafs ls REF | head"'],
];

export function exitCodeOf(error: unknown): number {
  if (error instanceof Trouble) return CODES[error.kind];
  if (error instanceof Errno) return EXIT.path;
  return EXIT.bug;
}
