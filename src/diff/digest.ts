// SHA-256 of a file's contents, streamed.
import { createHash } from 'node:crypto';
import { readPieces } from './contents.ts';
import type { LayerItem } from './layered.ts';

/** Hexadecimal. Throws Errno. */
export function sha256OfItem(item: LayerItem): string {
  const hash = createHash('sha256');
  item.side.withFile(item, (fd) =>
    readPieces(fd, (piece) => {
      hash.update(piece);
      return true;
    }),
  );
  return hash.digest('hex');
}
