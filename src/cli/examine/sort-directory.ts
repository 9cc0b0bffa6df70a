// Where large lists are sorted: in a temporary file of $TMPDIR, never in a store.
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { type ByteString, bytesOf, shownBytes } from '../../sys/bytes.ts';
import { Errno, systemWords, Trouble } from '../../sys/errors.ts';
import { type Kept, keptAround } from '../../sys/kept.ts';

/** $TMPDIR, unless it lies in the store or a layer: there nothing is written. Throws Trouble. */
export function sortDirectory(kept: readonly Kept[]): string {
  const directory = realTemporaryDirectory();
  if (keptAround(directory, kept) !== undefined) {
    throw new Trouble(
      'usage',
      `Cannot use "${shownBytes(directory)}" for temporary files: it lies in the store; set TMPDIR`,
    );
  }
  return tmpdir();
}

function realTemporaryDirectory(): ByteString {
  try {
    return bytesOf(realpathSync.native(tmpdir(), 'buffer'));
  } catch (error) {
    throw cannotSort(tmpdir(), error);
  }
}

/** What is none of the system's errors is thrown on. */
export function cannotSort(directory: string, error: unknown): Trouble {
  if (error instanceof Errno) throw error;
  const state = `${systemWords(error)}; set TMPDIR`;
  return new Trouble('usage', `Cannot sort in "${directory}": ${state}`, { cause: error });
}
