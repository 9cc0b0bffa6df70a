// A store as directories: which there are, whatever its images and containers are called. Nothing of it is opened.
import { describe, expect, it } from 'vitest';
import { catalogOf } from '../../../src/cli/mount/catalog.ts';
import { Asking } from '../../../src/cli/mount/looks/asking.ts';
import { LatestStore } from '../../../src/cli/mount/looks/latest-store.ts';
import type { Store } from '../../../src/store/store.ts';
import type { ContainerSummary, ImageSummary } from '../../../src/store/summary.ts';
import { Trouble } from '../../../src/sys/errors.ts';
import type { SceneItem } from '../../../src/whole/item.ts';

const ID = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

function container(name: string, more: Partial<ContainerSummary> = {}): ContainerSummary {
  return { id: ID, name, image: 'x', status: 'created', ...more };
}

function catalog(images: readonly ImageSummary[], containers: readonly ContainerSummary[]) {
  const opened = {} as unknown as Store;
  const { ask } = new Asking();
  return catalogOf(
    { images, containers },
    { root: '/nowhere', data: 'auto', driver: 'kernel', latest: new LatestStore(opened), ask },
  );
}

/** Paths below an item, `kind path`, in the order of the directories. */
async function paths(item: SceneItem, at = ''): Promise<string[]> {
  if (item.kind !== 'directory') return [`${item.kind} ${at}`];
  const all: string[] = [];
  for (const [name, below] of await item.list()) all.push(...(await paths(below, `${at}/${name}`)));
  return all;
}

async function below(root: SceneItem, name: string): Promise<SceneItem> {
  const items = root.kind === 'directory' ? await root.list() : new Map<string, SceneItem>();
  const found = [...items].find(([each]) => each === name)?.[1];
  if (found === undefined) throw new Error(`no "${name}"`);
  return found;
}

describe('catalogOf()', () => {
  it('has the five directories of an empty store, and files for the lists', async () => {
    const root = catalog([], []);
    expect([...(await root.list()).keys()]).toEqual(['images', 'containers', 'by-id', 'layers', '.stratafs']);
    expect(await paths(root)).toEqual([
      ...['images.json', 'containers.json', 'health.txt'].map((name) => `file /.stratafs/${name}`),
    ]);
  });

  it.each([
    ['web', 'web'],
    ['größe', 'gr\xc3\xb6\xc3\x9fe'],
    ['..', `..@${ID.slice(0, 12)}`],
    ['', `@${ID.slice(0, 12)}`],
    ['pod/app', 'pod/app'],
    ['pod/../app', ID],
    ['../../etc', ID],
    ['a\0b', ID],
    ['n'.repeat(256), ID],
  ])('has container %j as a name that can be one', async (name, expected) => {
    expect(await paths(await below(catalog([], [container(name)]), 'containers'))).toEqual([
      `stack /${expected}`,
    ]);
  });

  it('tells containers of one name apart, and leaves none out, whatever its name and its ID are', async () => {
    const odd = [
      container('web'),
      container('web', { id: OTHER }),
      container('web', { id: OTHER, store: 'vfs' }),
      container('/', { id: '..' }),
      container('/', { id: '../..' }),
      container('', { id: '' }),
      container('/', { id: '' }),
    ];
    const root = catalog([], odd);
    expect(await paths(await below(root, 'containers'))).toEqual(
      ['web', `web@${OTHER.slice(0, 12)}`, 'web@vfs', '%2E%2E', '..%2F..', '%', ':%'].map(
        (name) => `stack /${name}`,
      ),
    );
    const byId = await below(root, 'by-id');
    const names = byId.kind === 'directory' ? [...(await byId.list()).keys()] : [];
    expect(names.filter((name) => !name.endsWith('.layers'))).toEqual([
      ...[ID, OTHER, `${OTHER}@vfs`, '%2E%2E', '..%2F..', '%', ':%'],
    ]);
  });

  it('has the containers of a pod in its directory, and what holds the pod together beside that', async () => {
    const pod = [
      container('web', { id: OTHER, infra: true }),
      container('web/app'),
      container('web/proxy', { id: 'c'.repeat(64) }),
      container('app_web_ns_uid_0', { id: 'd'.repeat(64) }),
    ];
    expect(await paths(await below(catalog([], pod), 'containers'))).toEqual([
      'stack /:web',
      'stack /app_web_ns_uid_0',
      'stack /web/app',
      'stack /web/proxy',
    ]);
  });

  it('says of a container whose layers another store has which that is', async () => {
    const root = catalog([], [container('web', { elsewhere: 'containerd' })]);
    const web = await below(await below(root, 'containers'), 'web');
    if (web.kind !== 'stack') throw new Error('no stack');
    await expect(web.open()).rejects.toThrow(Trouble);
    await expect(web.open()).rejects.toThrow('Cannot show container "web": containerd has its layers');
  });

  it('is another version where an image, its names or the state of a container changed, and else the same', () => {
    const image: ImageSummary = { id: `sha256:${ID}` as ImageSummary['id'], tags: ['x:1'], digests: [] };
    const versions = [
      catalog([image], [container('web')]),
      catalog([image], [container('web')]),
      catalog([{ ...image, tags: ['x:1', 'y:1'] }], [container('web')]),
      catalog([image], [container('web', { status: 'running' })]),
    ].map(({ version }) => version);
    expect(versions[1]).toBe(versions[0]);
    expect(new Set(versions).size).toBe(3);
  });
});
