// The union rules, asked in memory: every combination in three layers as the kernel was seen to answer, and the table.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MergeOptions } from '../../../src/overlay/merge.ts';
import { COMBINATIONS, combinationLayers, combinationLine, nameOf, seenOf } from './combinations.ts';
import { MemoryLayers, mergedLines } from './memory.ts';
import { RULES, stamped } from './rules.ts';

const FOLLOW: MergeOptions = { redirect: 'follow', metacopy: false, dataOnlyLayers: false };

describe('resolve()', () => {
  it('agrees with the kernel on all 343 combinations of seven kinds in three layers', () => {
    // Recorded from the kernel by test/system/overlay-rules.test.ts, which fails where the kernel says otherwise.
    const recorded = readFileSync(new URL('merge-343.txt', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n');
    const lines = mergedLines(new MemoryLayers(combinationLayers()), FOLLOW);
    const ours = COMBINATIONS.map((each) => combinationLine(each, seenOf(nameOf(each), lines)));
    expect(ours).toEqual(recorded);
    expect(recorded.length).toBe(343);
  });

  it.each(RULES)('$rule', ({ layers, dataOnly = 0, options, expected }) => {
    const searched = stamped(layers).slice(0, layers.length - dataOnly);
    const merge = { ...FOLLOW, ...options, dataOnlyLayers: dataOnly > 0 };
    expect(mergedLines(new MemoryLayers(searched), merge)).toEqual(expected);
  });
});
