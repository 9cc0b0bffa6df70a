// `mount --all` of a root that is named from where the command was started: the server works elsewhere, and follows it all the same.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { FakeStore } from '../support/fake-store.ts';
import { jsonRecords } from '../support/json-lines.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, until } from '../support/temporary.ts';

describeSystem('mount --all of a relative root', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();

  it('names the root as it is from everywhere, and follows the store', async () => {
    const store = new FakeStore(temporary.path('root'));
    const image = store.image({ names: ['app:1'], layers: ['base'] });
    const gone = store.container({ name: 'gone', image });
    store.container({ name: 'left', image });
    const mounted = await mountStratafs(temporary, '--all', {
      root: `./${basename(store.root)}`,
      by: ['sh', '-c', 'cd "$0" && exec "$@"', temporary.directory],
    });
    const at = (path: string) => `${mounted.directory}/${path}`;
    expect(jsonRecords(readFileSync(at('.stratafs/images.json'), 'utf8'))).toHaveLength(1);
    expect(readFileSync(at('.stratafs/images.json'), 'utf8')).toContain(`"root":"${store.root}"`);
    expect(readFileSync(at(`.stratafs/by-id/${image}/inspect.json`), 'utf8')).toContain(
      `"root":"${store.root}"`,
    );
    expect(readdirSync(at('containers')).sort()).toEqual(['gone', 'left']);
    store.remove(`containers/${gone}`);
    await until('the end of the container', () => readdirSync(at('containers')).length === 1);
    expect(readdirSync(at('containers'))).toEqual(['left']);
    expect(await mounted.umount()).toBe(0);
  });
});
