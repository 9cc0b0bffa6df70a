// Loads the npm package fuse-native, which is an optional dependency: only when its driver is asked for.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { Trouble } from '../sys/errors.ts';

export type FuseNative = typeof import('fuse-native');

const PACKAGE = 'fuse-native';

/** Throws Trouble that says how to get it. */
export function loadFuseNative(): FuseNative {
  const doing = `Cannot load the driver "${PACKAGE}"`;
  const require = createRequire(import.meta.url);
  let directory: string;
  try {
    directory = dirname(require.resolve(`${PACKAGE}/package.json`));
  } catch (cause) {
    const home = fileURLToPath(new URL('../..', import.meta.url));
    const state = `its package is not installed; "npm install --ignore-scripts" in "${home}" gets it`;
    throw new Trouble('mount', `${doing}: ${state}`, { cause });
  }
  preloadLibfuse(directory);
  try {
    return require(PACKAGE) as FuseNative;
  } catch (cause) {
    const place = `${process.platform} on ${process.arch}`;
    const [reason = ''] = String((cause as Error).message).split('\n');
    const state = `its package does not load on ${place} (${reason}); the default driver needs no package`;
    throw new Trouble('mount', `${doing}: ${state}`, { cause });
  }
}

/**
 * The shipped binary names libfuse.so.2 and not where it lies, which is beside it; one that is loaded already is taken.
 */
function preloadLibfuse(directory: string): void {
  try {
    koffi.load(join(directory, 'prebuilds', `${process.platform}-${process.arch}`, 'libfuse.so'));
  } catch {
    // None is shipped for this processor. The system may have one; where not, the import says so.
  }
}
