// A writable file system that has no files without a name (O_TMPFILE), as others over FUSE or a network.
import { mkdirSync } from 'node:fs';
import { succeed } from './command.ts';
import type { Temporary } from './temporary.ts';

/** Answers where it is mounted; it is empty. */
export async function mountFuseOverlayfs(temporary: Temporary): Promise<string> {
  const [lower, upper, work, target] = ['lower', 'upper', 'work', 'target'].map((name) =>
    temporary.path(name),
  );
  for (const path of [lower, upper, work, target]) mkdirSync(path ?? '');
  await succeed('fuse-overlayfs', [
    '-o',
    `lowerdir=${lower},upperdir=${upper},workdir=${work}`,
    target ?? '',
  ]);
  return target ?? '';
}
