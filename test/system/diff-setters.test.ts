// Who set what differs, told by diff from the directories it is in anyway, is what `which` tells of each path from the root of
// every layer down: two ways to ask, on random stacks of every mark.
import { expect, it } from 'vitest';
import type { Change } from '../../src/diff/change.ts';
import type { Item, Setters } from '../../src/diff/item.ts';
import { aspectsOf } from '../../src/layers/aspects.ts';
import { componentsOf, Layers } from '../../src/layers/layers.ts';
import { provenance } from '../../src/layers/provenance.ts';
import { layerNumber } from '../../src/store/reference/choice.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { fastDifferences, stackOf } from './diff-naive.ts';
import { randomLayer, randomOf, randomPair } from './diff-random.ts';

const POOLS = Number(process.env.DIFF_POOLS ?? 5);
const PAIRS = 40;
const LAYERS = 7;
const SEED = Number(process.env.DIFF_SEED ?? 19);

/** `mode 3` for each aspect that both ways know. */
function told({ path, op, what }: Change, item: Item, setters: Setters, layers: Layers) {
  const aspects = aspectsOf(layers, provenance(layers, componentsOf(path)));
  if (aspects === undefined) return undefined;
  const number = (index: number | undefined) =>
    index === undefined ? undefined : layerNumber(layers.stack, index);
  const wants = (aspect: Change['what'][number]) => op !== 'modify' || what.includes(aspect);
  const [ours, theirs]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  const compare = (aspect: string, one: number | undefined, other: number | undefined) => {
    ours[aspect] = one;
    theirs[aspect] = number(other);
  };
  if (wants('mode')) compare('mode', setters.mode, aspects.mode);
  if (wants('uid') && wants('gid'))
    compare('owner', Math.max(setters.uid ?? 0, setters.gid ?? 0), aspects.owner);
  if (op === 'modify' && wants('mtime')) compare('mtime', setters.mtime, aspects.mtime);
  if (setters.content !== undefined) compare('content', setters.content, aspects.content);
  if (setters.target !== undefined) compare('target', setters.target, aspects.content);
  const isOld = Object.values(ours).some((layer) => layer !== item.layer);
  return { ours: JSON.stringify(ours), theirs: JSON.stringify(theirs), isOld };
}

describeSystem('who set what differs', ['root', 'python'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);

  it(`is told as which tells it (${POOLS * PAIRS} pairs)`, async () => {
    let [compared, old] = [0, 0];
    for (let pool = 0; pool < POOLS; pool++) {
      const random = randomOf(SEED * 1000 + pool);
      const directories = Array.from({ length: LAYERS }, (_, i) => temporary.path(`pool-${pool}`, String(i)));
      const layers = directories.map((directory) => ({ directory, steps: randomLayer(random) }));
      await oracle.write(layers, { lenient: true });
      for (let pair = 0; pair < PAIRS; pair++) {
        const [a, b] = randomPair(random, LAYERS).map((indices) =>
          stackOf(indices.map((index) => directories[index] ?? '')),
        );
        if (a === undefined || b === undefined) throw new Error('a pair of two');
        const open = new Layers(b);
        for (const change of fastDifferences(a, b, { isAttributed: true }).changes) {
          const setters = change.setBy?.b;
          if (change.b === undefined || setters === undefined || change.path === '/') continue;
          const both = told(change, change.b, setters, open);
          if (both === undefined) continue;
          expect(both.ours, `pool ${pool}, pair ${pair}, ${change.path}`).toBe(both.theirs);
          compared++;
          if (both.isOld) old++;
        }
        open.close();
      }
    }
    console.log(`${compared} changes compared, ${old} with an aspect of an older layer than the last writer`);
    expect(old).toBeGreaterThan((POOLS * PAIRS) / 20);
  }, 600_000);
});
