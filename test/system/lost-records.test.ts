// Containers and layers whose records are lost, in stores of each kind: what other records lead to is shown, and says so.
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

interface ListedRecord {
  readonly id: string;
  parent?: string;
}

/** Rewrites a list of containers-storage; undefined takes a record out. */
function rewrite(root: string, list: string, change: (one: ListedRecord) => object | undefined): void {
  const path = join(root, list);
  const all = JSON.parse(readFileSync(path, 'utf8')) as ListedRecord[];
  writeFileSync(path, JSON.stringify(all.flatMap((one) => change(one) ?? [])));
}

const CONTAINERS = 'overlay-containers/containers.json';
const LAYERS = 'overlay-layers/layers.json';
/** The top layer of `demo`. */
const TOP = '43fcf5aec98fa06c2fa0bb62cd783e824054a32249ff4b0f81250af7fde3ef2e';

function withoutContainer(id: string): (root: string) => void {
  return (root) => rewrite(root, CONTAINERS, (one) => (one.id.startsWith(id) ? undefined : one));
}

function withoutDatabase(root: string): void {
  for (const name of readdirSync(root)) if (name.startsWith('db.sql')) rmSync(join(root, name));
}

/** Of a container: the store, its ID, what is lost, and what is said of it. */
const LOST: readonly [what: string, store: string, id: string, lose: (root: string) => void, said: RegExp][] =
  [
    ['an empty config', 'docker-28-overlay2', '032edf50ed7f', emptyConfig, /config\.v2\.json": it is empty/],
    [
      'no directory of its own',
      'docker-28-overlay2',
      '032edf50ed7f',
      withoutDirectory,
      /config\.v2\.json": no such file/,
    ],
    [
      'an empty config',
      'docker-28-containerd',
      '43c317b30dd1',
      emptyConfig,
      /config\.v2\.json": it is empty/,
    ],
    [
      'no directory of its own',
      'docker-28-containerd',
      '43c317b30dd1',
      withoutDirectory,
      /no record of a container/,
    ],
    [
      'no record in the list',
      'podman-5.8-root-overlay',
      '713d3cfa55f5',
      withoutContainer('713d3cfa55f5'),
      /it has no record of container 713d3cfa55f5/,
    ],
    [
      'no record anywhere but what the runtime was given',
      'podman-5.8-root-overlay',
      '713d3cfa55f5',
      (root) => {
        withoutContainer('713d3cfa55f5')(root);
        withoutDatabase(root);
      },
      /it has no record of container 713d3cfa55f5/,
    ],
    [
      'a list that cannot be read, and no database',
      'podman-5.8-root-overlay',
      '713d3cfa55f5',
      (root) => {
        writeFileSync(join(root, CONTAINERS), '[');
        withoutDatabase(root);
      },
      /containers\.json": not valid JSON/,
    ],
  ];

function containerDirectory(root: string): string {
  const [name = ''] = readdirSync(join(root, 'containers')).filter((one) => /^(?:032edf|43c317)/.test(one));
  return join(root, 'containers', name);
}

function emptyConfig(root: string): void {
  truncateSync(join(containerDirectory(root), 'config.v2.json'), 0);
}

function withoutDirectory(root: string): void {
  rmSync(containerDirectory(root), { recursive: true });
}

describeSystem('what is shown of lost records', ['root', 'stores'], () => {
  it.each(LOST)('a container with %s, of %s: all its layers by its ID', (_, store, id, lose, said) => {
    const root = join(unpackStore(temporaryForTest(), store), 'root');
    const sources = () =>
      openStore(root)
        .resolve(id, 'mark')
        .layers.map(({ source, missing }) => ({ source, missing }));
    const sound = sources();
    lose(root);
    expect(sources().map(({ missing }) => missing)).toEqual(sound.map(() => undefined));
    expect(JSON.stringify(sources())).toBe(JSON.stringify(sound));
    expect(openStore(root).resolve(id, 'mark').doubts?.join('\n')).toMatch(said);
  });

  it.each<[what: string, change: object, said: RegExp]>([
    ['diff ID', { 'diff-digest': 'x' }, /diff-digest is not a diff ID/],
    ['parent', { parent: '../../etc' }, /parent is not 64 lower-case hex digits/],
  ])('an image of Podman, a layer of which has a damaged %s', (_, change, said) => {
    const root = join(unpackStore(temporaryForTest(), 'podman-5.8-root-overlay'), 'root');
    const resolve = () => openStore(root).resolve('docker.io/library/demo:1', 'mark').layers;
    const sound = resolve().map(({ source }) => source);
    rewrite(root, LAYERS, (one) => (one.id === TOP ? { ...one, ...change } : one));
    expect(resolve().map(({ source }) => source)).toEqual(sound);
    expect(resolve().map(({ doubt }) => doubt)).toEqual([expect.stringMatching(said), undefined, undefined]);
    expect(resolve()[0]?.doubt).toContain(`overlay/${TOP}/lower`);
  });
});
