// Whether a bbolt database shows an older state than was written last: as bbolt does, it is read by the other meta page where the newest
// is damaged, and whoever examines a disk is to hear of that. Does not know what databases hold.
import { attempt, Trouble } from '../../sys/errors.ts';
import { trouble } from '../file-state.ts';
import type { FileParts, StoreFiles } from '../files.ts';
import { readMeta } from './bolt.ts';
import { META_BYTES, META_PAGES, parseMeta, recordedTransaction } from './bolt-page.ts';

export interface OlderState {
  /** As it was asked for. */
  readonly path: string;
  /** A sentence that names the file and the transaction. */
  readonly detail: string;
}

interface DamagedMeta {
  readonly bytes: Buffer;
  readonly state: string;
}

/** Of databases by their paths, those that show an older state, or may. What is not there, or cannot be read at all, is told elsewhere. */
export function olderStates(files: StoreFiles, paths: readonly string[]): OlderState[] {
  return paths.flatMap((path) => {
    const state = attempt(() => files.withPartsIfPresent(path, olderState));
    if (state === undefined || state instanceof Trouble) return [];
    return [{ path, detail: trouble('show the newest state of', files.pathOf(path), state).message }];
  });
}

/** Undefined where the newest meta page is whole. Looked at twice: an engine may be at work, and was not done with a page. */
export function olderState(file: FileParts): string | undefined {
  const first = damagedMeta(file);
  const again = first && damagedMeta(file);
  return again?.bytes.equals(first?.bytes ?? Buffer.alloc(0)) ? again.state : undefined;
}

/** bbolt writes both pages when it makes a database, so neither is ever empty. Throws Trouble where both are damaged. */
function damagedMeta(file: FileParts): DamagedMeta | undefined {
  const { pageSize, transaction } = readMeta(file);
  for (let page = 0; page < META_PAGES; page++) {
    const bytes = file.read(page * pageSize, META_BYTES);
    if (parseMeta(bytes)?.pageSize === pageSize) continue;
    const recorded = recordedTransaction(bytes);
    // The one before, which nobody needs.
    if (recorded === transaction - 1n) return undefined;
    const which = recorded === transaction + 1n ? `, the newest (transaction ${recorded}),` : '';
    const doubt = which === '' ? ' and may have been the newest' : '';
    const state = `its meta page ${page}${which} is damaged${doubt}, so an older state (transaction ${transaction}) is shown`;
    return { bytes, state };
  }
  return undefined;
}
