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

  it('keeps the store of README with --keep, and says how its scenes are pasted', async () => {
    const { directory } = temporaryForTest();
    const [root = '', alias = ''] = (await demo(directory, '--keep')).trimEnd().split('\n').slice(-2);
    const kept = /^export STRATAFS_ROOT=(\S+)$/.exec(root)?.[1] ?? '';
    const script = [root, alias, 'stratafs images -q', 'stratafs cat --layer 1 sample/web:1.1 /etc/motd'];
    const { code, stdout } = await run('sh', ['-c', script.join('\n')], { cwd: '/' });
    expect([code, stdout]).toEqual([0, '3b3c973d0e29\nd617b87de2db\na sample image\n']);
    await rm(dirname(kept), { recursive: true });
  });
});
