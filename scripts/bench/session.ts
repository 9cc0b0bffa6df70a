// The bench's own folder, and what it leaves on the machine while it runs: processes and mounts below that folder. All
// of it is undone at the end, after a failure, and on Ctrl-C.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { killNaming } from './proc.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class Session {
  readonly directory: string;
  readonly #children = new Set<ChildProcess>();
  readonly #directories: string[] = [];
  #hasEnded = false;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'stratafs-bench-'));
    process.once('exit', () => this.end());
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        this.end();
        process.exit(128 + constants.signals[signal]);
      });
    }
  }

  path(...parts: readonly string[]): string {
    return join(this.directory, ...parts);
  }

  newDirectory(name: string): string {
    const directory = this.path(`${name}-${this.#directories.length}`);
    mkdirSync(directory);
    this.#directories.push(directory);
    return directory;
  }

  /** A process to kill if it still runs in the end. */
  owns(child: ChildProcess): void {
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const mount of mountsBelow(this.directory)) {
      if (mount.type.startsWith('fuse')) abortConnection(mount.device);
      spawnSync('umount', ['-l', mount.directory]);
    }
    for (const child of this.#children) child.kill('SIGKILL');
    killNaming(this.#directories);
    // Not across file systems: a mount that would not go must not have its layers removed.
    spawnSync('rm', ['-rf', '--one-file-system', this.directory]);
  }
}

export function isMounted(directory: string): boolean {
  return mountsBelow(directory).some((mount) => mount.directory === directory);
}

interface Mount {
  /** `major:minor`. */
  readonly device: string;
  readonly directory: string;
  readonly type: string;
}

/** The newest first, so that unmounting in this order meets no busy one. */
function mountsBelow(directory: string): Mount[] {
  return readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .map((line) => {
      const words = line.split(' ');
      return {
        device: words[2] ?? '',
        directory: words[4] ?? '',
        type: words[words.indexOf('-') + 1] ?? '',
      };
    })
    .filter((mount) => mount.directory === directory || mount.directory.startsWith(`${directory}/`))
    .reverse();
}

/** Makes every request to a FUSE mount fail, so that nothing waits for a server that is stuck. */
function abortConnection(device: string): void {
  try {
    const file = openSync(`/sys/fs/fuse/connections/${device.split(':')[1]}/abort`, 'w');
    writeSync(file, '1');
    closeSync(file);
  } catch {
    // fusectl is not mounted: killing the server has the same effect.
  }
}
