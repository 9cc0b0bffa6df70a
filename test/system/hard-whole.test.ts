// A whole data root of Docker under everything there is: every command, every way to mount, readers, killed servers. It
// lies on a mount that writes down each access, and is byte for byte as before in the end, all times included. FUZZ asks of each image
// and container, and mounts in each way, all there is.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { KeptStore } from '../support/kept-store.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { buildSample, SAMPLE } from '../support/sample.ts';
import { isMounted, mountStratafs, serversOf } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { kill, temporaryForSuite, temporaryForTest, until } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const IS_LONG = process.env.FUZZ !== undefined;

const { image, base, changed, untouched } = SAMPLE;
const REFERENCES = [image, base, changed, untouched];

/** Commands about the store, then those about one reference. */
const OF_STORE: readonly (readonly string[])[] = [
  ['images'],
  ['images', '--json'],
  ['containers'],
  ['containers', '--json'],
  ['verify', '--all', '-v'],
  ['doctor'],
  ['doctor', '--json'],
  ['timeline', '--all', '--shadowed'],
  ['timeline', '--all', '--format', 'jsonl'],
  ['diff', base, image],
  ['diff', '--patch', image, changed],
  ['diff', '--json', image, changed],
  ['diff', '--stat', base, changed],
  ['diff', '--packages', base, image],
  ['diff', '--by-layer', base, image],
  ['diff', '--metadata', 'tar-split', base, image],
];
const OF_REFERENCE: readonly (readonly string[])[] = [
  ['inspect'],
  ['ls', '-l', '-R'],
  ['history'],
  ['deleted', '--shadowed', '--expand'],
  ['manifest'],
  ['export'],
  ['timeline', '--shadowed'],
  ['verify'],
  ['diff'],
];
const OF_PATH: readonly (readonly string[])[] = [['ls', '-l'], ['cat'], ['stat'], ['which']];
const PATHS = ['/bin/busybox', '/bin/sh', '/hard/one', '/etc', '/null', '/none'];

const MOUNTS: readonly (readonly string[])[] = IS_LONG
  ? [
      ['--data', 'cached'],
      ['--data', 'passthrough'],
      ['--data', 'auto', '--allow-other'],
      ['-o', 'suid,dev,exec'],
      ['--metadata', 'tar-split'],
    ]
  : [
      ['--data', 'cached', '-o', 'suid,dev,exec'],
      ['--data', 'passthrough', '--allow-other', '--metadata', 'tar-split'],
    ];

describeSystem('a whole store', ['root', 'fuse', 'overlay', 'python', 'docker', 'busybox', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const kept = new KeptStore(oracle);
  const engine = new Engine(temporary);
  /** The data root on a mount that writes down each access. */
  const root = temporary.path('strict');
  const outputs = temporary.path('outputs');

  beforeAll(async () => {
    await engine.start();
    await buildSample(engine, oracle, temporary);
    await engine.stop();
    mkdirSync(root);
    mkdirSync(outputs);
    await succeed('mount', ['--bind', engine.dataRoot, root]);
    temporary.undo(async () => void (await run('umount', ['-l', root])));
    await succeed('mount', ['-o', 'remount,bind,strictatime', root]);
    const { names, bytes } = await kept.remember([engine.dataRoot]);
    console.info(`a whole store: ${names} names, ${bytes} bytes`);
  });

  const command = async (words: readonly string[]) => {
    const { code, stderr } = await stratafs(['--root', root, ...words]);
    // What is not there or cannot be read is an answer, and that a container's own layers have no record; anything past
    // that is a bug.
    const answers = words[0] === 'verify' ? [0, 4] : [0, 1, 5];
    expect({ words, code, stderr, ok: answers.includes(code ?? -1) }).toMatchObject({ ok: true });
  };
  const isAsBefore = () => kept.mustBeAsBefore(engine.dataRoot);

  it('is as it was after every command about it', async () => {
    for (const words of OF_STORE) await command(words);
    await isAsBefore();
  });

  it.each(IS_LONG ? REFERENCES : [image, changed])(
    'is as it was after every command about %s',
    async (reference) => {
      for (const words of OF_REFERENCE) {
        // A container has no history, and an image nothing that is different by itself.
        const isContainer = reference === changed || reference === untouched;
        if (words[0] === (isContainer ? 'history' : 'diff')) continue;
        await command([...words, reference]);
      }
      const paths = reference === image || reference === changed ? PATHS : PATHS.slice(-2);
      for (const path of paths) for (const words of OF_PATH) await command([...words, reference, path]);
      await command(['extract', '-p', '-o', `${outputs}/${reference}`, reference, '/etc', '/bin', '/hard']);
      await command(['export', '-o', `${outputs}/${reference}.tar`, reference]);
      await isAsBefore();
    },
  );

  describe.each(MOUNTS.map((args, way) => [args.join(' '), args, way] as const))(
    'mounted with %s',
    (_, args, way) => {
      it('is as it was after all was read, and after the server was killed', async () => {
        // All of them with FUZZ; else the image, whose server is killed, and each other one in some way.
        const others = [base, changed, untouched];
        const read = IS_LONG ? others : others.filter((__, n) => n === (way + 1) % others.length);
        for (const reference of [image, ...read]) {
          const test = temporaryForTest();
          const mount = await mountStratafs(test, reference, { root, args });
          const lines = await oracle.dump(mount.directory);
          expect(lines.length).toBeGreaterThan(40);
          const reader = spawn('tar', ['-cf', '/dev/null', '-C', mount.directory, '.'], { stdio: 'ignore' });
          test.owns(reader.pid);
          if (reference === image) {
            kill(mount.pid, 'SIGKILL');
            await until('the mount point', () => !isMounted(mount.directory));
            await until('the end of the server', () => serversOf(mount.directory).length === 0);
          }
          await until('the end of tar', () => reader.exitCode !== null || reader.signalCode !== null);
          if (reference !== image) expect(await mount.umount()).toBe(0);
        }
        await isAsBefore();
      });
    },
  );

  it('is as it was after all of it was read in one mount, and after its server was killed', async () => {
    const test = temporaryForTest();
    const all = await mountStratafs(test, '--all', { root });
    const lines = await oracle.dump(all.directory);
    expect(lines.length).toBeGreaterThan(REFERENCES.length * 40);
    expect(lines.filter((line) => line.includes('.damage'))).toEqual([]);
    const reader = spawn('tar', ['-cf', '/dev/null', '-C', all.directory, '.'], { stdio: 'ignore' });
    test.owns(reader.pid);
    kill(all.pid, 'SIGKILL');
    await until('the mount point', () => !isMounted(all.directory));
    await until('the end of the server', () => serversOf(all.directory).length === 0);
    await until('the end of tar', () => reader.exitCode !== null || reader.signalCode !== null);
    await isAsBefore();
  });

  it('would have told of a single access', async () => {
    readFileSync(`${root}/image/overlay2/repositories.json`);
    await expect(isAsBefore()).rejects.toThrow('repositories.json');
    kept.forget(engine.dataRoot);
  });
});
