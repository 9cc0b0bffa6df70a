// Each form of output of `stratafs diff`, whole, on one pair of small stacks.
import { writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { DiffPair, OLD } from '../support/diff-pair.ts';
import * as layer from '../support/layers.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { Oracle } from '../support/oracle.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

describeSystem('the forms of stratafs diff', ['root', 'overlay', 'python', 'build'], () => {
  const temporary = temporaryForSuite();
  const oracle = new Oracle(temporary);
  const pair = new DiffPair(temporary, stratafs);
  const path = (name: string) => temporary.path(name);
  const diff = (...words: string[]) => pair.diff(...words);

  beforeAll(() => pair.write(oracle));

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
      "ADDED     REMOVED   CHANGED   METADATA   TYPE      SIZE      DIRECTORY
      1         0         2         0          1         -6B       /
      3         0         0         0          0         +2B       /added
      0         0         0         2          0         +0B       /bin
      0         4         0         0          0         -5B       /doc
      2         2         3         0          0         -2B       /src

      6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)
      "
    `);
  });

  it('--summary', async () => {
    expect(await diff('--summary')).toMatchInlineSnapshot(`
      "6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)
      13B added, 22B removed
      layers 64B → 79B (+15B): shown -11B, hidden +26B (21B rewritten in B2 (12B of it as it was), 5B deleted in B2)
      "
    `);
  });

  it('--patch', async () => {
    expect(await diff('--patch', '--path', '/src', '--path', '/link')).toMatchInlineSnapshot(`
      "diff --git a/link b/link
      index 489ce0f..3e5126c 120000
      --- a/link
      +++ b/link
      @@ -1 +1 @@
      -old
      \\ No newline at end of file
      +new
      \\ No newline at end of file
      diff --git a/src/app.js b/src/app.js
      index 4cb29ea..f04eb26 100644
      --- a/src/app.js
      +++ b/src/app.js
      @@ -1,3 +1,3 @@
       one
      -two
      +2
       three
      # Binary files a/src/data.bin and b/src/data.bin differ: 3B to 3B, first difference at byte 0x2
      diff --git a/src/moved/from/here b/src/moved/from/here
      deleted file mode 100644
      index b8516ea..0000000
      --- a/src/moved/from/here
      +++ /dev/null
      @@ -1 +0,0 @@
      -moved away
      diff --git a/src/moved/to/here b/src/moved/to/here
      new file mode 100644
      index 0000000..b8516ea
      --- /dev/null
      +++ b/src/moved/to/here
      @@ -0,0 +1 @@
      +moved away
      diff --git a/src/silent b/src/silent
      index ee2363a..96ac65e 100644
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
      "		./dev type=char mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 device=native,1,3
      		./dev type=char mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 device=native,1,5
      ./doc type=dir mode=0755 uid=0 gid=0 time=1000000000.000000001
      ./doc/a type=dir mode=0755 uid=0 gid=0 time=1000000000.000000001
      ./doc/a/one type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=2 sha256digest=4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865
      ./doc/a/two type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=3 sha256digest=f14b4987904bcb5814e4459a057ed4d20f58a633152288a761214dcd28780b56
      		./src/silent type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=6 sha256digest=6db7d803e74f1ffa7d8f5adc0bf95b3e15bf4c8373fffadf546227cc6c6742cb
      		./src/silent type=file mode=0644 uid=0 gid=0 nlink=1 time=1000000000.000000001 size=6 sha256digest=b1b886ce5f5750a00ae3dd003702a16e4916e6830987e03094cbbf699cb0fae1
      "
    `);
  });

  it('--patch says in comments what git cannot', async () => {
    const lines = (await diff('--patch', '--exclude', '/src', '--exclude', '/doc')).split('\n');
    expect(lines.filter((line) => line.startsWith('#')).join('\n')).toMatchInlineSnapshot(`
      "# + /added/suid  1 B  setuid ADDED
      # m /bin/ping  caps (none) → cap_net_raw=ep  caps ADDED
      # m /bin/tool  mode 0755 → 4755  setuid ADDED
      # M /dev  device 1,3 → 1,5"
    `);
  });

  it('--by-layer', async () => {
    expect(await diff('--by-layer')).toMatchInlineSnapshot(`
      "LAYER     ADDED     REMOVED   CHANGED   METADATA   TYPE      SIZE      STORED    SHOWN     HIDDEN    CREATED BY
      A2        0         2         0         0          0         -11B      -34B      -34B      +0B       plain
      B1        0         0         0         0          0         +0B       +0B       -26B      +26B      plain
      B2        6         4         5         2          1         +0B       +49B      +49B      +0B       plain

      6 added, 6 removed, 5 changed, 2 metadata only, 1 of another type (1 differ in time only, --mtime shows them)
      layers 64B → 79B (+15B): shown -11B, hidden +26B (21B rewritten in B2 (12B of it as it was), 5B deleted in B2)
      "
    `);
  });

  it('--docker', async () => {
    const { code, stdout, stderr } = await stratafs(['diff', '--docker', ...pair.sides]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'stratafs: Not told by docker diff: 2 files of other contents under one size and one time\n',
    );
    expect(stdout).toMatchInlineSnapshot(`
      "A /added
      A /added/suid
      A /added/x
      C /bin
      C /bin/ping
      C /bin/tool
      C /dev
      D /doc
      C /kind
      A /odd\\033[31m\\377
      C /src
      C /src/app.js
      C /src/data.bin
      C /src/moved
      D /src/moved/from
      A /src/moved/to
      A /src/moved/to/here
      C /touched
      "
    `);
  });

  it('in colour', async () => {
    expect(
      (await diff('--color', 'always', '--path', '/bin')).replaceAll('\x1b', 'ESC'),
    ).toMatchInlineSnapshot(`
      "A  lowerdir=TMP/a:TMP/base  2 layers
      B  lowerdir=TMP/b:TMP/base  2 layers  (1 shared)

       ESC[31m!ESC[0mESC[36mmESC[0m  /bin/ping                         caps (none) → cap_net_raw=ep  caps ADDED  ESC[2mA1 → B2ESC[0m
       ESC[31m!ESC[0mESC[36mmESC[0m  /bin/tool                         mode 0755 → 4755  setuid ADDED        ESC[2mA1 → B2ESC[0m

      2 metadata only
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
    expect(lines.pop()).toBe('{"t":"end","exit":1}');
    const summary = lines.pop();
    expect(lines.slice(1, 4).join('\n')).toMatchInlineSnapshot(`
      "{"t":"change","path":"/added","op":"add","subtree":{"entries":3,"bytes":2},"b":{"type":"dir","mode":"0755","uid":0,"gid":0,"size":0,"mtime":"2000000000.000000002","nlink":2,"layer":2}}
      {"t":"change","path":"/added/suid","op":"add","flags":["setuid-added"],"inSubtree":true,"b":{"type":"file","mode":"4755","uid":0,"gid":0,"size":1,"mtime":"2000000000.000000002","nlink":1,"layer":2}}
      {"t":"change","path":"/bin/ping","op":"modify","what":["caps"],"flags":["caps-added"],"a":{"type":"file","mode":"0755","uid":0,"gid":0,"size":4,"mtime":"1000000000.000000001","nlink":1,"layer":1},"b":{"type":"file","mode":"0755","uid":0,"gid":0,"size":4,"mtime":"1000000000.000000001","nlink":1,"layer":2}}"
    `);
    expect(summary).toMatchInlineSnapshot(
      `"{"t":"summary","equal":false,"add":6,"remove":6,"modify":5,"meta":2,"type":1,"rename":0,"hidden":{"mtime":1,"init":0,"noise":0},"bytes":{"added":13,"removed":22},"noise":0,"cost":{"names":24,"filesRead":12,"ms":0},"errors":0,"complete":true}"`,
    );
  });

  it('--json with --summary', async () => {
    const lines = (await diff('--json', '--summary')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { t: string }).t)).toEqual(['header', 'summary', 'end']);
  });

  it('--json says what was left out', async () => {
    const [header = ''] = (await diff('--json', '--path', '/bin', '--type', 'f,d', '--only', 'mode')).split(
      '\n',
    );
    expect(JSON.parse(header)).toMatchObject({
      opts: {
        ignore: ['content', 'target', 'rdev', 'uid', 'gid', 'mtime', 'xattr', 'caps', 'acl'],
        path: ['/bin'],
        type: ['f', 'd'],
      },
    });
  });

  it('takes a directory as it stands', async () => {
    const { code, stdout } = await stratafs(['diff', '--name-status', pair.a, pair.b]);
    const straight = await stratafs(['diff', '--name-status', `lowerdir=${pair.a}`, `lowerdir=${pair.b}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: straight.stdout });
  });

  it.each<[string[], string]>([
    [['--name-status', '--itemize'], 'Cannot print in two forms at once: --name-status and --itemize'],
    [['--json', '--by-layer'], 'Cannot print in two forms at once: --json and --by-layer'],
    [['-z'], 'Cannot end names with NUL: -z goes with --name-status, --name-only or --itemize'],
    [['--depth', '1', '--tree'], 'Cannot use "--depth": it goes with --stat'],
    [['-M', '--docker'], 'Cannot look for renames: --docker has no letter for them'],
    [['--only', 'color'], '"color" is none of content, target, '],
    [['--fail-on', 'colour'], '"colour" is none of added, removed, '],
    [['--path', '/none'], 'Cannot find "/none" in '],
  ])('refuses %j, and says why', async (words, message) => {
    const { code, stdout, stderr } = await stratafs(['diff', ...words, ...pair.sides]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('refuses a file that is no manifest, and names the line', async () => {
    const garbage = path('garbage.mtree');
    writeFileSync(garbage, '#mtree\n. type=dir\nthis is prose\n');
    const { code, stdout, stderr } = await stratafs(['diff', garbage, pair.sides[0]]);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `stratafs: Cannot read "${garbage}": line 3 is not mtree: is\n`,
    });
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
    const { stdout } = await stratafs(['diff', '--name-status', '-z', '--include', 'odd*', ...pair.sides]);
    expect(stdout).toBe('A\0/odd\x1b[31m\xff\0');
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
    const json = await stratafs(['diff', '--json', `lowerdir=${bottom}`, `lowerdir=${top}:${bottom}`]);
    const lines = json.stdout.trimEnd().split('\n').slice(2);
    expect(lines[0]).toBe('{"t":"error","side":"b","path":"/stub","code":"EPERM","doing":"look up"}');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      t: 'summary',
      equal: false,
      errors: 1,
      complete: false,
    });
  });
});
