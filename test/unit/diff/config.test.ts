import { describe, expect, it } from 'vitest';
import { compareConfigurations } from '../../../src/diff/explain/config.ts';
import type { Configuration, ConfigValue } from '../../../src/store/oci/oci.ts';

interface Given {
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly fields?: Readonly<Record<string, ConfigValue>>;
  readonly kind?: Configuration['kind'];
}

function configuration({ env = [], labels = {}, fields = {}, kind = 'image' }: Given): Configuration {
  return { kind, env, labels: new Map(Object.entries(labels)), fields: new Map(Object.entries(fields)) };
}

const RULES: readonly (readonly [rule: string, a: Given, b: Given, expected: readonly object[]])[] = [
  ['finds nothing in two that are empty', {}, {}, []],
  [
    'compares variables by name, whatever their order',
    { env: ['A=1', 'PATH=/usr/bin', 'OLD=x'] },
    { env: ['PATH=/opt/bin:/usr/bin', 'NEW=a=b', 'A=1'] },
    [
      { key: 'Env[NEW]', b: 'a=b' },
      { key: 'Env[OLD]', a: 'x' },
      { key: 'Env[PATH]', a: '/usr/bin', b: '/opt/bin:/usr/bin' },
    ],
  ],
  ['takes the last value of a variable', { env: ['A=1', 'A=2'] }, { env: ['A=2'] }, []],
  [
    'tells a variable without a value from an empty one and from none',
    { env: ['A', 'B'] },
    { env: ['A='] },
    [
      { key: 'Env[A]', a: null, b: '' },
      { key: 'Env[B]', a: null },
    ],
  ],
  [
    'compares labels by name, an empty one too',
    { labels: { x: '', y: '1' } },
    { labels: { y: '2' } },
    [
      { key: 'Labels[x]', a: '' },
      { key: 'Labels[y]', a: '1', b: '2' },
    ],
  ],
  [
    'compares lists as wholes, in order',
    { fields: { Cmd: ['a', 'b'], Entrypoint: ['a b'] } },
    { fields: { Cmd: ['b', 'a'], Entrypoint: ['a', 'b'] } },
    [
      { key: 'Cmd', a: ['a', 'b'], b: ['b', 'a'] },
      { key: 'Entrypoint', a: ['a b'], b: ['a', 'b'] },
    ],
  ],
  [
    'compares the platform, Shell and OnBuild of images',
    { fields: { os: 'linux', variant: 'v7', Shell: ['/bin/sh'] } },
    { fields: { os: 'linux', variant: 'v8', OnBuild: ['RUN x'] } },
    [
      { key: 'OnBuild', b: ['RUN x'] },
      { key: 'Shell', a: ['/bin/sh'] },
      { key: 'variant', a: 'v7', b: 'v8' },
    ],
  ],
  [
    'leaves out of a container what it does not take over',
    { fields: { os: 'linux', variant: 'v7', Shell: ['/bin/sh'], OnBuild: ['RUN x'], User: 'a' } },
    { fields: { User: 'b' }, kind: 'container' },
    [{ key: 'User', a: 'a', b: 'b' }],
  ],
  [
    'keeps names apart that objects have of their own',
    { labels: { constructor: 'a' } },
    { env: ['__proto__=b'] },
    [
      { key: 'Env[__proto__]', b: 'b' },
      { key: 'Labels[constructor]', a: 'a' },
    ],
  ],
];

describe('compareConfigurations()', () => {
  it.each(RULES)('%s', (_, a, b, expected) => {
    expect(compareConfigurations(configuration(a), configuration(b))).toEqual(expected);
  });
});
