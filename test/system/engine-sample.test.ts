// One real Docker engine with an image and containers in which each kind of change happens, for all who need no other: to start an
// engine and build images takes longer than most of what is asked of them. Nothing in its data root is changed by any of it.
import { mkdirSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { ALL_FIELDS, Oracle } from '../support/oracle.ts';
import { buildSample, SAMPLE } from '../support/sample.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';
import { differences } from '../support/tree.ts';
import { testEvidence } from './engine-sample/evidence.ts';
import { DOCKERFILE, testForensicCommands } from './engine-sample/forensic.ts';
import { EMPTY_STEPS } from './engine-sample/sampled.ts';
import { testWhatIsShown } from './engine-sample/shown.ts';

const NEEDS = ['root', 'overlay', 'python', 'docker', 'busybox', 'build'] as const;

describeSystem('what a Docker engine made', NEEDS, () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const engine = new Engine(temporary);
  const stratafs = stratafsForSuite();
  const [root, strict] = [temporary.path('unwritable'), temporary.path('strict')];
  const layers = new Map<string, readonly string[]>();
  const steps = new Map<string, readonly string[]>();
  const ids = new Map<string, string>();
  const diffIds = new Map<string, readonly string[]>();
  const exports = new Map<string, readonly string[]>();
  let fingerprint: readonly string[] = [];

  const dataRoot = () => oracle.dump(engine.dataRoot, { fields: [...ALL_FIELDS, 'atime'], noatime: true });

  beforeAll(async () => {
    await engine.start();
    await buildSample(engine, oracle, temporary);
    await engine.build(EMPTY_STEPS, DOCKERFILE);
    for (const name of [SAMPLE.image, EMPTY_STEPS, SAMPLE.base]) {
      layers.set(name, await engine.layersOf(name, 'image'));
      const history = await engine.docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', name]);
      steps.set(name, history.replace(/\n$/, '').split('\n'));
      const told = JSON.parse(await engine.docker(['inspect', '-f', '{{json .}}', name]));
      ids.set(name, told.Id);
      diffIds.set(name, told.RootFS.Layers);
    }
    for (const name of [SAMPLE.changed, SAMPLE.untouched]) {
      layers.set(name, await engine.layersOf(name, 'container'));
      ids.set(name, (await engine.docker(['inspect', '-f', '{{.Id}}', name])).trim());
      exports.set(name, await oracle.tar(await engine.exportContainer(name)));
    }
    await engine.stop();
    for (const [directory, how] of [
      [root, 'ro,strictatime'],
      [strict, 'strictatime'],
    ] as const) {
      mkdirSync(directory);
      await succeed('mount', ['--bind', engine.dataRoot, directory]);
      await succeed('mount', ['-o', `remount,bind,${how}`, directory]);
    }
    fingerprint = await dataRoot();
  });

  const sampled = {
    ...{ temporary, oracle, engine, stratafs, root, strict },
    ...{ layers, steps, ids, diffIds, exports },
  };

  describeSystem('a mount of it', ['fuse'], () => testWhatIsShown(sampled));
  describeSystem('as evidence', ['fuse'], () => testEvidence(sampled));
  describeSystem('the forensic commands', [], () => testForensicCommands(sampled));

  it('is what it was before, to the last access time', async () => {
    expect(fingerprint.length).toBeGreaterThan(400);
    expect(differences(fingerprint, await dataRoot())).toBe('');
  });
});
