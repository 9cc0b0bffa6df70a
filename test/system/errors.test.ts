// What the command says, and which exit code it ends with, where a reference is wrong or the store is damaged.

import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { type SampleRoot, writeSampleRoot } from '../support/sample-root.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

interface Failure {
  readonly name: string;
  readonly damage?: (store: SampleRoot) => void;
  readonly words: readonly string[];
  readonly code: number;
  readonly message: (store: SampleRoot) => string;
}

const IMAGE = 'sample/web:1.1';
/** What is said of an image of three layers whose second cannot be used. */
const REST = `; it is layer 2 of "${IMAGE}"; what is left of it: "${IMAGE}#1", "${IMAGE}#3"`;
/** What is said of a stack whose top layer cannot be used. */
const LEFT = `; it is layer 3 of "${IMAGE}"; what is left of it: "${IMAGE}#1-2"`;
const OTHER = `sha256:${'0'.repeat(64)}`;

const FAILURES: readonly Failure[] = [
  {
    name: 'no such image',
    words: ['inspect', 'nginx'],
    code: 3,
    message: () => 'Cannot find "nginx": no such image or container',
  },
  {
    name: 'a misspelt image',
    words: ['inspect', 'sample/wep'],
    code: 3,
    message: () =>
      'Cannot find "sample/wep": no such image or container; did you mean "sample/web:1.0" or "sample/web:1.1"?',
  },
  {
    name: 'no such container',
    words: ['inspect', `container:${'web'}`],
    code: 3,
    message: () => 'Cannot find "container:web": no such container',
  },
  {
    name: 'an ID prefix that fits both images',
    damage: ({ root }) => {
      const directory = `${root}/image/overlay2/imagedb/content/sha256`;
      for (const end of ['0', '1']) writeFileSync(`${directory}/${'fade'.padEnd(63, 'd')}${end}`, '{}');
    },
    words: ['inspect', 'fade'],
    code: 3,
    message: () => 'Cannot tell what "fade" means: it could be image:fadedddddddd, image:fadedddddddd',
  },
  {
    name: 'a reference that can be nothing',
    words: ['ls', 'UPPER'],
    code: 3,
    message: () => 'Cannot find "UPPER": no such image or container',
  },
  {
    name: 'no such directory as a layer',
    words: ['ls', 'lowerdir=/nowhere'],
    code: 3,
    message: () => 'Cannot use layer "/nowhere": no such directory',
  },
  {
    name: 'no such path in the image',
    words: ['cat', IMAGE, '/etc/motd'],
    code: 5,
    message: () =>
      `Cannot read "/etc/motd" in ${IMAGE}: no such file or directory; layer 1 has it (--layer 1)`,
  },
  {
    name: 'a path that no layer ever had',
    words: ['cat', IMAGE, '/etc/never'],
    code: 5,
    message: () => `Cannot read "/etc/never" in ${IMAGE}: no such file or directory`,
  },
  {
    name: 'a path below a directory that was replaced',
    words: ['ls', IMAGE, '/srv/plugins/auth'],
    code: 5,
    message: () =>
      `Cannot open "/srv/plugins/auth" in ${IMAGE}: no such file or directory; layer 2 has it (see "stratafs which")`,
  },
  {
    name: 'a deleted path behind a slash',
    words: ['stat', IMAGE, '/etc/../etc/motd'],
    code: 5,
    message: () =>
      `Cannot open "/etc/../etc/motd" in ${IMAGE}: no such file or directory; layer 1 has it (see "stratafs which")`,
  },
  {
    name: 'a file where diff wants a reference',
    damage: ({ root }) => writeFileSync(`${dirname(root)}/b.mt`, ''),
    words: ['diff', 'b.mt', IMAGE],
    code: 2,
    message: () => 'Cannot find "b.mt": no such image or container ("./b.mt" is a file here)',
  },
  {
    name: 'a directory where diff wants a reference',
    damage: ({ root }) => mkdirSync(`${dirname(root)}/k`),
    words: ['diff', IMAGE, 'k'],
    code: 2,
    message: () => 'Cannot find "k": no such image or container ("./k" is a directory here)',
  },
  {
    name: 'a path below a file where diff wants a reference',
    damage: ({ root }) => writeFileSync(`${dirname(root)}/b.mt`, ''),
    words: ['diff', 'b.mt/x', IMAGE],
    code: 2,
    message: () => 'Cannot find "b.mt/x": no such image or container',
  },
  {
    name: 'a directory where a file is wanted',
    words: ['cat', IMAGE, '/etc'],
    code: 5,
    message: () => `Cannot read "/etc" in ${IMAGE}: is a directory`,
  },
  {
    name: 'no store',
    damage: ({ root }) => renameSync(root, `${root}-moved`),
    words: ['images'],
    code: 4,
    message: ({ root }) => `Cannot open "${root}": no such directory`,
  },
  {
    name: 'a directory that is no store',
    damage: ({ root }) => rmSync(`${root}/image`, { recursive: true }),
    words: ['images'],
    code: 4,
    message: ({ root }) =>
      `Cannot open store "${root}": no store is there, of Docker, containerd, Podman or CRI-O, and no OCI layout`,
  },
  {
    name: 'a config that does not hash to its name',
    damage: ({ config }) => appendFileSync(config, ' '),
    words: ['inspect', IMAGE],
    code: 4,
    message: ({ config }) => `Cannot use "${config}": its sha256 is SHA256, not its name`,
  },
  {
    name: 'a config that is not there',
    damage: ({ config }) => unlinkSync(config),
    words: ['inspect', IMAGE],
    code: 4,
    message: ({ config }) => `Cannot read "${config}": no such file`,
  },
  {
    name: 'a layer that layerdb does not know',
    damage: ({ layers: [top] }) => rmSync(top.record, { recursive: true }),
    words: ['ls', IMAGE],
    code: 4,
    message: ({ layers: [top] }) => `Cannot find layer "${top.record}": no such directory${LEFT}`,
  },
  {
    name: 'a diff that is not the one the image names',
    damage: ({ layers: [top] }) => writeFileSync(`${top.record}/diff`, OTHER),
    words: ['ls', IMAGE],
    code: 4,
    message: ({ layers: [top] }) =>
      `Cannot use "${top.record}/diff": it says ${OTHER}, the image's config ${top.diffId}${LEFT}`,
  },
  {
    name: 'a parent that is not the layer below',
    damage: ({ layers: [top] }) => writeFileSync(`${top.record}/parent`, OTHER),
    words: ['ls', IMAGE],
    code: 4,
    message: ({ layers: [top, middle] }) =>
      `Cannot use "${top.record}/parent": it says ${OTHER}, the image's config ${middle.chainId}${LEFT}`,
  },
  {
    name: 'a cache-id that leads elsewhere',
    damage: ({ layers: [top] }) => writeFileSync(`${top.record}/cache-id`, '../../../etc'),
    words: ['ls', IMAGE],
    code: 4,
    message: ({ layers: [top] }) =>
      `Cannot use "${top.record}/cache-id": its content is not a cache ID (64 lower-case hex digits, or 25 of 0-9 and a-z)${LEFT}`,
  },
  {
    name: 'a layer whose directory is not there',
    damage: ({ layers: [, middle] }) => rmSync(middle.directory, { recursive: true }),
    words: ['ls', IMAGE],
    code: 4,
    message: ({ layers: [, middle] }) => `Cannot use "${middle.directory}": no such directory${REST}`,
  },
  {
    name: 'a layer whose directory is a link',
    damage: ({ layers: [, middle] }) => {
      rmSync(middle.directory, { recursive: true });
      symlinkSync('/', middle.directory);
    },
    words: ['ls', IMAGE],
    code: 4,
    message: ({ layers: [, middle] }) =>
      `Cannot use "${middle.directory}": a symbolic link, which is not followed${REST}`,
  },
  {
    name: 'a layer whose directory is a file',
    damage: ({ layers: [, middle] }) => {
      rmSync(middle.directory, { recursive: true });
      writeFileSync(middle.directory, '');
    },
    words: ['ls', IMAGE],
    code: 4,
    message: ({ layers: [, middle] }) => `Cannot use "${middle.directory}": not a directory${REST}`,
  },
  {
    name: 'names that are no JSON',
    damage: ({ repositories }) => writeFileSync(repositories, '{"Repositories":'),
    words: ['inspect', IMAGE],
    code: 4,
    message: ({ repositories }) => `Cannot parse "${repositories}": not valid JSON`,
  },
  {
    name: 'an unknown command',
    words: ['mont', IMAGE, '/mnt'],
    code: 2,
    message: () => "unknown command 'mont' (Did you mean mount?)",
  },
  {
    name: 'an unknown option',
    words: ['ls', '--rot', IMAGE],
    code: 2,
    message: () => "unknown option '--rot' (Did you mean --root?)",
  },
  {
    name: 'a missing argument',
    words: ['ls'],
    code: 2,
    message: () => "missing required argument 'ref'",
  },
];

describeSystem('a failure', ['build'], () => {
  it.each(FAILURES.map((failure) => [failure.name, failure] as const))('%s', async (_name, failure) => {
    const store = writeSampleRoot(temporaryForTest().path('docker'));
    failure.damage?.(store);
    const outcome = await stratafs(['--root', store.root, ...failure.words], { cwd: dirname(store.root) });
    const stderr = outcome.stderr.replace(/sha256 is [0-9a-f]{64}/, 'sha256 is SHA256');
    expect({ ...outcome, stderr }).toEqual({
      code: failure.code,
      signal: null,
      stdout: '',
      stderr: `stratafs: ${failure.message(store)}\n`,
    });
  });

  it('of one image leaves the others listed and usable', async () => {
    const store = writeSampleRoot(temporaryForTest().path('docker'));
    rmSync(store.layers[0].directory, { recursive: true });
    mkdirSync(`${store.root}/image/overlay2/layerdb/sha256/0123-removing`);
    const { stdout, stderr, code } = await stratafs(['--root', store.root, 'images', '--json']);
    const images = jsonRecords<{ tags: string[]; damage?: string }>(stdout);
    const reason = `"${store.layers[0].directory}": no such directory`;
    expect({ code, stderr, images: images.map(({ tags, damage }) => [tags.join(), damage]) }).toEqual({
      code: 4,
      stderr: `stratafs: Cannot use image "sample/web:1.1": ${reason}\n`,
      images: [
        ['sample/web:1.1', `Cannot use ${reason}`],
        ['sample/web:1.0', undefined],
      ],
    });
    expect((await stratafs(['--root', store.root, 'cat', 'sample/web:1.0', '/etc/motd'])).stdout).toBe(
      'a sample image\n',
    );
  });

  describe('of another machine', () => {
    it('names the words that a root came from', async () => {
      const host = temporaryForTest().path('h');
      mkdirSync(`${host}/var/lib/docker`, { recursive: true });
      const ls = (root: string, env: object) =>
        stratafs(['--host-root', host, ...(root === '' ? [] : ['--root', root]), 'ls', 'demo:1'], { ...env });
      const refused = (path: string, why: string, hint = '') =>
        `stratafs: Cannot open store "${path}" of the host root "${host}" (${why}): no such directory${hint}\n`;
      const ofEnvironment = await ls('', { env: { ...process.env, STRATAFS_ROOT: '/srv/docker' } });
      expect([ofEnvironment.code, ofEnvironment.stderr]).toEqual([
        4,
        refused('/srv/docker', 'STRATAFS_ROOT'),
      ]);
      const below = `${host}/var/lib/docker`;
      const { code, stderr } = await ls(below, {});
      expect([code, stderr]).toEqual([4, refused(below, '--root', '; did you mean "/var/lib/docker"?')]);
    });

    it('lets stores end with 4 where a configuration is damaged, and say where it looked', async () => {
      const host = temporaryForTest().path('h');
      mkdirSync(`${host}/etc/docker`, { recursive: true });
      const nothing = new RegExp(
        `^stratafs: Cannot find a store in host root "${host}": nothing is at .*"/var/lib/docker", .*; name one with --root`,
        'm',
      );
      const none = await stratafs(['--host-root', host, 'stores']);
      expect([none.code, none.stderr]).toEqual([0, expect.stringMatching(nothing)]);
      writeFileSync(`${host}/etc/docker/daemon.json`, '{');
      const damaged = await stratafs(['--host-root', host, 'stores']);
      const [first] = damaged.stderr.split('\n');
      expect([damaged.code, first, damaged.stderr]).toEqual([
        4,
        `stratafs: Cannot parse "/etc/docker/daemon.json" of the host root "${host}": not valid JSON`,
        expect.stringMatching(nothing),
      ]);
      // A configured place that is not there is told, and no damage.
      writeFileSync(`${host}/etc/docker/daemon.json`, '{"data-root":"/srv/d"}');
      expect((await stratafs(['--host-root', host, 'stores'])).code).toBe(0);
    });
  });
});
