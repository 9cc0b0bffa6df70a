// The second driver: the conformance suite on fuse-native, and how it mounts, ends and fails.
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { CASES, conforms, type Limits, writeConformanceLayers } from '../support/conformance.ts';
import { mountKernel } from '../support/kernel.ts';
import { Oracle } from '../support/oracle.ts';
import { lowerdirReference, mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const LIMITS: Limits = {};
const DRIVER = ['--driver', 'fuse-native'];

describeSystem('conformance of fuse-native', ['root', 'overlay', 'fuse', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const mounts = { kernel: '', subject: '' };
  let layers: readonly string[] = [];

  beforeAll(async () => {
    await succeed('chmod', ['755', temporary.directory]);
    layers = await writeConformanceLayers(oracle, temporary.path('layers'));
    mounts.kernel = (await mountKernel(oracle, temporary, layers)).directory;
    const args = [...DRIVER, '--allow-other', '-o', 'suid,dev,exec'];
    mounts.subject = (await mountStratafs(temporary, lowerdirReference(layers), { args })).directory;
  });

  it.each(CASES)('$probe', (each) => conforms(oracle, each, mounts, LIMITS));
});
