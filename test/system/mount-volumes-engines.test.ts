// `mount --volumes` of what Podman and containerd made: by their records, while they are at work.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { podmanIn, startContainerd } from '../support/live-engines.ts';
import { unpackArchives } from '../support/real-stores.ts';
import { mountStratafs } from '../support/stratafs.ts';
import { describeSystem } from '../support/system.ts';
import { type Temporary, temporaryForTest } from '../support/temporary.ts';

const ARCHIVE = 'podman-oci-archive.tar';
const IMAGE = 'docker.io/library/demo:1';

function hostOf(temporary: Temporary): string {
  const host = temporary.path('host');
  mkdirSync(`${host}/dir`, { recursive: true });
  writeFileSync(`${host}/dir/inside`, 'of the host\n');
  writeFileSync(`${host}/conf`, 'a conf\n');
  return host;
}

describeSystem('mount --volumes of Podman', ['root', 'fuse', 'podman', 'stores', 'build'], () => {
  it('shows volumes, binds and images where the container has them', async () => {
    const temporary = temporaryForTest();
    const host = hostOf(temporary);
    const podman = podmanIn(temporary, 'overlay');
    await podman('load', '-q', '-i', join(unpackArchives(temporary), ARCHIVE));
    const words = ['-v', 'data:/data', '-v', `${host}/dir:/srv/dir`, '-v', `${host}/conf:/etc/app.conf`];
    const image = ['--mount', `type=image,src=${IMAGE},dst=/other`, '--tmpfs', '/scratch'];
    await podman('create', '--name', 'web', '--network', 'none', ...words, ...image, IMAGE, '/bin/tiny');
    const root = temporary.path('root');
    writeFileSync(`${root}/volumes/data/_data/kept`, 'in a volume\n');
    const mounted = await mountStratafs(temporary, '--all', {
      root,
      before: ['--host-root', '/'],
      args: ['--volumes'],
    });
    const web = `${mounted.directory}/containers/web`;
    expect(readFileSync(`${web}/data/kept`, 'utf8')).toBe('in a volume\n');
    expect(readFileSync(`${web}/srv/dir/inside`, 'utf8')).toBe('of the host\n');
    expect(readFileSync(`${web}/etc/app.conf`, 'utf8')).toBe('a conf\n');
    expect(readdirSync(`${web}/scratch`)).toEqual([]);
    expect(readdirSync(`${web}/other`)).toEqual(
      readdirSync(`${mounted.directory}/images/docker.io/library/demo/1`),
    );
    expect(await mounted.umount()).toBe(0);
    expect(mounted.log()).toBe('');
  });
});

describeSystem('mount --volumes of containerd', ['root', 'fuse', 'containerd', 'stores', 'build'], () => {
  it('shows what the spec of a container binds', async () => {
    const temporary = temporaryForTest();
    const host = hostOf(temporary);
    const { root, ctr } = await startContainerd(temporary);
    await ctr('images', 'import', join(unpackArchives(temporary), ARCHIVE));
    const bind = (source: string, at: string) => [
      '--mount',
      `type=bind,src=${source},dst=${at},options=rbind:ro`,
    ];
    const words = [...bind(`${host}/dir`, '/srv/dir'), ...bind(`${host}/conf`, '/etc/app.conf')];
    await ctr('containers', 'create', ...words, IMAGE, 'web', '/bin/tiny');
    const mounted = await mountStratafs(temporary, 'web', { root, args: ['--volumes'] });
    expect(readFileSync(`${mounted.directory}/srv/dir/inside`, 'utf8')).toBe('of the host\n');
    expect(readFileSync(`${mounted.directory}/etc/app.conf`, 'utf8')).toBe('a conf\n');
    expect(await mounted.umount()).toBe(0);
  });
});
