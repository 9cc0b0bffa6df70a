// What every command prints with `--json` is what its schema says, of every kind of store; and the schemas are told of and shipped.
// Of all that `report --store` writes, and `verify --all` with it, report-parts.test.ts has the same.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jsonSchemas } from '../../src/cli/json/schemas.ts';
import { jsonRecordsOfBytes, mustBeOfSchema } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackArchives, unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

interface Sample {
  readonly store: string;
  /** Its root below the folder that it is unpacked into. */
  readonly root: string;
  readonly options?: readonly string[];
  readonly image: string;
  /** One that changed something. */
  readonly container?: string;
  /** Its layers are like those of another store here: of those are told a few things alone. */
  readonly few?: true;
}

const STORES: readonly Sample[] = [
  { store: 'docker-28-overlay2', root: 'root', image: 'demo:1', container: 'web' },
  { store: 'docker-28-vfs', root: 'root', image: 'demo:1', container: 'web' },
  { store: 'docker-28-two-stores', root: 'root', image: 'demo:1', few: true },
  { store: 'docker-28-containerd', root: 'root', image: 'demo:1', container: 'web', few: true },
  {
    ...{ store: 'containerd-1.6', root: 'root', options: ['--namespace', 'default'] },
    ...{ image: 'docker.io/library/demo:1', container: 'c1' },
  },
  { store: 'containerd-2.1-blobs-only', root: 'root', image: '127.0.0.1:5917/multi:1' },
  { store: 'podman-5.8-root-overlay', root: 'root', image: 'docker.io/library/demo:1', container: 'web' },
  {
    ...{ store: 'podman-5.8-rootless-native', root: 'native' },
    ...{ image: 'docker.io/library/demo:1', container: 'web', few: true },
  },
];

/** Of the whole store. */
const OF_STORES: readonly (readonly string[])[] = [
  ['images', '--all', '--json'],
  ['containers', '--all', '--size', '--json'],
  ['stores', '--json'],
  ['df', '--json'],
  ['doctor', '--json'],
  ['du', '-a', '-c', '--json'],
];

/** Of those, what can be told of one namespace. */
const NARROWED: ReadonlySet<string> = new Set(['images', 'containers']);

/** Of an image or container, `REF`. */
const OF_REFERENCES: readonly (readonly string[])[] = [
  ['inspect', '--json', 'REF'],
  ['ls', '-R', '--json', 'REF', 'etc', '/'],
  ['stat', '--json', 'REF', '/', 'etc/passwd', '/bin', '/dev'],
  ['du', '-a', '-c', '--json', 'REF', 'etc/', '/'],
  ['history', '--json', 'REF'],
  ['history', '--waste', '--json', 'REF'],
  ['history', '--dockerfile', '--json', 'REF'],
  ['which', '--json', 'REF', 'etc/motd', '/srv/plugins', '/gone', '/'],
  ['deleted', '--expand', '--json', 'REF'],
  ['deleted', '--shadowed', '--json', 'REF'],
  ['timeline', '--shadowed', '--format', 'jsonl', 'REF'],
  ['verify', '-v', '--json', 'REF'],
  ['diff', '--json', '--packages', '--renames', '--hardlinks', '--mtime', 'REF^', 'REF'],
  ['diff', '--json', '--summary', 'REF^', 'REF'],
];

const FEW: ReadonlySet<string> = new Set(['inspect', 'ls', 'stat', 'history', 'verify']);

const REFUSED = /^stratafs: Cannot tell the layers of ".*" apart: .*\n$/;

/** Exit codes of an answer; 4 is one that lacks something, which is told. */
const ANSWERED = [0, 1, 4, 5];

async function isAsTold(words: readonly string[], command: string): Promise<void> {
  const { code, stdout, stderr } = await stratafs(words);
  expect({ answered: ANSWERED.includes(code ?? -1), stderr: code === 0 ? stderr : '' }).toEqual({
    answered: true,
    stderr: '',
  });
  if (command === 'inspect') {
    mustBeOfSchema(command, JSON.parse(Buffer.from(stdout, 'latin1').toString('utf8')));
    return;
  }
  // What whole trees cannot tell, and nothing else, is refused before anything is printed.
  if (code === 4 && stdout === '') expect(stderr).toMatch(REFUSED);
  else expect(jsonRecordsOfBytes(stdout)).toBeInstanceOf(Array);
  if (stdout !== '') expect(stdout).toMatch(new RegExp(`\\{"t":"end","exit":${code}\\}\\n$`));
}

describe('the schemas', () => {
  it('are there for each command, and told of where a reader looks for them', () => {
    const page = readFileSync(fileURLToPath(new URL('../../native-notes/json.md', import.meta.url)), 'utf8');
    for (const command of jsonSchemas().keys()) expect(page).toContain(`\`${command}`);
  });
});

describeSystem('JSON of real stores', ['root', 'stores', 'build'], () => {
  const suite = temporaryForSuite();

  describe.each(STORES)('$store', ({ store, root, options = [], image, container, few }) => {
    const directory = () => `${suite.path(store)}/${root}`;
    it('is as the schemas say: the store', async () => {
      unpackStore(suite, store);
      const { stdout } = await stratafs(['--root', directory(), ...options, 'inspect', '--json', image]);
      const { layers } = JSON.parse(stdout) as { layers: readonly { readonly directory?: string }[] };
      const asked = [
        image,
        ...layers.flatMap((layer) => layer.directory ?? []),
        ...(container ? [container] : []),
      ];
      for (const words of OF_STORES) {
        const [command = ''] = words;
        const narrowed = NARROWED.has(command) ? options : [];
        await isAsTold(['--root', directory(), ...narrowed, ...words], command);
      }
      await isAsTold(['--root', directory(), ...options, 'whose', '--json', ...asked], 'whose');
    });

    const of = container ?? image;
    it(`is as the schemas say: ${of}`, async () => {
      for (const words of OF_REFERENCES) {
        if (few && !FEW.has(words[0] ?? '')) continue;
        const given = words.map((word) => word.replace('REF', of));
        await isAsTold(['--root', directory(), ...options, ...given], words[0] ?? '');
      }
      if (few) return;
      const configs = ['diff', '--json', '--config', '--expand', image, of];
      await isAsTold(['--root', directory(), ...options, ...configs], 'diff');
    });

    it.skipIf(few)('is as the schemas say: all layers', async () => {
      await isAsTold(
        ['--root', directory(), ...options, 'timeline', '--all', '--format', 'jsonl'],
        'timeline',
      );
    });
  });

  it('is as the schemas say: an archive, and plain directories', async () => {
    const archives = unpackArchives(suite);
    for (const words of OF_REFERENCES) {
      const of = (reference: string) => words.map((word) => word.replace('REF', reference));
      await isAsTold(of(`${archives}/docker-save-28-overlay2.tar:demo:1`), words[0] ?? '');
      if (words[0] === 'verify' || words.includes('REF^')) continue;
      const lowerdir = `lowerdir=${archives}:${suite.directory}`;
      await isAsTold(
        of(lowerdir).filter((word) => word !== '-R'),
        words[0] ?? '',
      );
    }
  });
});
