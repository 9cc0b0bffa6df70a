// When something was taken away: what the whiteout itself tells, and the step of the layer that it is in.
import type { Time } from '../overlay/status.ts';
import type { Layer } from '../store/layer-stack.ts';
import { objectAttributes } from './layers.ts';
import type { Removal } from './removal.ts';

/** A whiteout was made neither before `from` nor after `to`: one time, unless it is one inode with others. */
export interface WhiteoutTime {
  readonly from: Time;
  readonly to: Time;
}

export interface RemovalTime {
  /** Absent where no whiteout took it away: nothing else keeps the time. */
  readonly whiteout?: WhiteoutTime;
  /** When the step of an image's layer ended, RFC 3339: its whiteouts are as old as their unpacking here. */
  readonly created?: string;
}

/**
 * `status` is that of a whiteout. The kernel makes one inode of all whiteouts of a mount (fs/overlayfs/dir.c, `ovl_whiteout`):
 * it was modified when the first was made, and changed when the last was.
 */
export function whiteoutTime(status: Uint32Array): WhiteoutTime {
  const { mtime, ctime, nlink } = objectAttributes(status);
  return { from: mtime, to: nlink > 1 && ctime !== undefined ? ctime : mtime };
}

/** `layer` is the one that took it away. */
export function removalTime({ how, entry }: Pick<Removal, 'how' | 'entry'>, layer?: Layer): RemovalTime {
  const created = createdTime(layer);
  return {
    ...(how === 'whiteout' ? { whiteout: whiteoutTime(entry.status) } : {}),
    ...(created === undefined ? {} : { created }),
  };
}

/** Undefined where none is told, and of Go's zero time. */
export function createdTime(layer: Layer | undefined): string | undefined {
  const created = layer?.history?.created;
  const isTime = created !== undefined && !Number.isNaN(Date.parse(created));
  return isTime && !created.startsWith('0001-01-01') ? created : undefined;
}

/** `text` is RFC 3339. */
export function timeOfText(text: string): Time {
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  return { seconds: Math.floor(Date.parse(text) / 1000), nanoseconds: Number(fraction.padEnd(9, '0')) };
}
