// The sample store of `npm run demo` is one that Docker itself takes for its own.
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { writeSampleStore } from '../../scripts/sample-store.ts';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { mountKernel } from '../support/kernel.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences, TAR_FIELDS, without } from '../support/tree.ts';

describeSystem('the sample store', ['root', 'overlay', 'python', 'docker'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const engine = new Engine(temporary);

  it('has images that Docker lists, saves with the digests their configs state, and stacks', async () => {
    writeSampleStore(engine.dataRoot);
    await engine.start();
    const tags = await engine.docker(['images', '--format', '{{.Repository}}:{{.Tag}}']);
    expect(tags.split('\n').sort().join(' ').trim()).toBe('sample/web:1.0 sample/web:1.1');

    // Each layer's archive is put together from tar-split and the layer's files, and must hash to the diff ID.
    const saved = temporary.path('saved');
    await succeed('mkdir', [saved]);
    await engine.docker(['save', '-o', `${saved}.tar`, 'sample/web:1.1']);
    await succeed('tar', ['-xf', `${saved}.tar`, '-C', saved]);
    const digests = (await succeed('sh', ['-c', `sha256sum ${saved}/*/layer.tar`]))
      .split('\n')
      .map((line) => line.slice(0, 64))
      .filter(Boolean);
    const diffIds = await engine.docker(['inspect', '-f', '{{join .RootFS.Layers " "}}', 'sample/web:1.1']);
    expect(digests.sort()).toEqual(diffIds.trim().replaceAll('sha256:', '').split(' ').sort());

    await engine.docker(['create', '--network', 'none', '--name', 'made', 'sample/web:1.1', 'x']);
    const exported = await oracle.tar(await engine.exportContainer('made'));
    const view = await mountKernel(oracle, temporary, await engine.layersOf('made', 'container'));
    expect(differences(exported, without(await view.dump({ fields: TAR_FIELDS }), '/'))).toBe('');
    expect(existsSync(`${view.directory}/etc/motd`)).toBe(false);
    expect(existsSync(`${view.directory}/srv/plugins/auth`)).toBe(false);
    await view.umount();
    await engine.stop();
  });
});
