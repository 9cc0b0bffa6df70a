// `stratafs diff --config` on a store made up, by the command's own words.
import { mkdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { FakeStore } from '../../support/fake-store.ts';
import { temporaryForSuite } from '../../support/temporary.ts';
import { shortened } from '../store/trouble.ts';
import { stratafs } from './memory.ts';

const LAYERS = ['base'];
const CONTAINER_CONFIG = { User: 'web', Env: ['PATH=/usr/bin', 'ESC=\x1b[31m'], Cmd: ['sh'] };

describe('stratafs diff --config', () => {
  const temporary = temporaryForSuite();
  const store = new FakeStore(temporary.path('docker'));
  const diff = async (...words: string[]) => {
    const { code, out, err } = await stratafs(['--root', store.root, 'diff', ...words]);
    return { code, out: shortened(out, store.root), err: shortened(err, store.root) };
  };
  let old = '';

  beforeAll(() => {
    old = store.image({
      names: ['app:1'],
      layers: LAYERS,
      config: {
        architecture: 'amd64',
        config: {
          Env: ['PATH=/usr/bin', 'ESC=\x1b[31m'],
          Cmd: 'sh',
          ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
          Labels: { '\u202ename': 'x' },
          Healthcheck: { Test: ['CMD', 'true'], Retries: 3 },
          OnBuild: ['RUN x'],
          Volumes: null,
        },
      },
    });
    store.image({
      names: ['app:2'],
      layers: LAYERS,
      config: {
        architecture: 'arm64',
        variant: 'v8',
        config: {
          Env: ['PATH=/opt/bin:/usr/bin', 'ESC=\x1b[32m'],
          Cmd: ['sh'],
          User: '1000',
          ExposedPorts: { '80/tcp': {} },
          Healthcheck: { Test: ['CMD', 'true'], Retries: 5 },
        },
      },
    });
    store.image({ names: ['bad:1'], layers: LAYERS, config: { config: { Env: ['A=1', 7] } } });
    store.container({ name: 'web', image: old, config: { Config: CONTAINER_CONFIG } });
    store.container({ name: 'orphan', image: 'f'.repeat(64) });
  });

  it('tells what differs after the paths, escaped', async () => {
    const { code, out, err } = await diff('--config', 'app:1', 'app:2');
    expect([code, err]).toEqual([1, '']);
    expect(out.split('\n').slice(2).join('\n')).toMatchInlineSnapshot(`
      "
      configuration
        ~ Env[ESC]  "\\u001b[31m" → "\\u001b[32m"
        ~ Env[PATH]  "/usr/bin" → "/opt/bin:/usr/bin"
        - Labels[\\342\\200\\256name]  "x"
        ~ ExposedPorts  ["443/tcp","80/tcp"] → ["80/tcp"]
        ~ Healthcheck.Retries  3 → 5
        - OnBuild  ["RUN x"]
        + User  "1000"
        ~ architecture  "amd64" → "arm64"
        + variant  "v8"

      9 of the configuration
      "
    `);
  });

  it('tells the same in JSON lines, before the summary', async () => {
    const { code, out, err } = await diff('--config', '--json', 'app:1', 'app:2');
    expect([code, err]).toEqual([1, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines.slice(1, -2).join('\n')).toMatchInlineSnapshot(`
      "{"t":"config","key":"Env[ESC]","a":"\\u001b[31m","b":"\\u001b[32m"}
      {"t":"config","key":"Env[PATH]","a":"/usr/bin","b":"/opt/bin:/usr/bin"}
      {"t":"config","key":"Labels[\\u202ename]","a":"x"}
      {"t":"config","key":"ExposedPorts","a":["443/tcp","80/tcp"],"b":["80/tcp"]}
      {"t":"config","key":"Healthcheck.Retries","a":3,"b":5}
      {"t":"config","key":"OnBuild","a":["RUN x"]}
      {"t":"config","key":"User","b":"1000"}
      {"t":"config","key":"architecture","a":"amd64","b":"arm64"}
      {"t":"config","key":"variant","b":"v8"}"
    `);
    expect(JSON.parse(lines.at(-2) ?? '')).toMatchObject({ t: 'summary', equal: false, config: 9 });
  });

  it('leaves output and exit code as they are without it', async () => {
    const { code, out } = await diff('--json', 'app:1', 'app:2');
    expect([code, out.includes('onfig')]).toEqual([0, false]);
  });

  it('goes with the packages, after the changes', async () => {
    const { code, out, err } = await diff('--config', '--packages', '--json', 'app:1', 'app:2');
    const kinds = out.split('\n').map((line) => /"t":"(\w+)"/.exec(line)?.[1]);
    expect([code, err]).toEqual([1, '']);
    expect(kinds.filter((kind) => kind !== 'config')).toEqual([
      'header',
      'files',
      'summary',
      'end',
      undefined,
    ]);
    expect(kinds.filter((kind) => kind === 'config')).toHaveLength(9);
  });

  it('ends with 0 where nothing differs', async () => {
    const { code, out } = await diff('--config', 'app:1', 'app:1');
    expect([code, out.split('\n').slice(2)]).toEqual([0, ['no difference', '']]);
  });

  it('compares a container with its image', async () => {
    const { code, out } = await diff('--config', '--json', 'web');
    const records = out.split('\n').filter((line) => line.includes('"t":"config"'));
    expect([code, records.join('\n')]).toMatchInlineSnapshot(`
      [
        1,
        "{"t":"config","key":"Labels[\\u202ename]","a":"x"}
      {"t":"config","key":"ExposedPorts","a":["443/tcp","80/tcp"]}
      {"t":"config","key":"Healthcheck.Retries","a":3}
      {"t":"config","key":"Healthcheck.Test","a":["CMD","true"]}
      {"t":"config","key":"User","b":"web"}",
      ]
    `);
    expect(await diff('--config', '--json', 'app:1', 'web')).toMatchObject({ code: 1 });
  });

  it.each([
    ['config', 1],
    ['setuid', 0],
    ['setuid,config', 1],
  ])('--fail-on %s ends with %i, and names what did it', async (kinds, code) => {
    const { code: ended, err } = await diff('--config', '--fail-on', kinds, 'app:1', 'app:2');
    expect(ended).toBe(code);
    const told = err.split('\n').filter((line) => line === 'stratafs: --fail-on config: Env[PATH]');
    expect(told).toHaveLength(code);
  });

  it('refuses what has no configuration, what is damaged, and what does not go together', async () => {
    mkdirSync(store.path('tree'));
    const asked = [
      ['--config', 'app:1', store.path('tree')],
      ['--config', `lowerdir=${store.path('tree')}`, 'app:1'],
      ['--config', 'app:1#1', 'app:2'],
      ['--config', 'app:1', 'bad:1'],
      ['--config', 'orphan'],
      ['--config', '--stat', 'app:1', 'app:2'],
      ['--config', '--json', '--summary', 'app:1', 'app:2'],
      ['--fail-on', 'config', 'app:1', 'app:2'],
    ];
    const said: string[] = [];
    for (const words of asked) {
      const { code, out, err } = await diff(...words);
      said.push(`${code} ${out}${err.trimEnd().replace(/[0-9a-f]{64}/g, 'ID')}`);
    }
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "2 stratafs: Cannot compare the configuration of "ROOT/tree": directories have none
      2 stratafs: Cannot compare the configuration of "lowerdir=ROOT/tree": directories have none
      2 stratafs: Cannot compare the configuration of "app:1#1": some layers of an image have none
      2 stratafs: Cannot use "ROOT/image/overlay2/imagedb/content/sha256/ID": config.Env[1] is not a string
      2 stratafs: Cannot read "ROOT/image/overlay2/imagedb/content/sha256/ID": no such file
      2 stratafs: Cannot use "--config": it goes with --json and --packages, --markdown, --html, --quiet, or with no form at all
      2 stratafs: Cannot use "--config": it goes with --json and --packages, --markdown, --html, --quiet, or with no form at all
      2 stratafs: Cannot fail on "config": it is compared with --config only"
    `);
  });
});
