// A file for this process alone, which has no name and so goes with it, however it ends.
import { randomUUID } from 'node:crypto';
import { openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Open for reading and writing. Throws Node's system errors. */
export function openNameless(directory: string): number {
  const path = join(directory, `stratafs-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}
