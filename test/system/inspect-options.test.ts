// `inspect --config` and `--lowerdir`, and what is told of volumes: against a store of Podman, and the kernel's own mount.
import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { runInOwnMounts } from '../support/own-mounts.ts';
import { unpackStore } from '../support/real-stores.ts';
import { lowerdirReference } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

describeSystem('a container of Podman', ['root', 'stores', 'overlay', 'unshare', 'search', 'build'], () => {
  const temporary = temporaryForSuite();
  let root: string;
  beforeAll(() => {
    root = `${unpackStore(temporary, 'podman-5.8-root-overlay')}/root`;
  });
  const told = (...words: string[]) => stratafs(['--root', root, ...words]);
  const tree = `find "$1" -mindepth 1 -printf '%P %y %m %U %G %l\\n' | LC_ALL=C sort`;

  it('has its configuration, state, mounts and log file told', async () => {
    const { code, stdout } = await told('inspect', '--config', 'web');
    expect(code).toBe(0);
    const [, text = ''] = stdout.split('\nConfiguration\n');
    expect(text.replace(/\["[^\n]*\]/, '[WORDS]').replaceAll(root, 'ROOT')).toBe(
      [
        '  command     [WORDS]',
        '  directory   /',
        '  environment PATH=/bin',
        '              container=podman',
        '  labels      demo=l1+l2+l3',
        '  image       docker.io/library/demo:1',
        '  state       paused',
        '  started     2026-11-27T18:35:49.447090908Z',
        '  log file    /w/pod/root/overlay-containers/713d3cfa55f5af5fcf20f2b95ceee1e3e05988fcaa9a1d3afc19013b7a9d0f19/userdata/ctr.log',
        '  mounts      /data: volume vol1, "ROOT/volumes/vol1/_data"\n',
      ].join('\n'),
    );
  });

  it('has a path in a volume told as one that lies elsewhere', async () => {
    const state = `is not what the container sees: the volume vol1 is mounted at /data, and this is "${root}/volumes/vol1/_data`;
    expect((await told('ls', 'web', '/data/')).stderr).toBe(`stratafs: "/data/" in web ${state}"\n`);
    const cat = await told('cat', 'web:/data/x', '/etc/motd');
    expect(cat.stderr.split('\n').at(-2)).toBe(`stratafs: "/data/x" in web ${state}/x"`);
    expect(cat.stdout).toBe('changed\n');
    expect((await told('ls', 'web', '/')).stderr).toBe('');
  });

  it('has a line of lowerdir= by which the kernel shows what stratafs exports', async () => {
    for (const words of [
      ['inspect', '--lowerdir', 'web'],
      ['whose', '--lowerdir', 'demo:1'],
    ]) {
      const { code, stdout } = await told(...words);
      expect(code).toBe(0);
      const [mount, ours] = [temporary.path(`mnt-${words[0]}`), temporary.path(`ours-${words[0]}`)];
      mkdirSync(mount);
      // Pasted into a shell, in a mount namespace of its own.
      const script = `mount -t overlay overlay -o ${stdout.trim()} "$1" && ${tree}`;
      const theirs = await runInOwnMounts(temporary, ['sh', '-c', script, 'sh', mount]);
      expect(theirs).toMatchObject({ code: 0 });
      const extracted = await told('extract', '-p', '--devices', '-o', ours, words[2] ?? '', '/');
      expect(extracted).toMatchObject({ code: 0 });
      expect(await succeed('sh', ['-c', tree, 'sh', ours])).toBe(theirs.stdout);
    }
  });

  it('has the line of a layer with all below it by its directory', async () => {
    const whole = (await told('inspect', '--lowerdir', 'demo:1')).stdout.trim().slice('lowerdir='.length);
    const [, second = '', third = ''] = whole.split(':');
    expect((await told('whose', '--lowerdir', second)).stdout).toBe(`lowerdir=${second}:${third}\n`);
    const lowest = await told('whose', '--lowerdir', third);
    expect([lowest.stdout, lowest.stderr]).toEqual([
      `lowerdir=${third}\n`,
      'stratafs: The kernel wants two layers: this one alone is seen by "mount --bind"\n',
    ]);
  });
});

describe('stratafs inspect --lowerdir', () => {
  it('refuses two forms at once', async () => {
    expect(await stratafs(['inspect', '--lowerdir', '--config', 'lowerdir=/'])).toMatchObject({
      code: 2,
      stderr: 'stratafs: Cannot tell two things at once: --config or --lowerdir\n',
    });
  });
});

describeSystem(
  'stratafs inspect --lowerdir of odd directories',
  ['root', 'overlay', 'unshare', 'bash', 'build'],
  () => {
    const temporary = temporaryForSuite();

    it.each(['a:b', 'a,b', 'a\\b', 'a b', "a'b", 'a$(b)`c`', 'a\nb', 'a\\,b:c', 'ä,☃', 'a,lowerdir=x'])(
      'is a word that bash and mount(8) take: %j',
      async (name) => {
        const odd = temporary.path(name);
        const plain = temporary.path('plain');
        const mount = temporary.path('mnt');
        for (const directory of [odd, plain, mount]) mkdirSync(directory, { recursive: true });
        writeFileSync(`${odd}/here`, name);
        const { stdout } = await stratafs(['inspect', '--lowerdir', lowerdirReference([odd, plain])]);
        const word = Buffer.from(stdout, 'latin1').toString().trimEnd();
        const script = `mount -t overlay overlay -o ${word} "$1" && cat "$1/here"`;
        const outcome = await runInOwnMounts(temporary, ['bash', '-c', script, 'bash', mount]);
        expect([outcome.stderr, Buffer.from(outcome.stdout, 'latin1').toString()]).toEqual(['', name]);
      },
    );

    it('refuses what mount(8) has no way to say', async () => {
      const odd = temporary.path('a"b');
      mkdirSync(odd);
      const { code, stderr } = await stratafs(['inspect', '--lowerdir', `lowerdir=${odd}:/usr`]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(`mount(8) cannot be told of "${odd}"`)]);
    });
  },
);
