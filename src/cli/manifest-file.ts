// Reads an mtree file as a side of a comparison.
import { readFileSync, statSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import type { ManifestSide } from '../diff/manifest/manifest.ts';
import { readMtree } from '../diff/manifest/read-mtree.ts';
import { Trouble } from '../sys/errors.ts';
import { humanSize } from './print/size.ts';

const LARGEST = 512 << 20;

/** `-` is the standard input. */
export function readManifest(path: string): ManifestSide {
  try {
    if (path !== '-' && statSync(path).size > LARGEST) {
      throw new Trouble('path', `Cannot read "${path}": it is larger than ${humanSize(LARGEST)}`);
    }
    return readMtree(readFileSync(path === '-' ? 0 : path, 'latin1'), path);
  } catch (cause) {
    const { errno } = cause as NodeJS.ErrnoException;
    if (errno === undefined) throw cause;
    throw new Trouble('path', `Cannot read "${path}": ${getSystemErrorMap().get(errno)?.[1]}`, { cause });
  }
}
