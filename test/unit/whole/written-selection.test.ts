// Selections written as words and read again: the same, whatever bytes a name has, and one after the other.
import { expect, it } from 'vitest';
import { asBytes } from '../../../src/sys/bytes.ts';
import { ALL, type Selection, SelectionDraft } from '../../../src/whole/selection.ts';
import { readSelection, wordsOf, writeSelection } from '../../../src/whole/written-selection.ts';

function selection(...paths: readonly (readonly [string, 'all' | 'nothing'])[]): Selection {
  const draft = new SelectionDraft();
  for (const [path, inside] of paths) draft.add(asBytes(path), inside);
  return draft.selection;
}

it('reads each selection as it was written', () => {
  const all = [
    selection(),
    selection(['/a/b/c', 'all'], ['/a/b/d', 'nothing'], ['/a/e', 'nothing'], ['/f', 'all']),
    selection(['/*/\xff\n\x01', 'all'], ['/é', 'nothing'], ['/-', 'all']),
    selection(['/end', 'nothing']),
  ];
  const written: Buffer[] = [];
  for (const each of all) writeSelection(each, (word) => written.push(Buffer.from(word, 'latin1')));
  const words = wordsOf(Buffer.concat(written));
  expect(all.map(() => readSelection(words))).toEqual(all);
  expect(words.next().done).toBe(true);
  expect(all[1]?.get(asBytes('f'))).toBe(ALL);
});
