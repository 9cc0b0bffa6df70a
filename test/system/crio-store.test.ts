// A store as CRI-O leaves it, made of Podman's of the same format: no database, states in files, pods in the containers' metadata; and
// one that CONTAINERS_STORAGE_CONF names.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { jsonRecords } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { unpackStore } from '../support/real-stores.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForTest } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

interface Container {
  readonly id: string;
  readonly names: readonly string[];
  readonly metadata: string;
}

const POD = 'ab'.repeat(32);

/** Gives two containers of the store another life; answers their IDs. */
function asCrio(root: string): { readonly web: string; readonly done: string } {
  rmSync(`${root}/db.sql`);
  const file = `${root}/overlay-containers/containers.json`;
  const containers = JSON.parse(readFileSync(file, 'utf8')) as Container[];
  const idOf = (name: string) => containers.find(({ names }) => names.includes(name))?.id ?? '';
  const ids = { web: idOf('web'), done: idOf('done') };
  const metadata = { 'pod-name': 'shop', 'pod-id': POD, 'image-name': 'docker.io/library/demo:1' };
  const made = containers.map((container) => {
    if (container.id === ids.web)
      return { ...container, names: ['k8s_app_shop_default_u_0'], metadata: JSON.stringify(metadata) };
    if (container.id !== ids.done) return container;
    return { ...container, metadata: JSON.stringify({ ...metadata, 'pod-id': container.id }) };
  });
  writeFileSync(file, JSON.stringify(made));
  const tell = (id: string, state: object) => {
    mkdirSync(`${root}/overlay-containers/${id}/userdata`, { recursive: true });
    writeFileSync(`${root}/overlay-containers/${id}/userdata/state.json`, JSON.stringify(state));
  };
  const [started, finished] = ['2026-01-01T00:00:00Z', '0001-01-01T00:00:00Z'];
  tell(ids.web, { ociVersion: '1.2.0', id: ids.web, status: 'running', pid: 7, started, finished });
  tell(ids.done, { id: ids.done, status: 'stopped', started, finished: '2026-01-02T00:00:00Z', exitCode: 3 });
  return ids;
}

describeSystem('a store of CRI-O', ['root', 'stores', 'build'], () => {
  it('has states and pods by the files that CRI-O keeps', async () => {
    const root = `${unpackStore(temporaryForTest(), 'podman-5.8-root-overlay')}/root`;
    const { web, done } = asCrio(root);
    const { stdout } = await stratafs(['--root', root, 'containers', '--all', '--json']);
    const listed = jsonRecords<Record<string, unknown>>(stdout);
    const of = (id: string) => listed.find((container) => container.id === id);
    expect(of(web)).toMatchObject({ pod: 'shop', status: 'running', startedAt: '2026-01-01T00:00:00Z' });
    expect(of(web)).not.toHaveProperty('finishedAt');
    expect(of(done)).toMatchObject({ status: 'exited (3)', infra: true, finishedAt: '2026-01-02T00:00:00Z' });
    const inspected = await stratafs(['--root', root, 'inspect', 'shop/k8s_app_shop_default_u_0']);
    expect(inspected.stdout).toMatch(/^Layer \d+, upper, live$/m);
    writeFileSync(`${root}/overlay-containers/${done}/userdata/state.json`, '{"status":');
    const damaged = await stratafs(['--root', root, 'containers', '--all', '--json']);
    expect(damaged.stdout).toContain('state.json');
    expect((await stratafs(['--root', root, 'ls', done, '/'])).code).toBe(0);
  });

  it('is live while its run root has something mounted, which this process need not see', async () => {
    const temporary = temporaryForTest();
    const root = `${unpackStore(temporary, 'podman-5.8-root-overlay')}/root`;
    const { done } = asCrio(root);
    const [conf, run] = [temporary.path('storage.conf'), temporary.path('run')];
    writeFileSync(conf, `[storage]\ndriver = "overlay"\ngraphroot = "${root}"\nrunroot = "${run}"\n`);
    mkdirSync(`${run}/overlay-layers`, { recursive: true });
    const containers = JSON.parse(readFileSync(`${root}/overlay-containers/containers.json`, 'utf8')) as {
      readonly id: string;
      readonly layer: string;
    }[];
    const layer = containers.find(({ id }) => id === done)?.layer;
    const env = { CONTAINERS_STORAGE_CONF: conf };
    const isLive = async (mounts: string) => {
      writeFileSync(`${run}/overlay-layers/mountpoints.json`, mounts);
      const { stdout } = await stratafs(['stores', '--json'], { env });
      const stores = stdout.split('\n').filter((line) => line.includes(root));
      const inspected = await stratafs(['--root', root, 'inspect', done], { env });
      return [stores.some((line) => line.includes('"live":true')), /upper, live$/m.test(inspected.stdout)];
    };
    expect(await isLive(JSON.stringify([{ id: layer, path: '/x', count: 1 }]))).toEqual([true, true]);
    expect(await isLive(JSON.stringify([{ id: layer, path: '/x', count: 0 }]))).toEqual([false, false]);
    expect(await isLive('[{')).toEqual([false, false]);
  });

  it('is found by the configuration that CONTAINERS_STORAGE_CONF names', async () => {
    const temporary = temporaryForTest();
    const root = `${unpackStore(temporary, 'podman-5.8-root-overlay')}/root`;
    const conf = temporary.path('storage.conf');
    writeFileSync(conf, `[storage]\ndriver = "overlay"\ngraphroot = "${root}"\n`);
    const env = { CONTAINERS_STORAGE_CONF: conf };
    const { stdout } = await stratafs(['stores', '--json'], { env });
    const told = `"graphroot" in ${conf} (CONTAINERS_STORAGE_CONF)`;
    expect(stdout).toContain(JSON.stringify(told));
    expect(
      (await stratafs(['stores', '--json'], { env: { CONTAINERS_STORAGE_CONF: '' } })).stdout,
    ).not.toContain(root);
  });
});
