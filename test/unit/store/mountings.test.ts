// What stores say is mounted in a container, and where that lies: in the store wherever that is now, or on the machine.
import { describe, expect, it } from 'vitest';
import type { Mounting } from '../../../src/store/mounting.ts';
import { openStore } from '../../../src/store/open.ts';
import { FakeContainerd } from '../../support/fake-containerd.ts';
import { FakePodman } from '../../support/fake-podman.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { temporaryForTest } from '../../support/temporary.ts';

function told({ kind, at, label, place, isEngines }: Mounting): string {
  const where =
    place.kind === 'store'
      ? `store ${place.path}`
      : place.kind === 'machine'
        ? `machine ${place.path}`
        : place.kind === 'image'
          ? `image ${place.reference}`
          : 'nothing';
  return `${at} ${kind} ${label}: ${where}${isEngines ? ' (made)' : ''}`;
}

function mountingsIn(root: string, name: string): string[] {
  const store = openStore(root);
  return (store.mountings?.(store.resolve(name)) ?? []).map(told);
}

describe('mountings()', () => {
  it("tells Docker's, by the root that the daemon had", () => {
    const store = new FakeStore(temporaryForTest().directory);
    const image = store.image({ names: ['app:1'], layers: ['base'] });
    const of = (name: string) => `/srv/docker/containers/${id}/${name}`;
    const point = (Type: string, more: object) => ({
      Type,
      Name: '',
      Driver: '',
      Source: '',
      RW: true,
      ...more,
    });
    let id = store.container({ name: 'web', image });
    id = store.container({
      name: 'web',
      image,
      config: {
        ...{ LogPath: '', HostnamePath: of('hostname'), HostsPath: of('hosts'), ResolvConfPath: '' },
        MountPoints: {
          '/z/deep': point('volume', {
            Name: 'data',
            Driver: 'local',
            Source: '/srv/docker/volumes/data/_data',
          }),
          '/sub': point('volume', {
            ...{ Name: 'data', Driver: 'local', Source: '/srv/docker/volumes/data/_data' },
            Spec: { VolumeOptions: { Subpath: 'a/b' } },
          }),
          '/far': point('volume', { Name: 'far', Driver: 'local' }),
          '/nfs': point('volume', { Name: 'nfs', Driver: 'other', Source: '/mnt/plugin/nfs' }),
          '/etc/hosts': point('bind', { Source: '/srv/my-hosts' }),
          '/in': point('bind', { Source: '/srv/docker/./volumes/../volumes/data' }),
          '/t': point('tmpfs', {}),
        },
      },
    });
    store.write('volumes/data/_data/file', '');
    store.write(
      'volumes/far/opts.json',
      '{"MountType":"none","MountOpts":"bind,ro","MountDevice":"/far/away"}',
    );
    store.write(`containers/${id}/hostconfig.json`, '{"Tmpfs":{"/scratch":"size=1m"}}');
    expect(mountingsIn(store.root, 'web')).toEqual([
      '/far volume far: machine /far/away',
      '/in bind /srv/docker/./volumes/../volumes/data: store volumes/data',
      '/nfs volume nfs: machine /mnt/plugin/nfs',
      '/sub volume data: store volumes/data/_data/a/b',
      '/t tmpfs : nothing',
      '/scratch tmpfs : nothing',
      '/etc/hosts bind /srv/my-hosts: machine /srv/my-hosts',
      '/z/deep volume data: store volumes/data/_data',
      `/etc/hostname bind hostname: store containers/${id}/hostname (made)`,
    ]);
  });

  it("tells those of containerd's containers by the runtime's spec, and the files of a pod in its root", () => {
    const store = new FakeContainerd(temporaryForTest().directory);
    const manifest = store.image({ names: ['docker.io/library/app:1'], layers: ['a'] });
    const pod = `io.containerd.grpc.v1.cri/sandboxes/${'a'.repeat(64)}`;
    const mounts = [
      ['/proc', 'proc', 'proc'],
      ['/dev', 'tmpfs', 'tmpfs'],
      ['/dev/shm', 'bind', '/run/containerd/shm'],
      ['/run', 'tmpfs', 'tmpfs'],
      ['/var/lib/kubelet', 'bind', '/var/lib/kubelet/pods/x'],
      ['/etc/resolv.conf', 'bind', `/other/root/${pod}/resolv.conf`],
      ['/etc/hosts', 'bind', `/other/root/${pod}/../../escape/hosts`],
    ];
    const spec = { mounts: mounts.map(([destination, type, source]) => ({ destination, type, source })) };
    store.container({ id: 'web', image: 'docker.io/library/app:1', manifest, spec });
    store.write();
    expect(mountingsIn(store.root, 'web')).toEqual([
      '/run tmpfs : nothing',
      '/dev/shm bind /run/containerd/shm: machine /run/containerd/shm',
      `/etc/resolv.conf bind /other/root/${pod}/resolv.conf: store ${pod}/resolv.conf (made)`,
      `/etc/hosts bind /other/root/${pod}/../../escape/hosts: machine /other/root/${pod}/../../escape/hosts`,
      '/var/lib/kubelet bind /var/lib/kubelet/pods/x: machine /var/lib/kubelet/pods/x',
    ]);
  });

  it("tells Podman's: volumes, images, what the spec binds", () => {
    const store = new FakePodman(temporaryForTest().directory);
    const image = store.image({ names: ['localhost/app:1'], layers: ['base'] });
    store.volume('data');
    store.volume('bound', { volumeOptions: { type: 'none', o: 'bind', device: '/far/away' } });
    const config = {
      namedVolumes: [
        { volumeName: 'data', dest: '/data' },
        { volumeName: 'data', dest: '/sub', subPath: 'a' },
        { volumeName: 'bound', dest: '/bound' },
        { volumeName: '../..', dest: '/odd' },
      ],
      ctrImageVolumes: [{ source: 'localhost/app:1', dest: '/image' }],
      overlayVolumes: [{ source: '/srv/lower', dest: '/overlaid' }],
      spec: {
        mounts: [
          { destination: '/proc', type: 'proc', source: 'proc' },
          { destination: '/srv/bind', type: 'bind', source: '/srv/data' },
          { destination: '/tmp', type: 'tmpfs', source: 'tmpfs' },
        ],
      },
    };
    store.container({ name: 'web', image, config });
    store.finish();
    expect(mountingsIn(store.root, 'web')).toEqual([
      '/data volume data: store volumes/data/_data',
      '/sub volume data: store volumes/data/_data/a',
      '/bound volume bound: machine /far/away',
      '/odd volume ../..: machine ../..',
      '/image image localhost/app:1: image localhost/app:1',
      '/overlaid bind /srv/lower: machine /srv/lower',
      '/tmp tmpfs : nothing',
      '/srv/bind bind /srv/data: machine /srv/data',
    ]);
  });
});
