// Reads single files of a side by path, as package databases are read; links on the way are not followed.
// Trouble with these files was told when they were compared.
import { Errno, unlessErrno } from '../sys/errors.ts';
import { S_IFREG } from '../sys/statx.ts';
import { readPieces } from './contents/contents.ts';
import { type Item, isDirectoryItem, itemSize, type Side, typeBits } from './item.ts';
import { LayerItem } from './layered.ts';

/** No database is larger; a hostile one is not read whole. */
const LARGEST = 64 << 20;

/** Undefined where there is nothing, or it cannot be looked up. */
export function itemAt(side: Side, path: string): Item | undefined {
  let item: Item | undefined = side.root;
  for (const name of path.split('/').filter(Boolean)) {
    if (item === undefined || !isDirectoryItem(item)) return undefined;
    item = unlessErrno(() => side.find(item as Item, name));
  }
  return item;
}

/** Whether there is something, or something that cannot be looked up. */
export function mayHave(side: Side, path: string): boolean {
  let item: Item | undefined = side.root;
  for (const name of path.split('/').filter((one) => one !== '' && one !== '.')) {
    if (!isDirectoryItem(item)) return false;
    try {
      item = side.find(item, name);
    } catch (error) {
      if (error instanceof Errno) return true;
      throw error;
    }
    if (item === undefined) return false;
  }
  return true;
}

/** Latin1; undefined where it is no file, too large, or cannot be read. */
export function textAt(side: Side, path: string): string | undefined {
  const item = itemAt(side, path);
  if (!(item instanceof LayerItem) || typeBits(item) !== S_IFREG || itemSize(item) > LARGEST)
    return undefined;
  return unlessErrno(() => {
    const pieces: string[] = [];
    item.side.withFile(item, (fd) =>
      readPieces(fd, (piece) => {
        pieces.push(piece.toString('latin1'));
        return true;
      }),
    );
    return pieces.join('');
  });
}

/** Names in a directory; none where it is none. */
export function namesAt(side: Side, path: string): string[] {
  const item = itemAt(side, path);
  if (item === undefined || !isDirectoryItem(item)) return [];
  const names = unlessErrno(() => [...side.names(item, 0)]) ?? [];
  side.leave(item);
  return names;
}
