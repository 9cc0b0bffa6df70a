// An update puts other files in the place of the program while a mount is served: what the server has not loaded by then.
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { sha256Of, tarOf, textMember } from '../support/fake-archive.ts';
import { FakeContainerd } from '../support/fake-containerd.ts';
import { BUILT_COMMAND, mountStratafs, type StratafsMount } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const dist = dirname(dirname(BUILT_COMMAND));
const repository = fileURLToPath(new URL('../../', import.meta.url));

describeSystem('a program that is replaced while it serves', ['root', 'fuse', 'build'], () => {
  const temporary = temporaryForSuite();
  const store = new FakeContainerd(temporary.path('store'));
  let count = 0;

  beforeAll(() => {
    const tar = tarOf(textMember('file', 'of the image'));
    store.imageOfTars('example.com/app:1', [{ diffId: `sha256:${sha256Of(tar)}`, blob: tar }]);
    store.write();
  });

  /** A build of its own, and a mount by it of which nobody has looked at an image yet. */
  async function served(): Promise<{ installed: string; mount: StratafsMount; image: string }> {
    const installed = temporary.path(`installed-${++count}`);
    mkdirSync(installed);
    cpSync(dist, `${installed}/dist`, { recursive: true });
    symlinkSync(`${repository}node_modules`, `${installed}/node_modules`);
    cpSync(`${repository}package.json`, `${installed}/package.json`);
    const mount = await mountStratafs(temporary, '--all', {
      root: store.root,
      command: `${installed}/dist/cli/main.js`,
    });
    expect(heldOf(mount)).toContain('records.cjs');
    return { installed, mount, image: `${mount.directory}/images/example.com/app/1` };
  }

  /** Makes parts of another build of those in a folder. */
  function rebuild(folder: string): void {
    for (const name of readdirSync(folder).filter((each) => each.endsWith('.cjs')))
      writeFileSync(
        `${folder}/${name}`,
        `/*another build   */(function () { throw new Error('other code'); })`,
      );
  }

  it('goes on with its own code where an update has taken its folder away, and asks no process of another', async () => {
    const { installed, mount, image } = await served();
    renameSync(`${installed}/dist`, `${installed}/old`);
    cpSync(`${installed}/old`, `${installed}/dist`, { recursive: true });
    rebuild(`${installed}/dist`);

    expect(readFileSync(`${image}/file`, 'utf8')).toBe('of the image');
    expect(heldOf(mount)).not.toContain('records.cjs');
    expect(readFileSync(`${mount.directory}/.stratafs/health.txt`, 'utf8')).toBe(
      `Cannot examine "${store.root}": the process that was to do it failed: the program was replaced since it was started, ` +
        'and the new one may answer otherwise\n',
    );
    expect(await mount.umount()).toBe(0);
  });

  it('says what happened where its very files were written over', async () => {
    const { installed, mount, image } = await served();
    rebuild(`${installed}/dist`);

    const why = `Cannot load "${installed}/dist/records.cjs": the program was replaced while it runs; start it again`;
    expect(readdirSync(image)).toEqual(['.damage']);
    expect(readFileSync(`${image}/.damage`, 'utf8')).toContain(why);
    expect(await mount.umount()).toBe(0);
    expect(mount.log()).toContain(why);
  });
});

/** Names of the program's parts that a server has open. */
function heldOf({ pid }: StratafsMount): string[] {
  const all = `/proc/${pid}/fd`;
  return readdirSync(all).flatMap((each) => /[a-z]+\.cjs/.exec(readlinkSync(`${all}/${each}`)) ?? []);
}
