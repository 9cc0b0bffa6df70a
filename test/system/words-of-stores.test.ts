// What people ask real stores and archives in words that mean one thing among several: a root among those of a machine, a platform
// among those of an image, a tag, a snapshot, and containers that hold something other than what was asked for.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackArchives, unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite, temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const S390X = 'linux/s390x';

async function said(...words: string[]): Promise<{ lines: string[]; told: string; code: number | null }> {
  const { stdout, stderr, code } = await stratafs(words);
  return { lines: stdout.trimEnd().split('\n'), told: stderr, code };
}

describeSystem('--host-root with several stores', ['root', 'stores'], () => {
  const host = temporaryForSuite();
  const [docker, podman, older] = [
    'var/lib/docker',
    'var/lib/containers/storage',
    'home/u/.local/share/docker',
  ];
  const place = async (store: string, root: string, at: string) => {
    const directory = unpackStore(temporaryForTest(), store);
    mkdirSync(host.path(at, '..'), { recursive: true });
    await succeed('cp', ['-a', `${directory}/${root}`, host.path(at)]);
  };

  it('finds a name in the one store that has it, and says in which where several have', async () => {
    await place('docker-28-overlay2', 'root', docker);
    await place('podman-5.8-root-overlay', 'root', podman);
    await place('docker-20-overlay', 'overlay', older);
    const on = (...words: string[]) => said('--host-root', host.directory, ...words);
    const known = await on('inspect', 'done');
    expect([known.lines[0], known.told, known.code]).toEqual(['Reference: done', '', 0]);
    expect(await on('inspect', 'web')).toEqual({
      lines: [''],
      told:
        'stratafs: Cannot tell what "web" means: 3 stores of the host root have it; say which with ' +
        `"--root /${docker}" or "--root /${podman}" or "--root /${older}"\n`,
      code: 3,
    });
    expect((await on('--root', `/${docker}`, 'inspect', 'web')).code).toBe(0);
    expect((await on('inspect', 'inpod^^')).told).toBe('');
    // Two sides may lie in two stores.
    const sides = await on('diff', 'never', 'compassionate_lamarr');
    expect(sides.told).toContain('Cannot tell what "never" means: 2 stores');
    const pair = await on('diff', '--name-only', 'compassionate_lamarr', 'done');
    expect([pair.told, pair.code, pair.lines]).toEqual(['', 1, expect.arrayContaining(['/etc/built'])]);
    const many = await on('verify', 'compassionate_lamarr', 'done');
    expect([many.told, many.code]).toEqual([
      'stratafs: Cannot look into several stores at once: ' +
        `"compassionate_lamarr" is in "--root /${older}", "done" is in "--root /${podman}"\n`,
      2,
    ]);
    const whose = await on('whose', `/${podman}/overlay-containers/volatile-containers.json`, 'inpod');
    expect(whose.told).toContain('has anything to do with it');
    expect(whose.lines[0]).toMatch(/^inpod: a container f776b0a6fd77/);
    // A word that nothing knows is told by all, or by the one that has a name that is near.
    const [unknown, near] = [await on('ls', 'nothing:9'), await on('ls', 'inpot')];
    expect([unknown.code, unknown.told]).toEqual([
      3,
      `stratafs: Cannot find "nothing:9": no such image or container in "/${docker}", "/${podman}", "/${older}"\n`,
    ]);
    expect([near.code, near.told]).toEqual([
      3,
      `stratafs: Cannot find "inpot": no such image or container; did you mean "inpod"? ("--root /${podman}")\n`,
    ]);
    // An archive needs no store; what is a file here is said.
    expect((await on('ls', './no.tar')).told).toContain('no such file');
  });
});

describeSystem('one store', ['root', 'stores'], () => {
  const temporary = temporaryForSuite();
  const roots = new Map<string, string>();
  const on = (store: string, root: string, ...words: string[]) => {
    const directory = roots.get(store) ?? unpackStore(temporary, store);
    roots.set(store, directory);
    return said('--root', `${directory}/${root}`, ...words);
  };

  it('tells what a copy of a whole tree shows, though not which layer made it', async () => {
    const plain = await on('docker-28-vfs', 'root', 'du', '-s', '-b', 'web');
    expect([plain.told, plain.code, plain.lines]).toEqual(['', 0, [expect.stringMatching(/^\d+\t\/$/)]]);
    const layers = await on('docker-28-vfs', 'root', 'du', '--layers', 'web');
    expect([layers.code, layers.told]).toEqual([
      4,
      expect.stringContaining('no record tells what it changed'),
    ]);
  });

  it('tells once what a timeline cannot have', async () => {
    const { told } = await on('docker-28-vfs', 'root', 'timeline', '--all');
    const names = told
      .trimEnd()
      .split('\n')
      .map((line) => /the layers of "(\w+)" apart/.exec(line)?.[1]);
    expect(names.sort()).toEqual(['gifted_tesla', 'never', 'web']);
  });

  it('counts no layer that is copied into the one above, and does not take it for what a container did', async () => {
    const verified = await on('docker-20-overlay', 'overlay', 'verify', 'web');
    expect(verified.lines.filter((line) => / layer \d/.test(line))).toHaveLength(4);
    expect(verified.lines.at(-1)).toContain('1 own layer of containers');
    const names = (await on('docker-20-overlay', 'overlay', 'diff', '--name-only', 'web')).lines;
    expect(names).toContain('/etc/motd');
    expect(names).not.toContain('/.dockerenv');
    expect(
      (await on('docker-20-overlay', 'overlay', 'diff', '--name-only', '--show-init', 'web')).lines,
    ).toContain('/.dockerenv');
  });

  it('lists what holds a pod together with -a alone, and says that nothing runs in a copy', async () => {
    const names = (lines: string[]) => lines.slice(1).map((line) => line.split(/ +/).at(-1));
    const some = await on('podman-5.8-root-overlay', 'root', 'containers');
    expect(names(some.lines)).toEqual(['inpod', 'never', 'done', 'web']);
    expect(some.lines[1]).toMatch(/ {3}Was up, started .* ago +inpod$/);
    const all = await on('podman-5.8-root-overlay', 'root', 'ps', '-a');
    expect(names(all.lines)).toEqual(['inpod', 'd4ff1192265f-infra', 'never', 'done', 'web']);
  });

  it('tells the log file that CRI noted', async () => {
    const { lines } = await on(
      'containerd-1.6',
      'root',
      '--namespace',
      'k8s.io',
      'inspect',
      '--config',
      'web/app',
    );
    expect(lines.find((line) => line.startsWith('  log file'))).toBe(
      '  log file    /tmp/stores/ctd/podlogs/app_2.log',
    );
  });

  it('names the snapshots that there are', async () => {
    const { told, code } = await on(
      'containerd-1.6',
      'root',
      '--namespace',
      'default',
      'ls',
      'snapshot:nope',
    );
    expect([code, told]).toEqual([
      3,
      expect.stringMatching(/no such snapshot; there are "\/tmp\/stores\/ctd\/m", .*"c1", "c2", "c3", /),
    ]);
  });

  it('verifies the platform that is asked for, and tells several apart', async () => {
    const image = '127.0.0.1:5917/multi:1';
    const root = ['containerd-2.1-blobs-only', 'root'] as const;
    const one = await on(...root, '--platform', S390X, 'verify', image);
    expect([one.code, one.lines.at(-1)]).toEqual([0, 'total         1 image, 2 layers (2 verified)']);
    const none = await on(...root, '--platform', 'linux/ppc64le', 'verify', image);
    const refused = `stratafs: Cannot use "${image}": it has no image for linux/ppc64le; here are: linux/amd64, linux/arm64, linux/s390x\n`;
    expect(none).toEqual({ code: 3, lines: [''], told: refused });
    const all = await on(...root, 'verify', image);
    const platforms = all.lines.flatMap((line) => /\((linux\/\w+)\) layer/.exec(line)?.[1] ?? []);
    expect([...new Set(platforms)]).toEqual(['linux/amd64', 'linux/arm64', S390X]);
  });

  it('makes a directory for indexes, but none above it', async () => {
    const ls = (directory: string) =>
      on('containerd-2.1-blobs-only', 'root', '--index-dir', directory, 'ls', '127.0.0.1:5917/multi:1');
    const typo = temporary.path('typo');
    const refused = await ls(`${typo}/indexes`);
    expect([refused.code, refused.told, existsSync(typo)]).toEqual([
      2,
      `stratafs: Cannot use the index directory "${typo}/indexes": no such file or directory\n`,
      false,
    ]);
    expect((await ls(typo)).code).toBe(0);
    expect(readdirSync(typo)).toHaveLength(3);
    expect((await ls(typo)).code).toBe(0);
  });
});

describeSystem('archives', ['stores'], () => {
  const archives = temporaryForSuite();
  const place = () =>
    existsSync(archives.path('archives')) ? archives.path('archives') : unpackArchives(archives);

  describe('images', () => {
    it('leaves out what is there for other platforms alone, which is no damage', async () => {
      const root = `${place()}/podman-docker-archive.tar`;
      const list = await said('--root', root, '--platform', S390X, 'images', '-q');
      expect(list).toEqual({ lines: [''], told: '', code: 0 });
      const ls = await said('--root', root, '--platform', S390X, 'ls', 'demo:1');
      expect(ls.told).toBe('stratafs: Cannot use "demo:1": it is for linux/amd64, not for linux/s390x\n');
    });

    it('shows the bare word of an OCI layout as a tag', async () => {
      const { lines } = await said('--root', `${place()}/oci-multi-dir`, 'images');
      expect(lines[1]).toMatch(/^<none> +1 +628c77141d88 /);
    });

    it.each([
      ['./app.tar', '"stratafs --root ./app.tar images" lists those of an archive'],
      ['nginx', 'it lists all; "stratafs inspect nginx" tells of one'],
    ])('takes no reference: %s', async (word, hint) => {
      expect(await said('images', word)).toEqual({
        lines: [''],
        told: `stratafs: Cannot list "${word}": images takes no reference; ${hint}\n`,
        code: 2,
      });
    });
  });

  it('verify tells platforms of one name apart', async () => {
    const { lines } = await said('--root', `${place()}/oci-multi.tar`, 'verify', '--all');
    expect(lines).toContainEqual(
      expect.stringMatching(/^verified +multi:1 \(linux\/arm64\) {2}sha256:628c77/),
    );
  });

  it('a word that wants a path says which', async () => {
    const { told, code } = await said('ls', 'oci:');
    expect([told, code]).toEqual([
      'stratafs: Cannot open archive "oci:": a directory is to follow: "oci:DIR"\n',
      2,
    ]);
  });
});
