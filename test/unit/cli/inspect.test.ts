import { describe, expect, it } from 'vitest';
import { describeStack, jsonStack } from '../../../src/cli/print/store/stack.ts';
import type { ChainId, DiffId } from '../../../src/store/digest.ts';
import type { Layer, LayerStack } from '../../../src/store/layer-stack.ts';
import { asBytes } from '../../../src/sys/bytes.ts';

const DIFF = `sha256:${'d'.repeat(64)}` as DiffId;
const CHAIN = `sha256:${'c'.repeat(64)}` as ChainId;
const CACHE = 'a'.repeat(64);

const STACK: LayerStack = {
  label: 'web',
  kind: 'container',
  id: 'f'.repeat(64),
  dialect: 'trusted',
  layers: [
    { source: { kind: 'directory', path: asBytes('/r/overlay2/up/diff') }, role: 'upper', live: true },
    {
      source: { kind: 'directory', path: asBytes(`/r/overlay2/${CACHE}/di\xff`) },
      role: 'image',
      diffId: DIFF,
      chainId: CHAIN,
      ids: { 'cache ID': CACHE },
      size: 1_982_437,
      history: {
        created: '2024-05-01T00:00:00Z',
        createdBy: '/bin/sh -c echo "\x1b[31m" \\\n  && true',
        emptyLayer: false,
      },
    },
  ],
  dataLayers: [],
};

describe('describeStack()', () => {
  it('shows each layer, top first', () => {
    expect(describeStack(STACK)).toBe(`\
Reference: web
Kind:      container
ID:        ${'f'.repeat(64)}
Whiteouts: trusted
Layers:    2, top first

Layer 2, upper, live
  directory   /r/overlay2/up/diff

Layer 1, image
  diff ID     ${DIFF}
  chain ID    ${CHAIN}
  cache ID    ${CACHE}
  directory   /r/overlay2/${CACHE}/di\\377
  size        1.98MB (1982437 bytes)
  created     2024-05-01T00:00:00Z
  created by  /bin/sh -c echo "\\033[31m" \\\\\\n  && true
`);
  });

  it('has the fields of a header in JSON, and the exact bytes of odd names', () => {
    expect(jsonStack(STACK, { root: asBytes('/r'), ref: 'we' })).toEqual({
      t: 'stack',
      v: 1,
      tool: expect.stringMatching(/^stratafs \d/),
      command: 'inspect',
      root: '/r',
      ref: 'we',
      label: 'web',
      kind: 'container',
      id: 'f'.repeat(64),
      dialect: 'trusted',
      layers: [
        { layer: 2, role: 'upper', live: true, ids: {}, directory: '/r/overlay2/up/diff' },
        {
          layer: 1,
          role: 'image',
          diffId: DIFF,
          chainId: CHAIN,
          ids: { cacheId: CACHE },
          size: 1_982_437,
          history: STACK.layers[1]?.history,
          directory: `/r/overlay2/${CACHE}/di\ufffd`,
          directoryB64: Buffer.from(`/r/overlay2/${CACHE}/di\xff`, 'latin1').toString('base64'),
        },
      ],
    });
  });

  it('shows data-only layers of a lowerdir=', () => {
    const plain = (directory: string): Layer => ({
      source: { kind: 'directory', path: asBytes(directory) },
      role: 'plain',
    });
    const stack: LayerStack = {
      label: 'lowerdir=/a::/data',
      kind: 'lowerdir',
      dialect: 'trusted',
      layers: [plain('/a')],
      dataLayers: [plain('/data')],
    };
    expect(describeStack(stack)).toBe(`\
Reference: lowerdir=/a::/data
Kind:      lowerdir
Whiteouts: trusted
Layers:    1, top first

Layer 1, plain
  directory   /a

Data-only layer, plain
  directory   /data
`);
  });
});
