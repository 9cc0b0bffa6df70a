// A real Docker engine with a data root of its own, started and stopped by the test; it never meets the machine's own.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Outcome, type RunOptions, run, succeed } from './command.ts';
import { buildKitClient } from './system.ts';
import { argumentsOf, isRunning, kill, Temporary, until } from './temporary.ts';

/** The longest path of a socket, less the longest name containerd adds. */
const LONGEST_FOLDER = 107 - '/exec/containerd/containerd.sock.ttrpc'.length;

/** Programs a container's shell needs; all are links to one static busybox. */
const APPLETS = (
  'cat chmod chown cp dd echo false head id ln ls mkdir mkfifo mknod mv printf rm rmdir sh sleep stat sync tail touch ' +
  'true truncate'
).split(' ');

export class Engine {
  /** `docker`'s data root: what `stratafs --root` is given. */
  readonly dataRoot: string;
  readonly #folder: Temporary;
  readonly #env: Readonly<Record<string, string>>;
  #pid = 0;

  /** The folder lives as long as `temporary`, the engine until `stop`. */
  constructor(temporary: Temporary) {
    const shortEnough = temporary.directory.length <= LONGEST_FOLDER;
    this.#folder = shortEnough ? temporary : new Temporary('/tmp');
    if (!shortEnough) temporary.undo(() => this.#folder.end());
    this.dataRoot = this.#folder.path('data');
    this.#env = {
      DOCKER_HOST: `unix://${this.#folder.path('docker.sock')}`,
      DOCKER_CONFIG: this.#folder.path('docker-config'),
      DOCKER_BUILDKIT: '0',
    };
    mkdirSync(this.#folder.path('docker-config'));
    this.#folder.undo(() => this.stop());
  }

  async start(options: { readonly driver?: string; readonly args?: readonly string[] } = {}): Promise<void> {
    const log = openSync(this.#folder.path('dockerd.log'), 'a');
    const daemon = spawn(
      'dockerd',
      [
        ...['--data-root', this.dataRoot, '--exec-root', this.#folder.path('exec')],
        ...['--pidfile', this.#folder.path('dockerd.pid'), '--config-file', this.#configFile()],
        ...['-H', this.#env.DOCKER_HOST ?? '', '--storage-driver', options.driver ?? 'overlay2'],
        ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--bridge=none'],
        ...(options.args ?? []),
      ],
      { stdio: ['ignore', log, log] },
    );
    this.#pid = daemon.pid ?? 0;
    for (let tries = 0; ; tries += 1) {
      const isListening = existsSync(this.#folder.path('docker.sock'));
      const answer = isListening
        ? await run('docker', ['version'], { env: this.#env })
        : { code: null, stderr: 'no socket' };
      if (answer.code === 0) return;
      if (!isRunning(this.#pid) || tries > 200) {
        const tail = readFileSync(this.#folder.path('dockerd.log'), 'latin1')
          .split('\n')
          .slice(-20)
          .join('\n');
        throw new Error(`dockerd does not answer:\n${answer.stderr}\n${tail}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends dockerd, its containerd, and the shims of containers that still run. The data root stays. */
  async stop(): Promise<void> {
    if (this.#pid === 0) return;
    const pid = this.#pid;
    this.#pid = 0;
    kill(pid, 'SIGTERM');
    try {
      await until('dockerd to end', () => !isRunning(pid), 20);
    } catch {
      kill(pid, 'SIGKILL');
    }
    for (const left of this.#processes()) kill(left, 'SIGKILL');
  }

  docker(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return succeed('docker', args, { ...options, env: this.#env });
  }

  /** `docker`, whose failure is an answer too. */
  tryDocker(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run('docker', args, { ...options, env: this.#env });
  }

  /** Imports a directory as an image of one layer. */
  async importTree(directory: string, tag: string): Promise<void> {
    const archive = this.#folder.path('import.tar');
    await succeed('tar', [
      '--numeric-owner',
      '--xattrs',
      '--xattrs-include=*',
      '-cf',
      archive,
      '-C',
      directory,
      '.',
    ]);
    await this.docker(['import', archive, tag]);
  }

  /** Imports a static busybox with the usual names in /bin, into the tree `into` where one is given. */
  async importBusybox(tag: string, options: { readonly into?: string } = {}): Promise<void> {
    const directory = options.into ?? this.#folder.path(`busybox-${fileNameOf(tag)}`);
    mkdirSync(join(directory, 'bin'), { recursive: true });
    await succeed('cp', [await busyboxPath(), join(directory, 'bin/busybox')]);
    for (const applet of APPLETS) symlinkSync('busybox', join(directory, 'bin', applet));
    for (const name of ['dev', 'etc', 'proc', 'sys', 'tmp'])
      mkdirSync(join(directory, name), { recursive: true });
    await this.importTree(directory, tag);
  }

  /** Builds with the classic builder; the context holds the Dockerfile and `files`. */
  async build(tag: string, dockerfile: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.docker(['build', '--network', 'none', '-t', tag, this.#context(tag, dockerfile, files)]);
  }

  /** Builds with the engine's own BuildKit. */
  async buildWithBuildKit(
    tag: string,
    dockerfile: string,
    files: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const words = ['build', '--network', 'none', '-t', tag, this.#context(tag, dockerfile, files)];
    await succeed(buildKitClient() ?? 'docker', words, { env: { ...this.#env, DOCKER_BUILDKIT: '1' } });
  }

  /** Asks the engine's own containerd. */
  ctr(args: readonly string[]): Promise<string> {
    return succeed('ctr', ['--address', this.#folder.path('exec/containerd/containerd.sock'), ...args]);
  }

  /** `docker export` to a tar file, whose path is answered. */
  async exportContainer(name: string): Promise<string> {
    const archive = this.#folder.path(`export-${name}.tar`);
    await this.docker(['export', '-o', archive, name]);
    return archive;
  }

  /** The directories the engine itself would stack, top first, of an image or container, as it reports them. */
  async layersOf(reference: string, kind: 'image' | 'container'): Promise<string[]> {
    const data = JSON.parse(
      await this.docker([kind, 'inspect', '-f', '{{json .GraphDriver.Data}}', reference]),
    ) as {
      readonly UpperDir: string;
      readonly LowerDir?: string;
    };
    return [data.UpperDir, ...(data.LowerDir ?? '').split(':').filter(Boolean)];
  }

  /** A directory with the Dockerfile and `files`. */
  #context(tag: string, dockerfile: string, files: Readonly<Record<string, string>>): string {
    const context = this.#folder.path(`context-${fileNameOf(tag)}`);
    mkdirSync(context);
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    for (const [name, contents] of Object.entries(files)) {
      const path = join(context, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, contents, 'latin1');
    }
    return context;
  }

  /** A file of our own, so that the machine's /etc/docker/daemon.json has no say. */
  #configFile(): string {
    const path = this.#folder.path('daemon.json');
    writeFileSync(path, '{}');
    return path;
  }

  /** containerd and its shims name our socket in their arguments, and nobody else does. */
  #processes(): number[] {
    const exec = this.#folder.path('exec');
    return readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid && argumentsOf(pid).some((word) => word.startsWith(`${exec}/`)));
  }
}

function fileNameOf(tag: string): string {
  return tag.replaceAll(/[^a-z0-9]/g, '-');
}

async function busyboxPath(): Promise<string> {
  return realpathSync((await succeed('sh', ['-c', 'command -v busybox'])).trim());
}
