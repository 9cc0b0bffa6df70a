// Each form of output of `stratafs diff`, whole, on one pair of small stacks.
import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { mountKernel } from '../support/kernel.ts';
import * as layer from '../support/layers.ts';
import { Oracle } from '../support/oracle.ts';
import { stratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const [OLD, NEW] = [{ mtime: 1_000_000_000_000_000_001n }, { mtime: 2_000_000_000_000_000_002n }];
const CAP_NET_RAW = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';

const BASE = [
  layer.file('bin/tool', 'tool', { ...OLD, mode: 0o755 }),
  layer.file('bin/ping', 'ping', { ...OLD, mode: 0o755 }),
  layer.file('doc/a/one', '1\n', OLD),
  layer.file('doc/a/two', '22\n', OLD),
  layer.directory('doc/a', OLD),
  layer.directory('doc', OLD),
  layer.directory('bin', OLD),
  layer.symlink('link', 'old', OLD),
  layer.device('dev', 'char', [1, 3], OLD),
  layer.file('kind', 'a file', OLD),
  layer.file('touched', 'same', OLD),
  layer.file('shared/deep/file', 'same', OLD),
];
const A = [
  layer.file('src/app.js', 'one\ntwo\nthree\n', OLD),
  layer.file('src/data.bin', 'x\0y', OLD),
  layer.file('src/moved/from/here', 'moved away\n', OLD),
  layer.file('src/silent', 'before', OLD),
  layer.directory('src/moved', OLD),
  layer.directory('src', OLD),
];
const B = [
  layer.file('bin/tool', 'tool', { ...OLD, mode: 0o4755 }),
  layer.file('bin/ping', 'ping', { ...OLD, mode: 0o755, xattrs: { 'security.capability': CAP_NET_RAW } }),
  layer.whiteout('doc'),
  layer.symlink('link', 'new', OLD),
  layer.device('dev', 'char', [1, 5], OLD),
  layer.directory('kind', NEW),
  layer.file('touched', 'same', NEW),
  layer.file('added/x', 'x', NEW),
  layer.file('added/suid', 's', { ...NEW, mode: 0o4755 }),
  layer.file('odd\x1b[31m\xff', '', { ...NEW, owner: [5, 6], xattrs: { 'user.note': 'hi' } }),
  layer.file('src/app.js', 'one\n2\nthree\n', NEW),
  layer.file('src/data.bin', 'x\0z', NEW),
  layer.file('src/moved/to/here', 'moved away\n', OLD),
  layer.file('src/silent', 'behind', OLD),
  layer.directory('added', NEW),
  layer.directory('src/moved', OLD),
  layer.directory('src', OLD),
  layer.directory('bin', OLD),
];

describeSystem('the forms of stratafs diff', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const path = (name: string) => temporary.path(name);

  beforeAll(async () => {
    await oracle.write([
      { directory: path('base'), steps: BASE },
      { directory: path('a'), steps: A },
      { directory: path('b'), steps: B },
    ]);
  });

  const diff = async (...words: string[]) => {
    const sides = [`lowerdir=${path('a')}:${path('base')}`, `lowerdir=${path('b')}:${path('base')}`];
    const { stdout, stderr } = await stratafs(['diff', ...words, ...sides]);
    expect(stderr).toBe('');
    return Buffer.from(stdout, 'latin1').toString('utf8').replaceAll(temporary.directory, 'TMP');
  };

  it('prints a line a path', async () => {
    expect(await diff()).toMatchInlineSnapshot(`
      "A  lowerdir=TMP/a:TMP/base  2 layers
      B  lowerdir=TMP/b:TMP/base  2 layers  (1 shared)

        +  /added/**                         3 entries, 2B                         B2
       !+  /added/suid                       1 B  setuid ADDED                     B2
       !m  /bin/ping                         caps (none) → cap_net_raw=ep  caps ADDED  A1 → B2
       !m  /bin/tool                         mode 0755 → 4755  setuid ADDED        A1 → B2
        M  /dev                              device 1,3 → 1,5                      A1 → B2
        -  /doc/**                           4 entries, 5B                         B2 whiteout
        T  /kind                             file → dir  1 entry, 0B               A1 → B2
        M  /link                             target old → new                      A1 → B2
        +  /odd\\033[31m\\377                  0 B                                   B2
        M  /src/app.js                       content 14 → 12 B                     A2 → B2
        M  /src/data.bin                     content 3 B, from byte 2              A2 → B2
        -  /src/moved/from/**                2 entries, 11B                        A2
        +  /src/moved/to/**                  2 entries, 11B                        B2
        ?  /src/silent                       content 6 B, from byte 2              A2 → B2

      6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)
      "
    `);
  });

  it('--name-status', async () => {
    expect(await diff('--name-status')).toMatchInlineSnapshot(`
      "A	/added
      A	/added/suid
      A	/added/x
      M	/bin/ping
      M	/bin/tool
      M	/dev
      D	/doc
      D	/doc/a
      D	/doc/a/one
      D	/doc/a/two
      T	/kind
      M	/link
      A	/odd\\033[31m\\377
      M	/src/app.js
      M	/src/data.bin
      D	/src/moved/from
      D	/src/moved/from/here
      A	/src/moved/to
      A	/src/moved/to/here
      M	/src/silent
      "
    `);
  });

  it('--itemize, in the letters that rsync uses', async () => {
    expect(
      await diff('--itemize', '--path', '/src', '--path', '/bin', '--path', '/doc'),
    ).toMatchInlineSnapshot(`
      ".f........x bin/ping
      .f...p..... bin/tool
      *deleting   doc/
      *deleting   doc/a/
      *deleting   doc/a/one
      *deleting   doc/a/two
      >fcst...... src/app.js
      >fc.t...... src/data.bin
      *deleting   src/moved/from/
      *deleting   src/moved/from/here
      cd+++++++++ src/moved/to/
      >f+++++++++ src/moved/to/here
      >fc........ src/silent
      "
    `);
  });

  it('--tree', async () => {
    expect(await diff('--tree')).toMatchInlineSnapshot(`
      "/
       + added/**  3 entries, 2B
      │   !+ suid  1 B  setuid ADDED
      bin/
      │   !m ping  caps (none) → cap_net_raw=ep  caps ADDED
      │   !m tool  mode 0755 → 4755  setuid ADDED
       M dev  device 1,3 → 1,5
       - doc/**  4 entries, 5B
       T kind  file → dir  1 entry, 0B
       M link  target old → new
       + odd\\033[31m\\377  0 B
      src/
      │    M app.js  content 14 → 12 B
      │    M data.bin  content 3 B, from byte 2
      │   moved/
      │   │    - from/**  2 entries, 11B
      │   │    + to/**  2 entries, 11B
      │    ? silent  content 6 B, from byte 2

      6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)
      "
    `);
  });

  it('--stat', async () => {
    expect(await diff('--stat', '--depth', '1')).toMatchInlineSnapshot(`
      "ADDED     REMOVED   CHANGED   METADATA   SIZE      DIRECTORY
      1         0         3         0          -6B       /
      3         0         0         0          +2B       /added
      0         0         0         2          +0B       /bin
      0         4         0         0          -5B       /doc
      2         2         3         0          -2B       /src

      6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)
      "
    `);
  });

  it('--summary', async () => {
    expect(await diff('--summary')).toMatchInlineSnapshot(`
      "6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)
      13B added, 16B removed
      "
    `);
  });

  it('--patch', async () => {
    expect(await diff('--patch', '--path', '/src', '--path', '/link')).toMatchInlineSnapshot(`
      "diff --git a/link b/link
      --- a/link
      +++ b/link
      @@ -1 +1 @@
      -old
      \\ No newline at end of file
      +new
      \\ No newline at end of file
      diff --git a/src/app.js b/src/app.js
      --- a/src/app.js
      +++ b/src/app.js
      @@ -1,3 +1,3 @@
       one
      -two
      +2
       three
      diff --git a/src/data.bin b/src/data.bin
      Binary files a/src/data.bin and b/src/data.bin differ
      # 3B to 3B, first difference at byte 0x2
      diff --git a/src/moved/from/here b/src/moved/from/here
      deleted file mode 100644
      --- a/src/moved/from/here
      +++ /dev/null
      @@ -1 +0,0 @@
      -moved away
      diff --git a/src/moved/to/here b/src/moved/to/here
      new file mode 100644
      --- /dev/null
      +++ b/src/moved/to/here
      @@ -0,0 +1 @@
      +moved away
      diff --git a/src/silent b/src/silent
      --- a/src/silent
      +++ b/src/silent
      @@ -1 +1 @@
      -before
      \\ No newline at end of file
      +behind
      \\ No newline at end of file
      "
    `);
  });

  it('--mtree', async () => {
    expect(
      await diff('--mtree', '--path', '/src/silent', '--path', '/dev', '--path', '/doc'),
    ).toMatchInlineSnapshot(`
      "		./dev type=char mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 device=linux,1,3
      		./dev type=char mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 device=linux,1,5
      ./doc type=dir mode=0755 uid=0 gid=0 nlink=3 time=1000000000.000000001
      ./doc/a type=dir mode=0755 uid=0 gid=0 nlink=2 time=1000000000.000000001
      ./doc/a/one type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=2 sha256digest=4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865
      ./doc/a/two type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=3 sha256digest=f14b4987904bcb5814e4459a057ed4d20f58a633152288a761214dcd28780b56
      		./src/silent type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=6 sha256digest=6db7d803e74f1ffa7d8f5adc0bf95b3e15bf4c8373fffadf546227cc6c6742cb
      		./src/silent type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=6 sha256digest=b1b886ce5f5750a00ae3dd003702a16e4916e6830987e03094cbbf699cb0fae1
      "
    `);
  });

  it('--renames', async () => {
    expect(await diff('-M', '--name-status', '--path', '/src/moved')).toMatchInlineSnapshot(`
      "R100	/src/moved/from	/src/moved/to
      "
    `);
  });

  it('--json', async () => {
    const lines = (await diff('--json'))
      .replace(/"ms":\d+/, '"ms":0')
      // A directory's size is its file system's affair.
      .replace(/("type":"dir".*?"size":)\d+/g, '$10')
      .trimEnd()
      .split('\n');
    const summary = lines.pop();
    expect(lines.slice(1, 4).join('\n')).toMatchInlineSnapshot(`
      "{"t":"change","path":"/added","op":"add","subtree":{"entries":3,"bytes":2},"b":{"type":"dir","mode":"0755","uid":0,"gid":0,"size":0,"mtime":"2000000000.000000002","nlink":2,"layer":2}}
      {"t":"change","path":"/added/suid","op":"add","flags":["setuid-added"],"inSubtree":true,"b":{"type":"file","mode":"4755","uid":0,"gid":0,"size":1,"mtime":"2000000000.000000002","nlink":1,"layer":2}}
      {"t":"change","path":"/bin/ping","op":"modify","what":["caps"],"flags":["caps-added"],"a":{"type":"file","mode":"0755","uid":0,"gid":0,"size":4,"mtime":"1000000000.000000001","nlink":1,"layer":1},"b":{"type":"file","mode":"0755","uid":0,"gid":0,"size":4,"mtime":"1000000000.000000001","nlink":1,"layer":2}}"
    `);
    expect(summary).toMatchInlineSnapshot(
      `"{"t":"summary","equal":false,"add":6,"remove":6,"modify":5,"meta":2,"type":1,"rename":0,"hidden":{"mtime":1,"init":0,"noise":0},"bytes":{"added":13,"removed":16},"cost":{"names":24,"filesRead":12,"ms":0},"errors":0,"complete":true}"`,
    );
  });

  it.each<[string[], string]>([
    [['--type', 'l'], 'M\t/link'],
    [['--include', '*.js'], 'M\t/src/app.js'],
    [['--include', '/bin/*', '--exclude', 'ping'], 'M\t/bin/tool'],
    [['--path', '/src', '--exclude', '/src/moved', '--ignore', 'content'], ''],
    [['--only', 'rdev', '--path', '/dev'], 'M\t/dev'],
    [['--path', '/bin', '--ignore', 'caps'], 'M\t/bin/tool'],
    [['--path', '/bin', '--ignore-xattr', 'security.capability'], 'M\t/bin/tool'],
    [['--path', '/touched'], ''],
    [['--path', '/touched', '--mtime'], 'M\t/touched'],
  ])('%j leaves the rest out', async (words, expected) => {
    expect((await diff('--name-status', ...words)).trimEnd()).toBe(expected);
  });

  it('ends names with NUL as they are, with -z', async () => {
    const sides = [`lowerdir=${path('a')}:${path('base')}`, `lowerdir=${path('b')}:${path('base')}`];
    const { stdout } = await stratafs(['diff', '--name-status', '-z', '--include', 'odd*', ...sides]);
    expect(stdout).toBe('A\0/odd\x1b[31m\xff\0');
  });

  describeSystem('beside git', ['git'], () => {
    it('makes a patch that turns one tree into the other', async () => {
      const patch = path('src.patch');
      writeFileSync(
        patch,
        await diff('--patch', '--path', '/src/app.js', '--path', '/src/moved', '--path', '/link'),
        'latin1',
      );
      const tree = path('patched');
      await oracle.write([{ directory: tree, steps: [...BASE, ...A] }]);
      const { code, stderr } = await run('git', ['apply', '--unsafe-paths', `--directory=${tree}`, patch], {
        cwd: '/',
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { stdout } = await stratafs([
        'diff',
        '--name-status',
        '--path',
        '/src',
        '--path',
        '/link',
        `lowerdir=${tree}`,
        `lowerdir=${path('b')}:${path('base')}`,
      ]);
      // What is binary is only named, and a file of another type or time is not git's business.
      expect(stdout).toBe('M\t/src/data.bin\nM\t/src/silent\n');
    });
  });

  describeSystem('beside rsync', ['rsync'], () => {
    it('--itemize --mtime prints what rsync prints', async () => {
      const [a, b] = [
        await mountKernel(oracle, temporary, [path('a'), path('base')]),
        await mountKernel(oracle, temporary, [path('b'), path('base')]),
      ];
      const { stdout } = await run('rsync', ['-anicAX', '--delete', `${b.directory}/`, `${a.directory}/`]);
      const theirs = stdout
        .replaceAll(/\\#(\d{3})/g, '\\$1')
        .replaceAll(/ -> .*$/gm, '')
        .split('\n')
        .filter((line) => line !== '' && !line.endsWith(' ./'));
      const ours = (await diff('--itemize', '--mtime')).split('\n').filter(Boolean);
      expect(ours.sort().join('\n')).toBe(theirs.sort().join('\n'));
    });
  });

  it('tells links that came or went with --hardlinks, of untouched files too', async () => {
    const [two, one] = [path('two-links'), path('one-link')];
    await oracle.write([
      { directory: two, steps: [layer.file('a', 'x', OLD), layer.link('b', 'a'), layer.link('c', 'a')] },
      { directory: one, steps: [layer.file('b', 'x', OLD)] },
    ]);
    const sides = [`lowerdir=${two}`, `lowerdir=${one}:${two}`];
    expect((await stratafs(['diff', '--name-status', ...sides])).stdout).toBe('');
    const { stdout } = await stratafs(['diff', '--name-status', '--hardlinks', ...sides]);
    expect(stdout).toBe('M\t/a\nM\t/b\nM\t/c\n');
  });

  it('names what cannot be looked up, and compares the rest', async () => {
    const [top, bottom] = [path('broken-top'), path('broken-bottom')];
    await oracle.write([
      {
        directory: top,
        steps: [layer.file('stub', 'x', OLD), layer.metacopy('stub'), layer.file('other', '1', OLD)],
      },
      { directory: bottom, steps: [layer.file('stub', 'y', OLD)] },
    ]);
    const outcome = await stratafs([
      'diff',
      '--name-status',
      `lowerdir=${bottom}`,
      `lowerdir=${top}:${bottom}`,
    ]);
    expect(outcome).toMatchObject({ code: 2, stdout: 'A\t/other\n' });
    expect(outcome.stderr).toContain('"/stub"');
  });

  describe('manifest', () => {
    it('describes a tree as mtree(5)', async () => {
      const { stdout } = await stratafs(['manifest', `lowerdir=${path('b')}:${path('base')}`]);
      expect(
        stdout.replaceAll(temporary.directory, 'TMP').replaceAll(/(type=dir.*) time=\S+/g, '$1'),
      ).toMatchInlineSnapshot(`
        "#mtree v2.0
        # xattrs: all
        # lowerdir=lowerdir=TMP/b:TMP/base layers=2
        . type=dir mode=0755 uid=0 gid=0 nlink=1
        ./added type=dir mode=0755 uid=0 gid=0 nlink=2
        ./added/suid type=file mode=04755 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=1 sha256digest=043a718774c572bd8a25adbeb1bfcd5c0256ae11cecf9f9c3f925d0e52beaf89
        ./added/x type=file mode=0644 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=1 sha256digest=2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
        ./bin type=dir mode=0755 uid=0 gid=0 nlink=1
        ./bin/ping type=file mode=0755 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=4 sha256digest=758d61f26a44448384e5c4468a0dcb7a2abe456067b0f7b505bc28b9411fe931
        # xattr.security.capability=AQAAAgAgAAAAAAAAAAAAAAAAAAA=
        ./bin/tool type=file mode=04755 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=4 sha256digest=7c9bbe5ec9b3fb774e8fa0f54247e93c34ddf8e5d16fe3073420de0ae81a262d
        ./dev type=char mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 device=linux,1,5
        ./kind type=dir mode=0755 uid=0 gid=0 nlink=2
        ./link type=link mode=0777 uid=0 gid=0 nlink=1 time=1000000000.000000001 link=new
        ./odd\\033\\13331m\\377 type=file mode=0644 uid=5 gid=6 nlink=1 time=2000000000.000000002 size=0 sha256digest=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        # xattr.user.note=aGk=
        ./shared type=dir mode=0755 uid=0 gid=0 nlink=3
        ./shared/deep type=dir mode=0755 uid=0 gid=0 nlink=2
        ./shared/deep/file type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=4 sha256digest=0967115f2813a3541eaef77de9d9d5773f1c0c04314b0bbfe4ff3b3b1c55b5d5
        ./src type=dir mode=0755 uid=0 gid=0 nlink=3
        ./src/app.js type=file mode=0644 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=12 sha256digest=bc85caa9b61bcf3a54ccfc800e2b0eda6c11fa5df4e0481c896d31cda2462eb2
        ./src/data.bin type=file mode=0644 uid=0 gid=0 nlink=1 time=2000000000.000000002 size=3 sha256digest=930221f6949d184d073bd37582fc6caefa5582ce32d34c965d2409f1d6f31536
        ./src/moved type=dir mode=0755 uid=0 gid=0 nlink=3
        ./src/moved/to type=dir mode=0755 uid=0 gid=0 nlink=2
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
          const view = await mountKernel(oracle, temporary, [path('b'), path('base')]);
          const { stdout } = await stratafs(['manifest', `lowerdir=${path('b')}:${path('base')}`]);
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
          const bsdtar = ['-cf', '-', '--format=mtree', '--options', 'mtree:sha256', '-C', path('base'), '.'];
          const words = program === 'mtree' ? ['-c', '-K', 'sha256,device', '-p', path('base')] : bsdtar;
          await run(program, words, { stdoutFile: file });
          const same = await stratafs(['diff', file, `lowerdir=${path('base')}`]);
          expect(same).toMatchObject({ code: 0, stderr: '' });
          const sides = [`lowerdir=${path('base')}`, `lowerdir=${path('b')}:${path('base')}`];
          const told = await stratafs(['diff', '--name-status', '--ignore', 'caps', ...sides]);
          const other = await stratafs(['diff', '--name-status', file, sides[1] ?? '']);
          expect(other.stdout).toBe(told.stdout);
        });
      });
    }
  });
});
