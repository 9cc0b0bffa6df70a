// An archive of images has no health to examine: what is asked of a store is refused in words.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskUsageOf, healthOf } from '../../../src/health/open.ts';
import { openArchiveStore } from '../../../src/store/open.ts';
import { bytesOfText } from '../../../src/sys/bytes.ts';
import { layoutMembers, savedMembers, tarOf } from '../../support/fake-archive.ts';
import { temporaryForTest } from '../../support/temporary.ts';
import { troubleOf } from '../store/trouble.ts';

const APP = { tags: ['app:1'], layers: ['base'] };

it.each([
  ['docker-archive', savedMembers(APP)],
  ['OCI layout', layoutMembers(APP)],
])('a %s is told not to be the store of an engine, whatever is asked of it', async (form, members) => {
  const path = join(temporaryForTest().directory, 'app.tar');
  writeFileSync(path, tarOf(...members));
  const store = await openArchiveStore(bytesOfText(path));
  const refusal = `usage: Cannot examine "ROOT": it is an archive of images (${form}, a tar), not the store of an engine; "verify" proves what is in it`;
  expect(troubleOf(() => healthOf(store), path)).toBe(refusal);
  expect(troubleOf(() => diskUsageOf(store), path)).toBe(refusal);
});
