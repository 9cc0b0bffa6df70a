// What a store says when it refuses, as one line a test can compare.
import { Trouble } from '../../../src/sys/errors.ts';

/** `kind: message`, with `root` shortened to `ROOT`; `no trouble` where nothing was thrown. Other errors pass. */
export function troubleOf(act: () => unknown, root?: string): string {
  try {
    act();
    return 'no trouble';
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    return `${error.kind}: ${shortened(error.message, root)}`;
  }
}

export function shortened(text: string, root?: string): string {
  return root === undefined ? text : text.replaceAll(root, 'ROOT');
}
