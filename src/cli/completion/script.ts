// The shells' scripts, files beside this one in the source as in the build.
import { readFileSync } from 'node:fs';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function completionScript(shell: (typeof SHELLS)[number]): string {
  return readFileSync(new URL(`stratafs.${shell}`, import.meta.url), 'utf8');
}
