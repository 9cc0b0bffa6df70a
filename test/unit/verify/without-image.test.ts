// What `stratafs verify --all` calls layers that no image has: each chain by its own ID.
import { expect, it } from 'vitest';
import { FakeStore } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { stratafs } from '../cli/memory.ts';

it('verify --all tells chains that no image has apart', async () => {
  const store = new FakeStore(temporaryForTest().path('root'));
  store.image({ names: ['kept:1'], layers: ['base'] });
  const lost = [
    ['base', 'one'],
    ['base', 'two'],
  ];
  for (const layers of lost) store.remove(`image/overlay2/imagedb/content/sha256/${store.image({ layers })}`);
  const { out } = await stratafs(['--root', store.root, 'verify', '--all']);
  const lines = out.split('\n');
  for (const layers of lost) {
    const label = `chain ${FakeStore.chainHex(layers).slice(0, 12)} (no image)`;
    expect(lines.filter((line) => line.includes(label)).map((line) => line.split(/ {2,}/)[1])).toEqual([
      `${label} layer 1: as in kept:1`,
      `${label} layer 2`,
      `${label} layer 2`,
      label,
    ]);
  }
});
