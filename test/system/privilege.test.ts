// What an ordinary user is told, who cannot read the marks of a root's layers.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { savedMembers, tarOf } from '../support/fake-archive.ts';
import { BUILT_COMMAND } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';

const NOBODY = 65534;

describeSystem('an ordinary user', ['root', 'build'], () => {
  let directory = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'stratafs-privilege-'));
    chmodSync(directory, 0o755);
    for (const layer of ['top', 'low']) mkdirSync(join(directory, layer));
    writeFileSync(join(directory, 'low', 'file'), '');
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  function ls(layers: readonly string[], uid: number) {
    return list(`lowerdir=${layers.map((layer) => join(directory, layer)).join(':')}`, uid);
  }

  function list(reference: string, uid: number) {
    const { stdout, stderr, status } = spawnSync(process.execPath, [BUILT_COMMAND, 'ls', reference], {
      uid,
      encoding: 'utf8',
      cwd: '/',
    });
    return { stdout, stderr: stderr.replaceAll(directory, 'DIR'), status };
  }

  it('is warned that marks cannot be read, and gets the view all the same', () => {
    expect(ls(['top', 'low'], NOBODY)).toEqual({
      stdout: 'file\n',
      stderr:
        'stratafs: Warning: the view of "lowerdir=DIR/top:DIR/low" may show what is hidden in it: ' +
        'only root can read the marks (trusted.overlay.*) of opaque and renamed directories\n',
      status: 0,
    });
  });

  it('is not warned where one layer hides nothing, nor is root', () => {
    expect(ls(['low'], NOBODY)).toEqual({ stdout: 'file\n', stderr: '', status: 0 });
    expect(ls(['top', 'low'], 0)).toEqual({ stdout: 'file\n', stderr: '', status: 0 });
  });

  it('is not warned of layers that are tars, whose marks are names', () => {
    const path = join(directory, 'app.tar');
    writeFileSync(path, tarOf(...savedMembers({ tags: ['app:1'], layers: ['one', 'two'] })));
    expect(list(path, NOBODY)).toEqual({ stdout: 'one\ntwo\n', stderr: '', status: 0 });
  });
});
