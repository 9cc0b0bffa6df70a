// `history --dockerfile --out`: the folder builds by a real engine, and what comes of it has the same tree and configuration.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { Engine } from '../support/engine.ts';
import { stratafsForSuite } from '../support/many-commands.ts';
import { describeSystem, itSystem } from '../support/system.ts';
import { temporaryForSuite } from '../support/temporary.ts';

const stratafs = stratafsForSuite();

const BASE = `FROM busybox:1
ENV A="b c" PLAIN=x QUOTED="say \\"hi\\" for \\$5"
LABEL one="1 = one" two="{\\"k\\": \\"v\\"}"
CMD ["base"]
ONBUILD RUN echo built > /tmp/built
`;
const APP = `FROM base:1
ARG VERSION=1
RUN echo "$VERSION" > /version
COPY one /srv/one
USER 10:20
WORKDIR /work/deep
EXPOSE 80 53/udp
VOLUME ["/data", "/more data"]
STOPSIGNAL SIGUSR1
SHELL ["/bin/sh", "-e", "-c"]
HEALTHCHECK --interval=90s --retries=3 CMD test -e "/version"
USER 0
RUN rm /srv/one && echo "a   b" > /spaces && chmod 4755 /spaces
USER 10
COPY two /srv/
ENTRYPOINT ["/bin/sh", "-c", "echo \\"a b\\" $A"]
`;
const FILES = { one: 'one\n', two: 'two\n' };

describeSystem(
  'stratafs history --dockerfile --out',
  ['root', 'overlay', 'docker', 'busybox', 'build'],
  () => {
    const temporary = temporaryForSuite();
    const engine = new Engine(temporary);

    beforeAll(async () => {
      await engine.start();
      const into = temporary.path('busybox');
      mkdirSync(`${into}/etc`, { recursive: true });
      writeFileSync(`${into}/etc/passwd`, 'root:x:0:0::/:/bin/sh\n');
      writeFileSync(`${into}/etc/group`, 'root:x:0:\n');
      await engine.importBusybox('busybox:1', { into });
      await engine.build('base:1', BASE);
      await engine.build('app:1', APP, FILES);
      await engine.docker([
        'run',
        '--name',
        'changed',
        '--network',
        'none',
        '--entrypoint',
        '/bin/sh',
        '-u',
        '0',
        'app:1',
        '-c',
        'rm /version && rm -r /srv && echo file > /srv && echo new > /etc/new',
      ]);
      const changes = ['ENV B="late one"', 'CMD ["x", "y"]', 'EXPOSE 99'].flatMap((change) => ['-c', change]);
      await engine.docker(['commit', ...changes, 'changed', 'committed:1']);
    });

    const configOf = async (name: string) => {
      const config = JSON.parse(await engine.docker(['inspect', '-f', '{{json .Config}}', name]));
      // The classic builder leaves in it which image and container it worked with.
      for (const field of ['Image', 'Hostname']) delete config[field];
      return config;
    };

    /** By the builder that made it: the two do not give directories of WORKDIR and VOLUME to the same user. */
    async function rebuilt(name: string, { isOfBuildKit = false } = {}): Promise<string> {
      const folder = temporary.path(`rebuilt-${name.replace(':', '-')}`);
      const words = ['--root', engine.dataRoot, 'history', '--dockerfile', '--out', folder, name];
      expect(await stratafs(words)).toMatchObject({ code: 0, stdout: '', stderr: '' });
      const again = `again-${name}`;
      const files = readdirSync(folder).map((file) => [file, readFileSync(`${folder}/${file}`, 'latin1')]);
      const { Dockerfile = '', ...tars } = Object.fromEntries(files) as Record<string, string>;
      const text = Buffer.from(Dockerfile, 'latin1').toString('utf8');
      await (isOfBuildKit ? engine.buildWithBuildKit(again, text, tars) : engine.build(again, text, tars));
      expect(await configOf(again)).toEqual(await configOf(name));
      const diff = await stratafs(['--root', engine.dataRoot, 'diff', '--hardlinks', name, again]);
      expect(`${diff.stdout}${diff.stderr}${diff.code}`).toMatch(/0$/);
      return text;
    }

    // In a commit of its container is all of it, and built again.
    it.runIf(process.env.REBUILDS === 'all')('builds an image of the classic builder again', async () => {
      await rebuilt('app:1');
    });

    it('builds what the classic builder made, and a commit changed and deleted', async () => {
      const text = await rebuilt('committed:1');
      expect(text).toMatch(/^FROM scratch\n# layer 1, image[^\n]*\n# Imported from -\nADD layer1.tar \/\n/);
      expect(text).toContain('\nRUN echo "$VERSION" > /version\n');
      expect(text).toContain('\nADD layer4.tar /\n');
      expect(readdirSync(temporary.path('rebuilt-committed-1')).toSorted()).toContain('layer4.tar');
      expect(text).toMatch(
        /\nUSER 0\nRUN \["rm","-rf","--",[^\n]*"\/version"[^\n]*\nUSER 10\nADD layer\d+.tar \/\n/,
      );
    });

    itSystem('builds an image of BuildKit again', ['buildkit'], async () => {
      await engine.buildWithBuildKit('kit:1', APP, FILES);
      await rebuilt('kit:1', { isOfBuildKit: true });
    });

    it('makes no directory that is there, and none without --dockerfile', async () => {
      const words = ['--root', engine.dataRoot, 'history', '--out', temporary.directory, 'app:1'];
      expect(await stratafs([...words, '--dockerfile'])).toMatchObject({
        ...{ code: 2, stderr: `stratafs: Cannot create "${temporary.directory}": file already exists\n` },
      });
      expect(await stratafs(words)).toMatchObject({ code: 2, stdout: '' });
    });
  },
);
