// Archives are opened once as long as a process lasts.
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openArchiveOnce } from '../../../src/open/archives.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';
import { Trouble } from '../../../src/sys/errors.ts';
import { savedMembers, tarOf } from '../../support/fake-archive.ts';
import { temporaryForTest } from '../../support/temporary.ts';

it('opens an archive once, and one that could not be opened again', async () => {
  const path = `${temporaryForTest().directory}/app.tar`;
  const open = () => openArchiveOnce(bytesOfText(path), {});
  writeFileSync(path, 'cut off');
  await expect(open()).rejects.toThrow(Trouble);
  writeFileSync(path, tarOf(...savedMembers({ tags: ['app:1'], layers: ['one'] })));
  const store = await open();
  expect(store.images().map(({ tags }) => tags)).toEqual([['app:1']]);
  expect(await open()).toBe(store);
});
