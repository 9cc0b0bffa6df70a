// Every name of one side, in path order, a directory before what it holds.
import { Errno } from '../sys/errors.ts';
import { type Item, isDirectoryItem, type Side } from './item.ts';

export interface Visitor {
  /** `path` with `/` at the front; `/` is the root. */
  item(path: string, item: Item): void;
  error(path: string, error: Errno): void;
}

interface Frame {
  readonly path: string;
  readonly directory: Item;
  readonly names: readonly string[];
  next: number;
}

export function walkSide(side: Side, visitor: Visitor): void {
  visitor.item('/', side.root);
  const frames: Frame[] = [];
  enter(side, visitor, frames, '', side.root);
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const name = frame.names[frame.next++];
    if (name === undefined) {
      side.leave(frame.directory);
      frames.pop();
      continue;
    }
    const path = `${frame.path}/${name}`;
    const { directory } = frame;
    attempt(visitor, path, () => {
      const item = side.find(directory, name);
      if (item === undefined) return;
      visitor.item(path, item);
      if (isDirectoryItem(item)) enter(side, visitor, frames, path, item);
    });
  }
}

function enter(side: Side, visitor: Visitor, frames: Frame[], path: string, directory: Item): void {
  attempt(visitor, path === '' ? '/' : path, () => {
    frames.push({ path, directory, names: [...side.names(directory, 0)].sort(), next: 0 });
  });
}

function attempt(visitor: Visitor, path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    visitor.error(path, error);
  }
}
