// How an image in a file comes to be a directory that can be read: by our mount of the file, by ratarmount, by skopeo and umoci, by
// docker load and our mount of what it unpacked. Each begins with the file alone, and takes away what it made.
import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveImages, IMAGE } from './archive-images.ts';
import { COMMAND } from './contenders.ts';
import { startServer, unmount } from './mount.ts';
import { processTree, run, secondsOf, sleep } from './process.ts';
import type { Session } from './session.ts';

export type ArchiveForm = 'docker' | 'oci';

export interface OpenedImage {
  /** The root of the image. */
  readonly directory: string;
  /** Processes that serve it, or did the work. */
  readonly servers: readonly number[];
  /** Processor time that others took to make it, seconds. */
  readonly spent?: number;
  close(): Promise<void>;
}

export interface ArchiveContender {
  readonly id: string;
  readonly programs: readonly string[];
  readonly forms: readonly ArchiveForm[];
  /** What is made once, and is no part of what is measured. */
  begin?(session: Session): Promise<void>;
  /** Answers when the directory can be listed; commands that end are run by `command`, which counts them. */
  open(
    session: Session,
    images: ArchiveImages,
    form: ArchiveForm,
    command: (words: readonly string[]) => Promise<void>,
  ): Promise<OpenedImage>;
}

/** A compressed archive is read whole before it is mounted. */
const SECONDS_TO_READ = 900;

export const ARCHIVE_CONTENDERS: readonly ArchiveContender[] = [
  {
    id: 'stratafs',
    programs: [],
    forms: ['docker', 'oci'],
    open: (session, images, form) => {
      const reference = form === 'docker' ? images.docker : `oci:${images.oci}`;
      return serve(session, (directory) => [COMMAND, 'mount', '-f', reference, directory]);
    },
  },
  {
    id: 'ratarmount',
    programs: ['ratarmount'],
    forms: ['docker', 'oci'],
    open: (session, images, form) => {
      const recursive = form === 'docker' ? [images.docker] : [`${images.oci}/blobs`];
      const words = ['ratarmount', '-f', '--recursive', '--index-file', ':memory:', ...recursive];
      return serve(session, (directory) => [...words, directory]);
    },
  },
  {
    id: 'umoci',
    programs: ['skopeo', 'umoci'],
    forms: ['docker', 'oci'],
    open: async (session, images, form, command) => {
      const folder = session.newDirectory('umoci');
      const from = form === 'docker' ? `docker-archive:${images.docker}` : `oci:${images.oci}:1`;
      await command(['skopeo', 'copy', '-q', from, `oci:${folder}/layout:1`]);
      await command(['umoci', 'unpack', '--image', `${folder}/layout:1`, `${folder}/bundle`]);
      const close = async () => rmSync(folder, { recursive: true });
      return { directory: join(folder, 'bundle/rootfs'), servers: [], close };
    },
  },
  dockerLoad(),
];

function dockerLoad(): ArchiveContender {
  let daemon = 0;
  let root = '';
  const docker = (...words: string[]) => ['docker', '-H', `unix://${root}/socket`, ...words];
  return {
    id: 'docker load',
    programs: ['dockerd', 'docker'],
    forms: ['docker'],
    begin: async (session) => {
      root = session.newDirectory('docker');
      const words = [
        '--data-root',
        `${root}/data`,
        '--exec-root',
        `${root}/exec`,
        '-H',
        `unix://${root}/socket`,
      ];
      const log = openSync(`${root}.log`, 'a');
      const server = spawn(
        'dockerd',
        [
          ...words,
          '--pidfile',
          `${root}/pid`,
          '--iptables=false',
          '--bridge=none',
          '--storage-driver',
          'overlay2',
        ],
        { stdio: ['ignore', log, log] },
      );
      closeSync(log);
      session.owns(server);
      daemon = server.pid ?? 0;
      for (let tries = 0; ; tries++) {
        if ((await run(session, docker('version')).catch(() => undefined)) !== undefined) return;
        if (tries > 100) throw new Error('dockerd does not answer');
        await sleep(100);
      }
    },
    open: async (session, images, _, command) => {
      const before = secondsOf(processTree(daemon));
      await command(docker('load', '-q', '-i', images.docker));
      const loading = secondsOf(processTree(daemon)) - before;
      const image = await serve(session, (directory) => [
        COMMAND,
        ...['--root', `${root}/data`, 'mount', '-f', IMAGE, directory],
      ]);
      const close = async () => {
        await image.close();
        await run(session, docker('rmi', '-f', IMAGE));
      };
      return { ...image, close, spent: loading };
    },
  };
}

async function serve(session: Session, words: (directory: string) => string[]): Promise<OpenedImage> {
  const directory = session.newDirectory('image');
  const server = await startServer(session, directory, words(directory), { seconds: SECONDS_TO_READ });
  return { directory, servers: [server], close: () => unmount(session, directory) };
}
