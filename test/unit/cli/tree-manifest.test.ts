// Where a tree is written as a manifest: nothing is begun of one that cannot be opened.
import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { writeTreeManifest } from '../../../src/cli/examine/tree-manifest.ts';
import { TextOutput } from '../../../src/cli/print/output.ts';
import type { LayerStack } from '../../../src/store/layer-stack.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';
import { Trouble } from '../../../src/sys/errors.ts';
import { temporaryForTest } from '../../support/temporary.ts';

it('asks where to write to only when the layers are open', () => {
  const path = `${temporaryForTest().directory}/layer`;
  const layer = { source: { kind: 'directory', path: bytesOfText(path) }, role: 'image', ids: {} } as const;
  const stack: LayerStack = {
    ...{ kind: 'image', label: 'x', layers: [layer], dataLayers: [], dialect: 'trusted' },
  };
  const opened: TextOutput[] = [];
  const form = {
    reference: 'x',
    digest: () => undefined,
    report: () => {},
    open: () => {
      const out = new TextOutput();
      opened.push(out);
      return out;
    },
  };
  expect(() => writeTreeManifest(stack, undefined, form)).toThrow(Trouble);
  expect(opened).toEqual([]);
  mkdirSync(path);
  expect(writeTreeManifest(stack, undefined, form)).toEqual({ names: 1, unread: 0 });
  expect(opened.map(({ text }) => text.split('\n')[0])).toEqual(['#mtree v2.0']);
});
