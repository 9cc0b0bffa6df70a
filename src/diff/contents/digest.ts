// SHA-256 of a file's contents, streamed.
import { createHash } from 'node:crypto';
import { E, Errno } from '../../sys/errors.ts';
import { exactSizeOf } from '../item.ts';
import type { LayerItem } from '../layered.ts';
import { readPieces } from './contents.ts';

/** Hexadecimal; `read` is told of the bytes as they are read. Throws Errno. */
export function sha256OfItem(item: LayerItem, read?: (bytes: number) => void): string {
  if (typeof exactSizeOf(item) === 'bigint') throw new Errno(E.EFBIG, 'read a file of 2^53 bytes or more');
  const hash = createHash('sha256');
  item.side.withFile(item, (fd) =>
    readPieces(fd, (piece) => {
      hash.update(piece);
      read?.(piece.length);
      return true;
    }),
  );
  return hash.digest('hex');
}
