import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { readLine } from '../../../src/cli/completion/line.ts';
import { wholeProgram } from '../../../src/cli/program.ts';
import { savedMembers, tarOf } from '../../support/fake-archive.ts';
import { FakeContainerd } from '../../support/fake-containerd.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { temporaryForSuite } from '../../support/temporary.ts';
import { memoryTerminal, stratafs } from './memory.ts';

let program: Command;
beforeAll(async () => {
  program = await wholeProgram(memoryTerminal().terminal);
});

/** The words that may stand next, without what they mean; else what kind of thing. */
function offered(...words: string[]): string[] | string {
  const { wanted } = readLine(program, words);
  return wanted.kind === 'words' ? wanted.words.map(({ word }) => word) : JSON.stringify(wanted);
}

const help = () => program.createHelp();
const commands = () => help().visibleCommands(program);

describe('readLine()', () => {
  it('offers every command, and behind help the topics too', () => {
    const names = commands().map((command) => command.name());
    expect(offered('')).toEqual(names);
    expect(offered('--root', '/x', '')).toEqual(names);
    expect(offered('help', '')).toEqual([...names, 'references', 'exit-codes', 'json']);
  });

  it('offers every option of every command, and those of the whole program', () => {
    const missing = program.commands.flatMap((command) => {
      const words = offered(command.name(), '-');
      return [...command.options, ...program.options]
        .flatMap(({ long, short }) => [long, short])
        .filter((option) => option !== undefined && !words.includes(option))
        .map((option) => `${command.name()} ${option}`);
    });
    expect(missing).toEqual([]);
  });

  it('offers the choices of every option that has some', () => {
    for (const command of commands()) {
      for (const { long, argChoices } of command.options) {
        if (argChoices === undefined) continue;
        expect(offered(command.name(), `${long}`, '')).toEqual(argChoices);
        expect(offered(command.name(), `${long}=`)).toEqual(argChoices);
      }
    }
  });

  it.each<[words: string[], expected: string]>([
    [['ls', ''], '{"kind":"reference"}'],
    [['ls', '-l', '--layer=2', ''], '{"kind":"reference"}'],
    [['ls', 'web', ''], '{"kind":"path","reference":"web"}'],
    [['ls', 'web', '/etc', '/u'], '{"kind":"path","reference":"web"}'],
    [['extract', 'web', ''], '{"kind":"path","reference":"web"}'],
    [['extract', 'web', '/a', ''], '{"kind":"path","reference":"web","orFile":true}'],
    [['extract', '-o', 'x', 'web', '/a', ''], '{"kind":"path","reference":"web"}'],
    [['du', '-ad', '2', 'web', ''], '{"kind":"path","reference":"web"}'],
    [['du', '-ad2', 'web', ''], '{"kind":"path","reference":"web"}'],
    [['du', '-ad', ''], '[]'],
    [['diff', 'a', ''], '{"kind":"reference"}'],
    [['diff', 'a', 'b', ''], '[]'],
    [['diff', 'a', 'b', '--path', ''], '{"kind":"path","reference":"a"}'],
    [['diff', '--', '-'], '{"kind":"reference"}'],
    [['mount', 'web', ''], '{"kind":"directory"}'],
    [['mount', '--all', ''], '{"kind":"directory"}'],
    [['mount', '--all', '/mnt', ''], '[]'],
    [['mount', '--layers', ''], '{"kind":"reference"}'],
    [['mount', '--log', ''], '{"kind":"file"}'],
    [['umount', '/a', ''], '{"kind":"directory"}'],
    [['--root', ''], '{"kind":"directory"}'],
    [['ls', '--root=/v'], '{"kind":"directory"}'],
    [['completion', ''], '["bash","zsh","fish"]'],
  ])('knows what stands next: %j', (words, expected) => {
    const found = offered(...words);
    expect(typeof found === 'string' ? found : JSON.stringify(found)).toBe(expected);
  });

  it('keeps the options that say which store', () => {
    const words = ['--root', '/a b', 'ls', '-l', '--owners=disk', '--namespace', 'x', 'web', '/e'];
    expect(readLine(program, words).globals).toEqual(['--root=/a b', '--owners=disk', '--namespace=x']);
  });
});

describe('stratafs __complete', () => {
  const temporary = temporaryForSuite();
  const store = new FakeStore(temporary.path('root'));

  beforeAll(() => {
    store.image({ names: ['app:1'], layers: ['low'] });
    for (const path of ['passwd', 'pam.d/su', 'other'])
      store.write(`overlay2/${FakeStore.cacheId(['low'])}/diff/etc/${path}`, '');
  });

  it('lists what begins so, with what it means, and what the shell has to add', async () => {
    expect((await stratafs(['__complete', 'umou'])).out).toBe('umount\tunmount what "mount" has mounted\n');
    expect((await stratafs(['__complete', 'mount', 'x', '/'])).out).toBe(':directories\n');
    expect((await stratafs(['__complete', 'ls', './'])).out).toBe(':files\n');
    expect((await stratafs(['__complete', 'diff', '--color=al'])).out).toBe('--color=always\t\n');
  });

  it.each<[words: string, out: string]>([
    ['ls app:1:/', 'app:1:/etc/\t\n'],
    ['ls app:1:/etc/pa', 'app:1:/etc/pam.d/\t\napp:1:/etc/passwd\t\n'],
    ['ls -l app:1:/etc app:1:/etc/pass', 'app:1:/etc/passwd\t\n'],
    ['cp app:1:/etc/passw', 'app:1:/etc/passwd\t\n'],
    ['container cp app:1:/etc/passw', 'app:1:/etc/passwd\t\n'],
    ['cp app:1:/etc/passwd ', ':files\n'],
    ['cp app:1:/etc/passwd /t', ':files\n'],
    ['cp app:1:/etc/passwd app:1:/etc/passw', 'app:1:/etc/passwd\t\n'],
    ['cp app:1 /etc/passwd ./', ':files\n'],
    ['cp app:1 /etc/passwd /etc/pam', '/etc/pam.d/\t\n'],
    ['diff app:1:/etc/pa', ''],
  ])('completes the path of REF:/path: %s', async (line, out) => {
    const outcome = await stratafs(['__complete', '--root', store.root, ...line.split(' ')]);
    expect(outcome.out).toBe(out);
  });

  it('completes every form of a reference that is typed so far', async () => {
    const made = new FakeContainerd(temporary.path('containerd'));
    const manifest = made.image({ names: ['docker.io/library/app:1'], layers: ['a', 'b'] });
    made.container({ id: 'web', image: 'docker.io/library/app:1', manifest });
    made.write();
    const words = async (typed: string) => {
      const { out } = await stratafs(['__complete', '--root', made.root, 'ls', typed]);
      return out
        .split('\n')
        .flatMap((line) => line.split('\t').slice(0, 1))
        .filter(Boolean);
    };
    const hex = manifest.replace('sha256:', '');
    expect(await words('')).toEqual(['docker.io/library/app:1', 'web']);
    expect(await words('image:')).toEqual(['image:docker.io/library/app:1']);
    expect(await words('container:w')).toEqual(['container:web']);
    expect(await words(hex.slice(0, 5))).toEqual([hex.slice(0, 12)]);
    expect(await words(`image:${hex.slice(0, 13)}`)).toEqual([`image:${hex}`]);
    expect(await words('docker.io/library/app@')).toEqual([`docker.io/library/app@${manifest}`]);
    expect(await words('docker.io/library/app:1#')).toEqual(
      [1, 2].map((n) => `docker.io/library/app:1#${n}`),
    );
    expect((await words('snapshot:sha')).sort()).toEqual(
      made
        .chain(manifest)
        .map((key) => `snapshot:${key}`)
        .sort(),
    );
  });

  it('offers the names of this machine where a reference has a path in it, and the images behind an archive', async () => {
    const at = temporary.path('machine');
    mkdirSync(join(at, 'layers'), { recursive: true });
    writeFileSync(join(at, '.hidden'), '');
    writeFileSync(
      join(at, 'two.tar'),
      tarOf(...savedMembers({ tags: ['demo:1', 'web/app:2'], layers: ['a'] })),
    );
    const words = async (typed: string) =>
      (await stratafs(['__complete', 'ls', typed])).out
        .split('\n')
        .map((line) => line.split('\t')[0])
        .filter(Boolean);
    expect(await words(`docker-archive:${at}/`)).toEqual(
      ['layers/', 'two.tar'].map((name) => `docker-archive:${at}/${name}`),
    );
    expect(await words(`oci:${at}/`)).toEqual([`oci:${at}/layers/`]);
    expect(await words(`lowerdir=/a:${at}/l`)).toEqual([`lowerdir=/a:${at}/layers/`]);
    expect(await words(`oci-archive:${at}/.h`)).toEqual([`oci-archive:${at}/.hidden`]);
    expect(await words(`dir:${at}/none/`)).toEqual([]);
    for (const before of [`${at}/two.tar:`, `docker-archive:${at}/two.tar:`]) {
      expect(await words(before)).toEqual([`${before}demo:1`, `${before}web/app:2`]);
      expect(await words(`${before}web/`)).toEqual([`${before}web/app:2`]);
    }
    expect(await words(`${at}/tw`)).toEqual([':files']);
  });

  it('is no command to be seen', async () => {
    expect((await stratafs(['--help'])).out).not.toContain('__complete');
  });
});

describe('stratafs help TOPIC', () => {
  it.each(['references', 'exit-codes', 'json'])(
    'tells of %s, no line wider than the terminal',
    async (topic) => {
      const { code, out, err } = await stratafs(['help', topic], 80);
      expect([code, err]).toEqual([0, '']);
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(out.split('\n').length).toBeGreaterThan(8);
    },
  );
});
