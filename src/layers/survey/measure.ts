// What one directory takes, whatever it is: every object in it once, links not followed, other file systems left out.
import type { LayerStack } from '../../store/layer-stack.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { Survey } from './survey.ts';
import { ALLOCATION_BLOCK, type Sum } from './survey-sums.ts';

export interface Measured extends Sum {
  /** Directories and objects that could not be examined, and are in none of the sums. */
  readonly unreadable: number;
}

/** Told how many names more were examined, and of the last of them. */
export type Examined = (name: ByteString, count: number) => void;

/** A stack of this one directory. */
export function directoryStack(path: ByteString): LayerStack {
  const layer = { source: { kind: 'directory', path }, role: 'plain' } as const;
  return { label: path, kind: 'lowerdir', layers: [layer], dataLayers: [], dialect: 'trusted' };
}

/** `path` is absolute; `examined` is told of each directory. */
export function measureDirectory(path: ByteString, examined?: Examined): Measured {
  const survey = new Survey(directoryStack(path));
  try {
    let before = 1;
    for (const _ of survey.walk()) {
      const { end } = survey.table;
      examined?.(survey.table.nameOf(end - 1), end - before);
      before = end;
    }
    const { table, damage } = survey;
    const { first, size, blocks } = table.columns;
    const sum = { objects: 0, bytes: 0, allocated: 0, unreadable: damage.size + table.faults.size };
    for (let row = 1; row < table.end; row++) {
      if (first[row] !== 0 && first[row] !== row) continue;
      sum.allocated += (blocks[row] as number) * ALLOCATION_BLOCK;
      if (table.isDirectory(row)) continue;
      sum.objects += 1;
      sum.bytes += size[row] as number;
    }
    return sum;
  } finally {
    survey.close();
  }
}
