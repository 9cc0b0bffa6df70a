// A machine with stores of three engines and of a user: what is asked of whole stores is told of all of them, each line with its root.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../support/command.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const ROOTS = [
  ['docker-28-overlay2', 'root', 'var/lib/docker'],
  ['containerd-1.6', 'root', 'var/lib/containerd'],
  ['podman-5.8-root-overlay', 'root', 'var/lib/containers/storage'],
  ['podman-5.8-rootless-native', 'native', 'home/alice/.local/share/containers/storage'],
] as const;

interface Line {
  readonly t: string;
  readonly root?: string;
  readonly roots?: readonly string[];
  readonly store?: string;
  readonly exit?: number;
}

const stratafs = stratafsForSuite();

describeSystem('--host-root of a machine with several stores', ['root', 'stores', 'build'], () => {
  const temporary = temporaryForSuite();
  const disk = temporary.path('disk');
  const roots = ROOTS.map(([, , at]) => `${disk}/${at}`);
  const on = (...words: string[]) => stratafs(['--host-root', disk, ...words]);
  const alone = (at: string, ...words: string[]) => on('--root', `/${at}`, ...words);

  beforeAll(async () => {
    for (const [store, root, at] of ROOTS) {
      mkdirSync(dirname(`${disk}/${at}`), { recursive: true });
      await succeed('cp', ['-a', `${unpackStore(temporary, store)}/${root}`, `${disk}/${at}`]);
    }
    mkdirSync(`${disk}/etc`);
    writeFileSync(
      `${disk}/etc/passwd`,
      'root:x:0:0::/root:/bin/sh\nalice:x:4242:4242::/home/alice:/bin/sh\n',
    );
  });

  describe.each([
    ['images'],
    ['containers', '-a'],
    ['df'],
    ['du', '-a'],
    ['doctor'],
    ['verify', '--all'],
    ['timeline', '--all', '--format', 'jsonl'],
  ])('%s', (command, ...words) => {
    const json = command === 'timeline' ? [] : ['--json'];

    it('prints the lines of each store, with its root', async () => {
      const { stdout, stderr } = await on(command, ...words, ...json);
      const lines = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      expect(lines[0]?.roots).toEqual(roots);
      expect(stderr.includes('also found')).toBe(false);
      for (const [index, [, , at]] of ROOTS.entries()) {
        const expected = (await alone(at, command, ...words, ...json)).stdout.trimEnd().split('\n');
        const own = lines.filter(({ root }) => root === roots[index]);
        const without = ({ root: _, ...line }: Line) => line;
        const told = own.map((line) => JSON.stringify(without(line)));
        // What verify comes to is told once; a list's store is named where there are several.
        const wanted = expected
          .slice(1, -1)
          .filter((line) => command !== 'verify' || !line.startsWith('{"t":"total"'));
        const plain = (line: string) =>
          line.replace(/"store":"[^"]*",/, '').replace(/,"again":\{[^}]*\}/, '');
        expect(new Set(told.map(plain))).toEqual(new Set(wanted.map(plain)));
        expect(own.length).toBeGreaterThan(0);
      }
    });
  });

  it('is a column of lists, and a heading of what is told one store after the other', async () => {
    const { stdout } = await on('images');
    const [heading = '', ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/ NAMESPACE +STORE +ROOT$/);
    const shown = new Set(rows.map((row) => row.split(/ +/).at(-1)));
    expect([...shown]).toEqual(ROOTS.map(([, , at]) => `/${at}`));
    const headings = (await on('df')).stdout.split('\n').filter((line) => line.startsWith('/'));
    expect(headings).toEqual([
      '/var/lib/docker (docker overlay2):',
      '/var/lib/containerd (containerd):',
      '/var/lib/containers/storage (podman overlay):',
      '/home/alice/.local/share/containers/storage (podman overlay):',
    ]);
    const body = (await on('timeline', '--all')).stdout.split('\n');
    expect(body.some((line) => line.includes('|/var/lib/docker:built:1,demo:1'))).toBe(true);
  });

  it('goes on beside a store that cannot be read, and says so', async () => {
    const broken = `${disk}/home/alice/.local/share/containers/storage/overlay-images/images.json`;
    await succeed('mv', [broken, `${broken}.away`]);
    writeFileSync(broken, '{');
    const { stdout, stderr, code } = await on('images');
    await succeed('mv', [`${broken}.away`, broken]);
    expect([code, stderr]).toEqual([4, expect.stringContaining('images.json')]);
    expect(stdout).toContain(' /var/lib/containers/storage');
  });

  it('has a report each, and no page on one of them', async () => {
    const page = await on('report', '--store', '-o', temporary.path('page.html'));
    expect([page.code, page.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^stratafs: Cannot write one page on 4 stores: give --out DIR, .*"--root \/var\/lib\/docker" or /,
      ),
    ]);
    const [out, two] = [temporary.path('case'), temporary.path('two')];
    mkdirSync(`${two}/var/lib/containers`, { recursive: true });
    for (const at of ['var/lib/docker', 'var/lib/containers/storage'])
      await succeed('cp', ['-al', `${disk}/${at}`, `${two}/${at}`]);
    const { stdout } = await stratafs(['--host-root', two, 'report', '--store', '--out', out]);
    expect(readdirSync(out)).toEqual(['var-lib-containers-storage', 'var-lib-docker']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    for (const name of readdirSync(out))
      await succeed('sh', ['-c', 'cd "$1" && sha256sum -c --quiet SHA256SUMS', 'sh', `${out}/${name}`]);
  });

  describe('--namespace', () => {
    it('is that of the stores that have one', async () => {
      const { stdout } = await on('--namespace', 'k8s.io', 'images', '-q');
      expect(stdout).toBe(
        (await alone('var/lib/containerd', '--namespace', 'k8s.io', 'images', '-q')).stdout,
      );
      expect((await on('--namespace', 'k8s.io', 'inspect', 'demo:1')).code).toBe(0);
      expect((await on('--namespace', 'k8s.io', 'whose', 'demo:1')).stdout).toMatch(
        /^ +namespace +k8s\.io$/m,
      );
    });

    const narrowed = (command: string) => `Cannot narrow ${command} to the namespace "none"`;
    it.each<[string, string]>([
      ['images', 'Cannot find namespace "none" in'],
      ['--root /var/lib/docker ls demo:1', 'and only containerd has namespaces'],
      ...['df', 'doctor', 'du', 'stores'].map((command): [string, string] => [command, narrowed(command)]),
    ])('is refused where there is none: %s', async (words, message) => {
      const { stderr, stdout, code } = await on('--namespace', 'none', ...words.split(' '));
      expect([stdout, stderr]).toEqual(['', expect.stringContaining(message)]);
      expect([2, 3]).toContain(code);
    });
  });
});
