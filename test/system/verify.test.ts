// `stratafs verify` on a real engine's data root: copies of it are tampered with in every way, and each is found and named.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecords, jsonRecordsOfBytes } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

interface Verified {
  readonly code: number | null;
  readonly stderr: string;
  /** `severity class layer path` of each finding but notes and known differences; then `verdict type` of each subject. */
  readonly lines: readonly string[];
}

const DOCKERFILE = `
FROM base
RUN rm /etc/gone && rm -r /tree && mkdir /tree && echo new > /tree/new
RUN mkdir /x && echo data > /x/file && ln /x/file /x/hard && ln -s file /x/link && mknod /x/null c 1 3 \\
  && truncate -s 100 /x/zeros && touch /x/empty && chown 1000:1001 /x/empty && chmod 4711 /x/zeros
`;

/** Done in the directory of the base image. */
const BASE = `cd "$1" && mkdir bin etc tree && echo gone > etc/gone && echo old > tree/old &&
  setfattr -n user.note -v here etc && touch -d 1960-01-01 etc/old &&
  echo one > bin/one && setcap cap_net_raw+ep bin/one && ln bin/one bin/two &&
  head -c 300000 /dev/urandom > bin/data && setcap cap_chown+ep bin/data &&
  printf x > "etc/$(printf 'b\\377ad')" && touch "etc/$(printf '%0200d' 0)" && mkfifo etc/fifo`;

describeSystem(
  'stratafs verify',
  ['root', 'docker', 'busybox', 'python', 'rsync', 'attributes', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const engine = new Engine(temporary);
    /** Directories of the layers of `app` in the engine's root, base first, relative to the root. */
    const layers: string[] = [];
    let copies = 0;

    beforeAll(async () => {
      await engine.start();
      const base = temporary.path('base');
      mkdirSync(base);
      run(BASE, base);
      await engine.importBusybox('base', { into: base });
      await engine.build('app', DOCKERFILE);
      await engine.docker(['create', '--name', 'box', 'app', '/bin/sh']);
      const directories = await engine.layersOf('app', 'image');
      layers.push(...directories.reverse().map((directory) => directory.slice(engine.dataRoot.length + 1)));
      await engine.stop();
    });

    function run(script: string, ...args: readonly string[]): void {
      const { status, stderr } = spawnSync('sh', ['-ec', script, 'sh', ...args]);
      if (status !== 0) throw new Error(`${script}: ${stderr}`);
    }

    function bash(script: string, ...args: readonly string[]): void {
      const { status, stderr } = spawnSync('bash', ['-ec', script, 'bash', ...args]);
      if (status !== 0) throw new Error(`${script}: ${stderr}`);
    }

    async function copy(): Promise<string> {
      copies += 1;
      const root = temporary.path(`copy-${copies}`);
      await succeed('cp', ['-a', engine.dataRoot, root]);
      return root;
    }

    async function verify(root: string, ...args: readonly string[]): Promise<Verified> {
      const { code, stdout, stderr } = await stratafs(['--root', root, 'verify', '--json', ...args]);
      const records = jsonRecordsOfBytes<Record<string, string>>(stdout);
      const lines = records.flatMap(({ t, severity, class: kind, layer, path, verdict }) => {
        if (t === 'layer' || t === 'total') return [];
        if (t !== 'finding') return [`${verdict} ${t}`];
        if (severity === 'known' || severity === 'note') return [];
        // What is in a layer is told from its root on.
        const shown = layer === undefined ? path : path?.slice(1);
        return [[severity, kind, layer, shown].filter((word) => word !== undefined).join(' ')];
      });
      return { code, stderr, lines };
    }

    it('verifies what the engine has made, all of it', async () => {
      const all = ['--root', engine.dataRoot, 'verify', '--all', '--images', '--json'];
      const { code, stdout, stderr } = await stratafs(all);
      const verdicts = jsonRecords<{ verdict?: string }>(stdout).map(({ verdict }) => verdict);
      expect({
        code,
        stderr,
        odd: verdicts.filter((verdict) => verdict !== undefined && verdict !== 'verified'),
      }).toEqual({ code: 0, stderr: '', odd: [] });
      expect(await verify(engine.dataRoot, 'app')).toEqual({
        code: 0,
        stderr: '',
        lines: ['verified image'],
      });
    });

    it('takes a time before 1970 for what Docker makes of it', async () => {
      const { stdout } = await stratafs(['--root', engine.dataRoot, 'verify', '-v', 'base']);
      expect(stdout).not.toContain('etc/old');
      const root = await copy();
      run('touch -d 1960-01-01 "$1"', join(root, layers[0] ?? '', 'etc/old'));
      const { stdout: changed } = await stratafs(['--root', root, 'verify', '-v', 'base']);
      expect(changed).toMatch(/^note +base:latest layer 1 {2}mtime {2}etc\/old: expected 1970-01-01/m);
    });

    it('changes nothing, access times included, and reads where nothing can be written', async () => {
      const root = await copy();
      run('find "$1" -exec touch -h -a -d 2001-01-01 {} +', root);
      // The test looks through a mount of its own that keeps no access times.
      const view = temporary.path('view');
      run('mkdir "$2"; mount --bind "$1" "$2"; mount -o remount,bind,noatime "$2"', root, view);
      const listing = () => succeed('find', [view, '-printf', '%P %i %m %U:%G %s %T@ %A@ %C@ %l\\n']);
      const before = await listing();
      expect(await verify(root, '--all', '--images')).toMatchObject({ code: 0 });
      expect((await listing()) === before).toBe(true);
      run('mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"', root);
      expect(await verify(root, '--all', '--images')).toMatchObject({ code: 0 });
      expect((await listing()) === before).toBe(true);
    });

    /** [what is done, in which layer (base is 1), to which path (of its directory), the finding] */
    const TAMPERINGS: readonly [
      name: string,
      layer: number,
      path: string,
      script: string,
      ...findings: string[],
    ][] = [
      [
        'bytes changed, size and time kept',
        1,
        'bin/data',
        'touch -r "$1" ref; printf XYZ | dd of="$1" bs=1 seek=1000 conv=notrunc; touch -r ref "$1"; setcap cap_chown+ep "$1"',
        'content',
      ],
      ['bytes added', 3, 'x/file', 'echo more >> "$1"', 'content'],
      ['a file cut short', 3, 'x/zeros', 'truncate -s 99 "$1"; chmod 4711 "$1"', 'content'],
      ['a file removed', 2, 'tree/new', 'rm "$1"', 'missing'],
      ['an empty file removed', 3, 'x/empty', 'rm "$1"', 'missing'],
      ['a file planted', 2, 'tree/planted', 'echo evil > "$1"', 'extra'],
      [
        'a tree planted, and all that is in it',
        3,
        'x/deep',
        'mkdir -p "$1/a"; touch "$1/a/b"',
        'extra 3 x/deep',
        'extra 3 x/deep/a',
        'extra 3 x/deep/a/b',
      ],
      ['a whiteout planted', 3, 'x/ghost', 'mknod "$1" c 0 0', 'whiteout'],
      ['a whiteout lost', 2, 'etc/gone', 'rm "$1"', 'whiteout'],
      ['a whiteout made a file', 2, 'etc/gone', 'rm "$1"; touch "$1"', 'whiteout'],
      ['an opaque mark lost', 2, 'tree', 'setfattr -x trusted.overlay.opaque "$1"', 'whiteout'],
      ['an opaque mark planted', 3, '.', 'mkdir -p "$1/x"; setfattr -n trusted.overlay.opaque -v y "$1/x"'],
      ['a redirect planted', 2, 'tree', 'setfattr -n trusted.overlay.redirect -v /etc "$1"', 'xattr'],
      ['a mode changed', 3, 'x/empty', 'chmod 777 "$1"', 'mode'],
      ['a directory opened', 3, 'x', 'chmod 1777 "$1"', 'mode'],
      ['an owner changed', 3, 'x/empty', 'chown 0:1001 "$1"', 'owner'],
      ["a symlink's owner changed", 3, 'x/link', 'chown -h 5:5 "$1"', 'owner'],
      ['a symlink led elsewhere', 3, 'x/link', 'ln -sfn /etc/shadow "$1"', 'link'],
      ['a hard link parted', 3, 'x/hard', 'cp -a "$1" copied; rm "$1"; cp -a copied "$1"', 'link'],
      ['a device changed', 3, 'x/null', 'rm "$1"; mknod -m 644 "$1" c 1 5', 'device'],
      ['a file made a symlink', 3, 'x/zeros', 'ln -sf /etc/passwd "$1"', 'type'],
      ['a file made a fifo', 3, 'x/zeros', 'rm "$1"; mkfifo "$1"', 'type'],
      ['a file made a device', 3, 'x/zeros', 'rm "$1"; mknod "$1" c 1 5', 'type'],
      ['a fifo made a directory', 1, 'etc/fifo', 'rm "$1"; mkdir "$1"', 'type'],
      ['an attribute planted', 3, 'x/empty', 'setfattr -n user.evil -v 1 "$1"', 'xattr'],
      ['an attribute changed', 1, 'etc', 'setfattr -n user.note -v gone "$1"', 'xattr'],
      ['an attribute removed', 1, 'etc', 'setfattr -x user.note "$1"', 'xattr'],
      ['a capability given', 3, 'x/zeros', 'setcap cap_sys_admin+ep "$1"', 'xattr'],
      ['a capability taken', 1, 'bin/data', 'setcap -r "$1"', 'xattr'],
      ['an access list given', 3, 'x/empty', 'setfacl -m u:1000:rwx "$1"', 'mode', 'xattr'],
      ['a name of odd bytes removed', 1, 'etc/b\\377ad', 'rm "$(printf "$1")"', 'missing 1 etc/b\ufffdad'],
    ];

    /** Those that do not touch each other are done in one copy. */
    const groups: (typeof TAMPERINGS)[number][][] = [];
    for (const tampering of TAMPERINGS) {
      const place = ([, layer, path, , ...findings]: (typeof TAMPERINGS)[number]) =>
        findings.length === 0 ? '' : `${layer}/${path.replace(/^x\/(?:hard|file)$/, 'x/linked')}/`;
      const isApart = (other: (typeof TAMPERINGS)[number]) =>
        !place(other).startsWith(place(tampering)) && !place(tampering).startsWith(place(other));
      const group = groups.find((each) => each.every(isApart));
      if (group === undefined) groups.push([tampering]);
      else group.push(tampering);
    }

    it.each(groups.map((group) => [group.map(([name]) => name).join(', '), group] as const))(
      'finds %s',
      async (_, group) => {
        const root = await copy();
        const expected: string[] = [];
        for (const [, layer, path, script, ...findings] of group) {
          run(`cd "$2"; ${script}`, join(root, layers[layer - 1] ?? '', path), root);
          for (const finding of findings)
            expected.push(
              finding.includes(' ') ? `tampered ${finding}` : `tampered ${finding} ${layer} ${path}`,
            );
        }
        const { code, lines } = await verify(root, 'app');
        if (expected.length === 0) expect({ code, lines }).toEqual({ code: 0, lines: ['verified image'] });
        else
          expect({ code, lines: [...lines].sort() }).toEqual({
            code: 1,
            lines: [...expected, 'tampered image'].sort(),
          });
      },
    );

    it('finds an opaque mark that hides something below', async () => {
      const root = await copy();
      run('setfattr -n trusted.overlay.opaque -v y "$1"', join(root, layers[1] ?? '', 'etc'));
      const { code, lines } = await verify(root, 'app');
      expect({ code, lines }).toEqual({ code: 1, lines: ['tampered whiteout 2 etc', 'tampered image'] });
    });

    it('lists a planted tree only as deep as anybody looks', async () => {
      const root = await copy();
      const script =
        'import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(5000): os.mkdir("d"); os.chdir("d")';
      await succeed('python3', ['-c', script, join(root, layers[2] ?? '')]);
      const { code, stdout, stderr } = await stratafs(['--root', root, 'verify', '-v', 'app']);
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
      expect(stdout).toContain('/d: what lies deeper is not listed');
    });

    it('names every file of a directory that became a link to elsewhere, and does not follow it', async () => {
      const root = await copy();
      const directory = join(root, layers[1] ?? '', 'tree');
      rmSync(directory, { recursive: true });
      symlinkSync('/etc', directory);
      const { code, lines } = await verify(root, 'app');
      expect({ code, lines: [...lines].sort() }).toEqual({
        code: 1,
        lines: [
          'tampered image',
          'tampered missing 2 tree/new',
          'tampered type 2 tree',
          'tampered whiteout 2 tree',
        ],
      });
    });

    /** The directories in layerdb of the layers of `app`, base first. */
    function records(root: string): string[] {
      const image = join(root, 'image/overlay2');
      const names = JSON.parse(readFileSync(join(image, 'repositories.json'), 'utf8'));
      const id = String(names.Repositories.app['app:latest']).slice(7);
      const config = JSON.parse(readFileSync(join(image, 'imagedb/content/sha256', id), 'utf8'));
      let chain = '';
      return config.rootfs.diff_ids.map((diffId: string) => {
        chain =
          chain === '' ? diffId : `sha256:${createHash('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
        return join(image, 'layerdb/sha256', chain.slice(7));
      });
    }

    /** What is done to the record of layer 3, and what is said of it. */
    const DAMAGES: readonly [name: string, spoil: (record: string) => void, finding: string][] = [
      [
        'tar-split cut off',
        (record) => truncateSync(join(record, 'tar-split.json.gz'), 200),
        'unverifiable tar-split 3',
      ],
      ['tar-split gone', (record) => rmSync(join(record, 'tar-split.json.gz')), 'unverifiable tar-split 3'],
      [
        'tar-split a fifo',
        (record) => run('rm "$1"; mkfifo "$1"', join(record, 'tar-split.json.gz')),
        'unverifiable tar-split 3',
      ],
      [
        'tar-split a link',
        (record) =>
          run('mv "$1" "$2"; ln -s "$2" "$1"', join(record, 'tar-split.json.gz'), join(record, 'moved')),
        'unverifiable tar-split 3',
      ],
      [
        'tar-split no gzip',
        (record) => writeFileSync(join(record, 'tar-split.json.gz'), 'x'),
        'unverifiable tar-split 3',
      ],
      ['layerdb entry gone', (record) => rmSync(record, { recursive: true }), 'unverifiable chain 3'],
      [
        'cache-id a path',
        (record) => writeFileSync(join(record, 'cache-id'), '../../../etc'),
        'unverifiable chain 3',
      ],
    ];

    it.each(DAMAGES)('tells %s from tampering, and goes on', async (_, spoil, finding) => {
      const root = await copy();
      spoil(records(root)[2] ?? '');
      expect(await verify(root, 'app')).toEqual({
        code: 4,
        stderr: '',
        lines: [finding, 'unverifiable image'],
      });
    });

    it('finds another diff ID, and another parent', async () => {
      const root = await copy();
      writeFileSync(join(records(root)[1] ?? '', 'diff'), `sha256:${'0'.repeat(64)}`);
      writeFileSync(join(records(root)[2] ?? '', 'parent'), `sha256:${'0'.repeat(64)}`);
      const { code, lines } = await verify(root, 'app');
      expect({ code, lines }).toEqual({
        code: 1,
        lines: ['tampered chain 2', 'tampered chain 3', 'tampered image'],
      });
    });

    it('finds a record that was changed to agree with a changed mode', async () => {
      const root = await copy();
      const file = join(records(root)[2] ?? '', 'tar-split.json.gz');
      const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n');
      const changed = lines.map((line) => {
        if (!line.includes('"type":2')) return line;
        const value = JSON.parse(line);
        const bytes = Buffer.from(value.payload ?? '', 'base64');
        const at = bytes.indexOf('x/empty\0');
        if (at < 0) return line;
        bytes.write('0000777', at + 100, 'latin1');
        bytes.write('        ', at + 148, 'latin1');
        const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
        bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
        return JSON.stringify({ ...value, payload: bytes.toString('base64') });
      });
      expect(changed).not.toEqual(lines);
      writeFileSync(file, gzipSync(changed.join('\n')));
      run('chmod 777 "$1"', join(root, layers[2] ?? '', 'x/empty'));
      const { code, lines: found } = await verify(root, 'app');
      expect({ code, found }).toEqual({ code: 1, found: ['tampered tar-split 3', 'tampered image'] });
    });

    /** Every owner of the layers through a user namespace: root is $2, user 1 is $3. 1000 is a rootless daemon's user. */
    const NAMESPACE = `
    cd "$1"
    for path in overlay2/*/diff overlay2/*/work; do
      find "$path" -printf '%U %G %p\\0' | while IFS= read -r -d '' entry; do
        uid=\${entry%% *}; rest=\${entry#* }; gid=\${rest%% *}; file=\${rest#* }
        [ "$uid" = 0 ] && uid=$2 || uid=$((uid + $3 - 1))
        [ "$gid" = 0 ] && gid=$2 || gid=$((gid + $3 - 1))
        mode=$(stat -c %a "$file")
        chown -h "$uid:$gid" "$file"
        [ -h "$file" ] || chmod "$mode" "$file"
      done
    done
    if [ "$2" = 1000 ]; then
      chown -R 1000:1000 image
      find overlay2/*/diff -type d | while IFS= read -r path; do
        getfattr -n trusted.overlay.opaque "$path" > /dev/null 2>&1 || continue
        setfattr -x trusted.overlay.opaque "$path"; setfattr -n user.overlay.opaque -v y "$path"
      done
    fi
    setcap cap_chown+ep "$4/bin/data"`;

    it.each([
      ['userns-remap, under another name', '100000', '100001'],
      ['a rootless daemon', '1000', '100000'],
    ])(
      'verifies a store with the owners of %s, and finds the one that was changed',
      async (_, root0, user1) => {
        const root = await copy();
        bash(NAMESPACE, root, root0, user1, layers[0] ?? '');
        expect(await verify(root, 'app')).toMatchObject({ code: 0, lines: ['verified image'] });
        const { stdout } = await stratafs(['--root', root, 'verify', '-v', 'app']);
        expect(stdout).toMatch(new RegExp(`^known .* owner: .*expected 0:0, found ${root0}:${root0}$`, 'm'));
        run(
          'chown -h 0:0 "$1"; chown -h 5:5 "$2"',
          ...['x/link', 'x/empty'].map((name) => join(root, layers[2] ?? '', name)),
        );
        expect(await verify(root, 'app')).toMatchObject({
          code: 1,
          lines: ['tampered owner 3 x/empty', 'tampered owner 3 x/link', 'tampered image'],
        });
      },
    );

    it('says of a poor copy what it has lost, and where to have it from', async () => {
      const root = temporary.path('poor');
      bash(
        'rsync -rlpt --no-devices --no-specials "$1/" "$2/" 2>/dev/null || [ $? = 23 ]',
        engine.dataRoot,
        root,
      );
      const hint =
        'what a poor copy loses (devices and fifos, extended attributes, hard links, marks of opaque directories, owners, whiteouts)';
      const { code, stdout, stderr } = await stratafs(['--root', root, 'verify', 'app']);
      expect([code, stderr.includes('--metadata record')]).toEqual([1, true]);
      const named = /\((.*?)\), and none/.exec(stderr)?.[1]?.split(', ').sort();
      expect(named).toEqual(
        hint
          .slice(hint.indexOf('(') + 1, -1)
          .split(', ')
          .sort(),
      );
      expect(stdout).toMatch(/^tampered +app:latest {2}sha256/m);
      // One change of another kind, and it is no copy's loss any more.
      run('chmod 777 "$1"', join(root, layers[2] ?? '', 'x/empty'));
      expect((await stratafs(['--root', root, 'verify', 'app'])).stderr).toBe('');
    });

    it('says nothing of copies where others of the kind are kept', async () => {
      const root = await copy();
      run('setfattr -x user.note "$1"', join(root, layers[0] ?? '', 'etc'));
      const { code, stderr } = await stratafs(['--root', root, 'verify', 'app']);
      expect([code, stderr]).toEqual([1, '']);
    });

    it('finds a changed config, and still looks at the layers', async () => {
      const root = await copy();
      const image = join(root, 'image/overlay2');
      const id = JSON.parse(readFileSync(join(image, 'repositories.json'), 'utf8')).Repositories.app[
        'app:latest'
      ];
      appendFileSync(join(image, 'imagedb/content/sha256', id.slice(7)), '\n');
      run('chmod 777 "$1"', join(root, layers[0] ?? '', 'etc/gone'));
      const { code, lines } = await verify(root, 'app');
      expect({ code, lines }).toEqual({
        code: 1,
        lines: ['tampered config', 'tampered mode 1 etc/gone', 'tampered image'],
      });
    });

    it('finds a name that leads nowhere, and a layer that no image has', async () => {
      const root = await copy();
      const image = join(root, 'image/overlay2');
      const id = JSON.parse(readFileSync(join(image, 'repositories.json'), 'utf8')).Repositories.app[
        'app:latest'
      ];
      for (const name of readdirSync(join(image, 'imagedb/content/sha256'))) {
        const config = readFileSync(join(image, 'imagedb/content/sha256', name), 'utf8');
        if (name === id.slice(7) || JSON.parse(config).rootfs.diff_ids.length > 2)
          rmSync(join(image, 'imagedb/content/sha256', name));
      }
      run('rm "$1"', join(root, layers[2] ?? '', 'x/link'));
      const { code, lines } = await verify(root, '--all');
      expect({ code, lines: lines.filter((line) => !line.startsWith('verified')) }).toEqual({
        code: 1,
        lines: [
          'unverifiable config',
          'tampered missing 3 x/link',
          'tampered container',
          'unverifiable repository',
          'unverifiable store',
        ],
      });
    });

    it.each([
      [[], 2],
      [['--all', 'app'], 2],
      [['nothing'], 3],
      [['lowerdir=/etc'], 2],
    ] as const)('answers %j with exit code %i', async (args, code) => {
      expect(await stratafs(['--root', engine.dataRoot, 'verify', ...args])).toMatchObject({
        code,
        stdout: '',
      });
    });
  },
);
