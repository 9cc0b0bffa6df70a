// Layers that are tars, asked for by several at a time.
import { describe, expect, it } from 'vitest';
import { Tars } from '../../../../src/layers/tars/tars.ts';
import type { LayerStack } from '../../../../src/store/layer-stack.ts';
import type { TarSource } from '../../../../src/store/source.ts';
import { asBytes } from '../../../../src/sys/bytes.ts';
import { Errno, Trouble } from '../../../../src/sys/errors.ts';
import { tarOf, textMember } from '../../../support/fake-archive.ts';
import { temporaryForTest } from '../../../support/temporary.ts';
import { inMemory } from '../../blob/bytes.ts';

const TAR = tarOf(textMember('a', 'first'));

function tars(): Tars {
  const { directory } = temporaryForTest();
  return new Tars({ spools: { directory, limit: 1 << 30, used: 0 }, trouble: () => {} });
}

/** A stack of one layer, `open` of which answers its bytes. */
function stackOf(open: TarSource['open']): LayerStack {
  const source: TarSource = {
    ...{ kind: 'tar', name: asBytes('/a.tar:layer'), size: TAR.length, engine: 'containers-storage' },
    open,
  };
  const layer = { source, role: 'image', ids: {} } as const;
  return { kind: 'image', label: 'a', layers: [layer], dataLayers: [], dialect: 'trusted' };
}

describe('Tars', () => {
  it('reads a layer once for all who ask for it at the same time', async () => {
    const read = tars();
    let opened = 0;
    const stack = stackOf(() => {
      opened++;
      return { ...inMemory(TAR), close: () => {} };
    });
    const [[first], [second]] = await Promise.all([read.layersOf(stack), read.layersOf(stack)]);
    expect(first?.find(1, 'a')).toBeGreaterThan(0);
    expect([first === second, opened]).toEqual([true, 1]);
  });

  it('tells all of them where it cannot be read, and tries again for the next one', async () => {
    const read = tars();
    const failures: unknown[] = [new Errno(5, 'read it')];
    const stack = stackOf(() => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return { ...inMemory(TAR), close: () => {} };
    });
    const both = await Promise.allSettled([read.layersOf(stack), read.layersOf(stack)]);
    const reasons = both.map((one) => (one.status === 'rejected' ? one.reason : undefined));
    expect(reasons).toEqual([expect.any(Trouble), expect.any(Trouble)]);
    const [layer] = await read.layersOf(stack);
    expect(layer?.find(1, 'a')).toBeGreaterThan(0);
  });
});
