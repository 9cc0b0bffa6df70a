// `npm run demo` ends by saying what to try next, and that works.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

describeSystem('the demo', ['root', 'fuse', 'search', 'build'], () => {
  /** Its folders go to `directory`; where this machine has images of its own, it shows those. */
  const demo = (directory: string, ...words: string[]) => {
    const args = ['--import', './scripts/typescript.mjs', 'scripts/demo.ts', ...words];
    return succeed(process.execPath, args, { cwd: REPOSITORY, env: { TMPDIR: directory } });
  };
  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? '';
  const hasDocker = existsSync('/var/lib/docker/image/overlay2/repositories.json');

  it.skipIf(hasDocker)('leaves nothing, and says how to keep its store', async () => {
    const { directory } = temporaryForTest();
    expect(lastLine(await demo(directory))).toMatch(/^\$ npm run demo -- --keep /);
    expect(await succeed('find', [directory, '-name', 'stratafs-demo-*'])).toBe('');
  });

  it.skipIf(hasDocker)('keeps its store with --keep, for the command it names', async () => {
    const { directory } = temporaryForTest();
    const command = lastLine(await demo(directory, '--keep')).slice('$ '.length);
    const root = / --root (\S+)/.exec(command)?.[1] ?? '';
    const { code, stdout } = await run('sh', ['-c', command], { cwd: REPOSITORY });
    expect([code, stdout]).toEqual([0, expect.stringContaining('ADD file:base.tar in /')]);
    await rm(dirname(root), { recursive: true });
  });
});
