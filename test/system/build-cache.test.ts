// Build cache, volumes and databases on a real engine's data root: what BuildKit left there is told apart from orphans,
// held against what the engine itself says, also while the engine runs.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { StoreFiles } from '../../src/store/files.ts';
import { type Bucket, readBolt } from '../../src/store/formats/bolt.ts';
import { asBytes } from '../../src/sys/bytes.ts';
import { succeed } from '../support/command.ts';
import { Engine } from '../support/engine.ts';
import { jsonRecordsOfBytes } from '../support/json-lines.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const DOCKERFILE = `FROM base AS first
RUN echo made > /made && echo left > /left
FROM base
COPY --from=first /made /made
COPY given /given
RUN mkdir -p /opt && echo x > /opt/x && chmod 710 /noted
`;

interface Finding {
  readonly t: string;
  readonly code: string;
  readonly severity: string;
  readonly path: string;
  readonly detail: string;
}

interface Owner {
  readonly kind: string;
  readonly id: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly users: readonly { readonly kind: string; readonly label: string; readonly at?: string }[];
  readonly uses: readonly { readonly kind: string; readonly label: string; readonly at?: string }[];
}

describeSystem(
  'build cache and volumes',
  ['root', 'docker', 'buildkit', 'busybox', 'attributes', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const engine = new Engine(temporary);
    /** Copies of the data root: after a build, after the image was removed, after the cache was. */
    const copies = ['built', 'untagged', 'pruned'].map((name) => temporary.path(name));
    const [built = '', untagged = '', pruned = ''] = copies;
    /** The beginnings of the IDs of all entries of the cache, as the engine lists them. */
    let listed: readonly string[] = [];
    let image = '';
    const images = new Map<string, string>();

    async function lines<T>(root: string, ...words: readonly string[]): Promise<T[]> {
      const { stdout, stderr } = await stratafs(['--root', root, ...words, '--json']);
      expect(stderr).toBe('');
      return jsonRecordsOfBytes(stdout);
    }

    /** What doctor finds but the containerd beside, which the engine started for itself. */
    async function findingsIn(root: string): Promise<Finding[]> {
      const found = await lines<Finding>(root, 'doctor');
      return found.filter(({ t, code }) => t === 'finding' && code !== 'store-beside');
    }

    /** Driver directories that no layer of layerdb has, nor a container. */
    function unrecorded(root: string): string[] {
      const layerdb = join(root, 'image/overlay2/layerdb');
      const recorded = [
        ...readdirSync(join(layerdb, 'sha256')).map((id) =>
          readFileSync(join(layerdb, 'sha256', id, 'cache-id'), 'utf8'),
        ),
        ...readdirSync(join(layerdb, 'mounts')).flatMap((id) => {
          const mount = readFileSync(join(layerdb, 'mounts', id, 'mount-id'), 'utf8');
          return [mount, `${mount}-init`];
        }),
      ];
      return readdirSync(join(root, 'overlay2')).filter((name) => name !== 'l' && !recorded.includes(name));
    }

    beforeAll(async () => {
      await engine.start();
      const base = temporary.path('base');
      mkdirSync(join(base, 'noted'), { recursive: true });
      await succeed('setfattr', ['-n', 'user.a', '-v', 'b', join(base, 'noted')]);
      await engine.importBusybox('base', { into: base });
      await engine.buildWithBuildKit('app', DOCKERFILE, { given: 'given' });
      image = (await engine.docker(['inspect', '-f', '{{.Id}}', 'app'])).trim();
      await engine.docker(['volume', 'create', '--label', 'of=test', 'shared']);
      await engine.docker(['volume', 'create', 'alone']);
      const mounts = ['-v', 'shared:/data', '-v', '/srv:/host:ro', '-v', '/nameless'];
      await engine.docker([
        'run',
        '--network',
        'none',
        '--name',
        'box',
        ...mounts,
        'app',
        'sh',
        '-c',
        'echo hi > /data/x',
      ]);
      const usage = await engine.docker(['system', 'df', '-v']);
      listed = [...usage.slice(usage.indexOf('CACHE ID')).matchAll(/^([0-9a-z]{12}) /gm)].map(
        ([, id = '']) => id,
      );
      await engine.ctr(['namespace', 'create', 'kept', 'of=test']);
      await engine.ctr(['-n', 'kept', 'snapshots', 'prepare', 'one']);
      images.set('snapshots', (await engine.ctr(['-n', 'kept', 'snapshots', 'ls'])).trim());
    });

    it('reads the databases of a running engine, which goes on', async () => {
      const findings = await findingsIn(engine.dataRoot);
      expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
      await engine.docker(['volume', 'create', 'later']);
      const [volume] = await lines<Owner>(engine.dataRoot, 'whose', 'later');
      expect(volume?.kind).toBe('volume');
      await engine.docker(['volume', 'rm', 'later']);
    });

    it("finds what ctr shows in containerd's own database", () => {
      const files = new StoreFiles(asBytes(join(engine.dataRoot, 'containerd/daemon')));
      const names = (bucket: Bucket | undefined) => [...(bucket?.entries() ?? [])].map(({ key }) => key);
      const found = files.withPartsIfPresent('io.containerd.metadata.v1.bolt/meta.db', (file) =>
        readBolt(file, (root) => {
          const kept = root.bucket('v1')?.bucket('kept');
          return [
            kept?.bucket('labels')?.get('of')?.toString(),
            ...names(kept?.bucket('snapshots')?.bucket('overlayfs')),
          ];
        }),
      );
      expect(found).toEqual(['test', 'one']);
      expect(images.get('snapshots')).toMatch(/^one /m);
    });

    it('copies the root at each step', async () => {
      await engine.stop();
      await succeed('cp', ['-a', engine.dataRoot, built]);
      await engine.start();
      await engine.docker(['rm', '-fv', 'box']);
      await engine.docker(['rmi', 'app']);
      await engine.stop();
      await succeed('cp', ['-a', engine.dataRoot, untagged]);
      await engine.start();
      await engine.docker(['builder', 'prune', '-af']);
      await engine.stop();
      await succeed('cp', ['-a', engine.dataRoot, pruned]);
    });

    it('calls every directory that BuildKit has a record of build cache, and finds no orphan', async () => {
      const findings = await findingsIn(built);
      const cached = findings.filter(({ code }) => code === 'directory-cache');
      expect(cached.map(({ path }) => path).sort()).toEqual(
        unrecorded(built)
          .map((name) => join(built, 'overlay2', name))
          .sort(),
      );
      expect(cached.length).toBeGreaterThan(2);
      expect(cached.map(({ detail }) => detail).join('\n')).toContain('echo left > /left');
      expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
      expect(findings.map(({ code }) => code).filter((code) => code !== 'directory-cache')).toEqual([
        'volume-unused',
      ]);
    });

    it('knows each entry that the engine lists, by its ID and by its directory', async () => {
      expect(listed.length).toBeGreaterThan(5);
      const owners = await lines<Owner>(built, 'whose', ...listed);
      expect(owners.map(({ kind, id }) => `${kind} ${id.slice(0, 12)}`)).toEqual(
        listed.map((id) => `cache ${id}`),
      );
      const steps = owners.map(({ facts }) => facts.step);
      expect(steps).toContain(
        'mount / from exec /bin/sh -c mkdir -p /opt && echo x > /opt/x && chmod 710 /noted',
      );
      const places = unrecorded(built).map((name) => join(built, 'overlay2', name, 'diff'));
      const byPlace = await lines<Owner>(built, 'whose', ...places);
      expect(byPlace.map(({ kind }) => kind)).toEqual(places.map(() => 'cache'));
    });

    it('verifies what BuildKit made, though its tar has neither the attributes nor the nanoseconds of the files', async () => {
      const { code, stdout } = await stratafs(['--root', built, 'verify', '-v', '--all', '--images']);
      expect([code, stdout.split('\n').filter((line) => /^(?:tampered|unverifiable)/.test(line))]).toEqual([
        0,
        [],
      ]);
      expect(stdout).toMatch(
        /^note +app:latest layer 4 {2}xattr {2}noted: expected no user\.a, found user\.a=0x62$/m,
      );
      expect(stdout).toMatch(/^known +app:latest layer 4 {2}mtime {2}opt/m);
    });

    it('names what an image and a container are made of and what they mount', async () => {
      const [app] = await lines<Owner>(built, 'whose', 'app');
      const [box] = await lines<Owner>(built, 'whose', 'box');
      const [shared] = await lines<Owner>(built, 'whose', 'shared');
      const [path] = await lines<Owner>(built, 'whose', join(built, 'volumes/shared/_data/x'));
      expect([app?.id, app?.uses.length, app?.users.map(({ label }) => label)]).toEqual([image, 4, ['box']]);
      expect(
        box?.uses
          .flatMap(({ kind, label, at }) => (at === undefined ? [] : [`${kind} ${label} ${at}`]))
          .slice(0, 2),
      ).toEqual(['volume shared /data', 'bind /srv /host']);
      expect(shared?.users).toMatchObject([{ kind: 'container', label: 'box', at: '/data' }]);
      expect(path).toMatchObject({ kind: 'volume', id: 'shared', facts: { labels: 'of=test' } });
    });

    it('tells of layers that only the cache still holds', async () => {
      const findings = await findingsIn(untagged);
      const codes = new Set(findings.map(({ code }) => code));
      expect([...codes].sort()).toEqual(['directory-cache', 'layer-cache', 'volume-unused']);
    });

    it('finds nothing where the cache was removed', async () => {
      expect(unrecorded(pruned)).toEqual([]);
      const findings = await findingsIn(pruned);
      expect(findings.filter(({ code }) => code !== 'volume-unused')).toEqual([]);
    });
  },
);
