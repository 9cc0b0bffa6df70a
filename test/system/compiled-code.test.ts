// The compiled code beside the program: taken by the Node that made it and by no other, since V8 would take that of another
// processor and end the process.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';
import { nodeBuild } from '../../src/sys/node-build.ts';
import { run } from '../support/command.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const dist = `${repository}dist`;

describeSystem('compiled code', ['build'], () => {
  const temporary = temporaryForSuite();

  it.each(['stratafs', 'stores', 'records', 'many', 'compared', 'commands', 'seldom'])(
    'of %s is what V8 takes here',
    (part) => {
      expect(readFileSync(`${dist}/compiled-by`, 'utf8')).toBe(nodeBuild());
      const script = new Script(readFileSync(`${dist}/${part}.cjs`, 'latin1'), {
        filename: `${dist}/${part}.cjs`,
        cachedData: readFileSync(`${dist}/${part}.cache`),
      });
      expect(script.cachedDataRejected).toBe(false);
    },
  );

  it.each([
    ['of another processor', nodeBuild().replace(process.arch, 'other')],
    ['of a Node that was configured otherwise', nodeBuild().replace('{', '{"other":1,')],
    ['that is being built', undefined],
  ])('%s is not even read', async (_, compiler) => {
    const copy = temporary.path(`copy-${_.replaceAll(' ', '-')}`);
    mkdirSync(copy);
    cpSync(dist, `${copy}/dist`, { recursive: true });
    symlinkSync(`${repository}node_modules`, `${copy}/node_modules`);
    cpSync(`${repository}package.json`, `${copy}/package.json`);
    for (const name of readdirSync(`${copy}/dist`).filter((each) => each.endsWith('.cache')))
      rmSync(`${copy}/dist/${name}`);
    const version = () => run(process.execPath, [`${copy}/dist/cli/main.js`, '--version']);

    expect(await version()).toMatchObject({ code: 1 });
    if (compiler === undefined) rmSync(`${copy}/dist/compiled-by`);
    else writeFileSync(`${copy}/dist/compiled-by`, compiler);
    expect(await version()).toMatchObject({ code: 0, stderr: '' });
  });
});
