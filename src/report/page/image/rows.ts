// The rows of an image's tree, as `image/rows.ts` packed them.
import type { Choices, PageTable } from '../unpack.ts';

export interface ImageRows {
  readonly count: number;
  readonly paths: readonly string[];
  readonly modes: Choices;
  readonly escaped: ArrayLike<number>;
  readonly state: ArrayLike<number>;
  readonly uid: ArrayLike<number>;
  readonly gid: ArrayLike<number>;
  readonly layer: ArrayLike<number>;
  readonly fates: Choices;
  readonly shown: ArrayLike<number>;
  readonly hidden: ArrayLike<number>;
  readonly unknown: ArrayLike<number>;
}

export function imageRows(table: PageTable): ImageRows {
  return {
    count: table.count,
    paths: table.paths('path'),
    modes: table.choices('mode'),
    escaped: table.numbers('escaped'),
    state: table.numbers('state'),
    uid: table.numbers('uid'),
    gid: table.numbers('gid'),
    layer: table.numbers('layer'),
    fates: table.choices('fate'),
    shown: table.numbers('shown'),
    hidden: table.numbers('hidden'),
    unknown: table.numbers('unknown'),
  };
}
