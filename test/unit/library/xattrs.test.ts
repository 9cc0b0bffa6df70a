// Extended attributes through the library: names are bytes, and two that look the same as text are two.
import { mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openTree } from '../../../src/index.ts';
import { succeed } from '../../support/command.ts';
import { temporaryForTest } from '../../support/temporary.ts';

it('tells names that are no UTF-8 apart', async () => {
  const layer = temporaryForTest().path('layer');
  mkdirSync(layer);
  const names = ['user.a\\xff', 'user.a\\xfe', 'user.plain'];
  const code = `import os,sys\nfor n in [b'${names.join("', b'")}']: os.setxattr(sys.argv[1], n, b'v')`;
  await succeed('python3', ['-c', code, layer]);
  using tree = await openTree(`lowerdir=${layer}`);
  const found = tree
    .xattrs('/')
    .map(({ name, nameB64, value }) => [name, nameB64, Buffer.from(value).toString()]);
  const base64 = (last: number) => Buffer.from([...Buffer.from('user.a'), last]).toString('base64');
  expect(found.toSorted()).toEqual(
    [
      ['user.a\ufffd', base64(0xff), 'v'],
      ['user.a\ufffd', base64(0xfe), 'v'],
      ['user.plain', undefined, 'v'],
    ].toSorted(),
  );
});
