// What the store report says at first of what could not be verified: each in words, not by the class of a finding alone.
import { mkdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FakeStore } from '../support/fake-store.ts';
import { stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

describeSystem('what to look at first', ['root', 'build'], () => {
  it('is said in words: what is wrong, and with what', async () => {
    const temporary = temporaryForTest();
    const store = new FakeStore(temporary.path('root'));
    const layers = ['base', 'top'];
    store.image({ names: ['app:1'], layers });
    store.write(`overlay2/${FakeStore.cacheId(layers)}/lower`, '');
    mkdirSync(store.path(`overlay2/${'f'.repeat(64)}/diff`), { recursive: true });
    const page = temporary.path('page.html');
    await stratafs(['--root', store.root, 'report', '--store', '--verify', '-o', page]);
    const text = readFileSync(page, 'utf8')
      .replaceAll('&quot;', '"')
      .replaceAll(/<[^>]*>/g, '\n');
    const cells = text.split('\n').filter((line) => /^(?:layer 2 of|(?:store )?directories) .*: /.test(line));
    expect(cells).toEqual([
      expect.stringMatching(
        /^layer 2 of app:1: .*"[^"]*\/lower" leads a daemon to another directory for layer 1 below it/,
      ),
      'directories without a record: extra',
    ]);
  });
});
