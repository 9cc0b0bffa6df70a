// What `stratafs diff` and `manifest` print, given to the programs whose forms these are: git, rsync, mtree, bsdtar.
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { A, BASE, DiffPair } from '../support/diff-pair.ts';
import { mountKernel } from '../support/kernel.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

describeSystem('stratafs diff and other tools', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const pair = new DiffPair(temporary, stratafs);
  const path = (name: string) => temporary.path(name);
  const diff = (...words: string[]) => pair.diff(...words);

  beforeAll(() => pair.write(oracle));

  describeSystem('beside git', ['git'], () => {
    /** Applies the patch of A to B to a copy of A, and answers what is still different from B. */
    const leftAfter = async (...words: string[]) => {
      const [patch, tree] = [path(`all${words.join('')}.patch`), path(`patched${words.join('')}`)];
      writeFileSync(patch, (await stratafs(['diff', '--patch', ...words, ...pair.sides])).stdout, 'latin1');
      await oracle.write([{ directory: tree, steps: [...BASE, ...A] }]);
      const place = ['--unsafe-paths', `--directory=${tree}`, patch];
      const { code, stderr } = await run('git', ['apply', ...place], { cwd: '/' });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return (await stratafs(['diff', '--name-status', `lowerdir=${tree}`, pair.sides[1]])).stdout;
    };

    it.each([[[]], [['-M']]])('makes a patch %j that turns one tree into the other', async (words) => {
      // What is binary is only named; attributes, devices and empty directories are not git's business.
      expect(await leftAfter(...words)).toBe(
        [
          'M\t/added/suid',
          'M\t/bin/ping',
          'M\t/bin/tool',
          'M\t/dev',
          'A\t/kind',
          'M\t/odd\\033[31m\\377',
          'M\t/src/data.bin',
          '',
        ].join('\n'),
      );
    });
  });

  describeSystem('beside rsync', ['rsync'], () => {
    it('--itemize --mtime prints what rsync prints', async () => {
      const [a, b] = [
        await mountKernel(oracle, temporary, [pair.a, pair.base]),
        await mountKernel(oracle, temporary, [pair.b, pair.base]),
      ];
      const { stdout } = await run('rsync', [
        ...['-anicAX', '--delete', '--modify-window=-1'],
        ...[`${b.directory}/`, `${a.directory}/`],
      ]);
      const theirs = stdout
        .replaceAll(/\\#(\d{3})/g, '\\$1')
        .replaceAll(/ -> .*$/gm, '')
        .split('\n')
        .filter((line) => line !== '');
      const ours = (await diff('--itemize', '--mtime')).split('\n').filter(Boolean);
      expect(ours.sort().join('\n')).toBe(theirs.sort().join('\n'));
    });
  });

  describe('manifest', () => {
    it('describes a tree as mtree(5)', async () => {
      const { stdout } = await stratafs(['manifest', pair.sides[1]]);
      expect(
        stdout.replaceAll(temporary.directory, 'TMP').replaceAll(/(type=dir.*) time=\S+/g, '$1'),
      ).toMatchInlineSnapshot(`
        "#mtree v2.0
        # xattrs: all
        # lowerdir=lowerdir=TMP/b:TMP/base layers=2
        . type=dir mode=0755 uid=0 gid=0
        ./added type=dir mode=0755 uid=0 gid=0
        ./added/suid type=file mode=04755 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=1 sha256digest=043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89
        ./added/x type=file mode=0644 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=1 sha256digest=2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
        ./bin type=dir mode=0755 uid=0 gid=0
        ./bin/ping type=file mode=0755 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=4 sha256digest=758d61f26a44448384e5c4468a0dcb7a2abe456067b0f7b505bc28b9411fe931
        # xattr.security.capability=AQAAAgAgAAAAAAAAAAAAAAAAAAA=
        ./bin/tool type=file mode=04755 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=4 sha256digest=7c9bbe5ec9b3fb774e8fa0f54247e93c34ddf8e5d16fe3073420de0ae81a262d
        ./dev type=char mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 device=native,1,5
        ./kind type=dir mode=0755 uid=0 gid=0
        ./link type=link mode=0777 uid=0 gid=0 nlink=1 time=1000000000.000000001 link=new
        ./odd\\033\\13331m\\377 type=file mode=0644 uid=5 gid=6 nlink=1 time=2000000000.000000002 size=0 sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        # xattr.user.note=aGk=
        ./shared type=dir mode=0755 uid=0 gid=0
        ./shared/deep type=dir mode=0755 uid=0 gid=0
        ./shared/deep/file type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=4 sha256digest=0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5
        ./src type=dir mode=0755 uid=0 gid=0
        ./src/app.js type=file mode=0644 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=12 sha256digest=bc85caa9b61bcf3a54ccfc800e2b0eda6c11fa5df4e0481c896d31cda2462eb2
        ./src/data.bin type=file mode=0644 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=3 sha256digest=930221f6949d184d073bd37582fc6caefa5582ce32d34c965d2409f1d6f31536
        ./src/moved type=dir mode=0755 uid=0 gid=0
        ./src/moved/to type=dir mode=0755 uid=0 gid=0
        ./src/moved/to/here type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=11 sha256digest=e8aac95f9ab1f1fa91b21606125051d15927d62f4b226020c8bd043c583b8026
        ./src/silent type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=6 sha256digest=b1b886ce5f5750a00ae3dd003702a16e4916e6830987e03094cbbf699cb0fae1
        ./touched type=file mode=0644 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=4 sha256digest=0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5
        "
      `);
    });

    for (const program of ['mtree', 'bsdtar'] as const) {
      describeSystem(program, [program], () => {
        it('reads it', async () => {
          const file = path(`${program}.mtree`);
          const view = await mountKernel(oracle, temporary, [pair.b, pair.base]);
          const { stdout } = await stratafs(['manifest', pair.sides[1]]);
          writeFileSync(file, stdout, 'latin1');
          const words = program === 'mtree' ? ['-f', file, '-p', view.directory] : ['-tf', file];
          const { code, stdout: said, stderr } = await run(program, words);
          // NetBSD's mtree compares seconds and more with the kernel's mount, and says what differs.
          expect({ code, stderr, said: program === 'mtree' ? said : '' }).toEqual({
            code: 0,
            stderr: '',
            said: '',
          });
          expect(program === 'mtree' || said.split('\n').includes('./bin/tool')).toBe(true);
        });

        it('may write it', async () => {
          const file = path(`by-${program}.mtree`);
          const bsdtar = ['-cf', '-', '--format=mtree', '--options', 'mtree:sha256', '-C', pair.base, '.'];
          const words = program === 'mtree' ? ['-c', '-K', 'sha256,device', '-p', pair.base] : bsdtar;
          await run(program, words, { stdoutFile: file });
          const same = await stratafs(['diff', file, `lowerdir=${pair.base}`]);
          expect(same).toMatchObject({ code: 0, stderr: '' });
          const sides = [`lowerdir=${pair.base}`, pair.sides[1]];
          const told = await stratafs(['diff', '--name-status', '--ignore', 'caps', ...sides]);
          const other = await stratafs(['diff', '--name-status', file, sides[1] ?? '']);
          expect(other.stdout).toBe(told.stdout);
        });
      });
    }
  });
});
