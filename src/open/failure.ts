// Layers that cannot be opened, as trouble that a person can mend.
import { Errno, errnoWords, Trouble } from '../sys/errors.ts';

/** An `Errno` as trouble with the layers of a stack; any other error as it is. `state` says more than the number. */
export function layersFailure(label: string, error: unknown, state?: string): unknown {
  if (!(error instanceof Errno)) return error;
  const words = state ?? errnoWords(error.errno);
  return new Trouble('path', `Cannot open the layers of "${label}": ${words}`, { cause: error });
}
