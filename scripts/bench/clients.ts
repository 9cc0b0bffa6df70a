// The programs that do the measured work, small ones in C compiled here and standard ones run under `meter`. Each is a
// process of its own, measures itself, and says what it saw, so that contenders can be seen to have shown the same.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NEEDLE } from './plan.ts';
import { type Placement, run, shown } from './process.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

export interface Measured {
  readonly milliseconds: number;
  /** Read from disk by the client itself, its children included, not by the server. */
  readonly diskBytes: number;
  /** Milliseconds of processor time, of the client and its children; 0 where it does not say. */
  readonly processor: number;
  /** What the client saw. */
  readonly answer: string;
}

const PROGRAMS = ['walk', 'read', 'meter', 'start', 'mark'] as const;
const SOURCES = fileURLToPath(new URL('.', import.meta.url));
/** The unit of ru_inblock. */
const BLOCK = 512;
const SECONDS_TO_START = 30;
const SECONDS_TO_WORK = 900;

export class Clients {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async compile(session: Session): Promise<Clients> {
    for (const name of PROGRAMS) {
      try {
        await run(session, ['cc', '-O2', '-o', session.path(name), join(SOURCES, `${name}.c`)]);
      } catch (error) {
        throw new Refusal(`Cannot compile "${name}.c": ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    }
    return new Clients(session);
  }

  walk(directory: string, placement: Placement, walkers = 1): Promise<Measured> {
    return this.#measure(['walk', directory, String(walkers)], placement);
  }

  readAll(file: string, placement: Placement): Promise<Measured> {
    return this.#measure(['read', file], placement);
  }

  readPieces(file: string, placement: Placement, count: number): Promise<Measured> {
    return this.#measure(['read', file, String(count)], placement);
  }

  /** Through a pipe: with /dev/null as its archive tar reads no file. */
  tar(directory: string, placement: Placement): Promise<Measured> {
    return this.#measure(['meter', 'sh', '-c', 'tar cf - -C "$0" . | wc -c', directory], placement);
  }

  /** Says how many lines were found; all files are looked at. */
  rg(directory: string, placement: Placement): Promise<Measured> {
    const script = `rg -uuu --no-filename --threads 4 '${NEEDLE}' "$0" | wc -l`;
    return this.#measure(['meter', 'sh', '-c', script, directory], placement);
  }

  command(words: readonly string[], placement: Placement): Promise<Measured> {
    return this.#measure(['meter', ...words], placement);
  }

  /** What the command prints is shown when it fails. */
  async start(
    form: 'background' | 'foreground',
    directory: string,
    words: readonly string[],
    placement: Placement,
  ): Promise<Measured> {
    const log = `${directory}.log`;
    try {
      return await this.#measure(['start', form, directory, log, ...words], placement, SECONDS_TO_START);
    } catch (error) {
      const said = existsSync(log) ? readFileSync(log, 'utf8').trim() : '';
      throw new Error(`${error instanceof Error ? error.message : error}: ${said}`, { cause: error });
    }
  }

  async mark(lines: readonly string[]): Promise<void> {
    await run(this.#session, [this.#session.path('mark')], {
      stdin: lines.map((line) => `${line}\n`).join(''),
    });
  }

  async sync(): Promise<void> {
    await run(this.#session, ['sync']);
  }

  /** Pages, names and inodes of every file system. */
  async dropCaches(): Promise<void> {
    await this.sync();
    writeFileSync('/proc/sys/vm/drop_caches', '3');
  }

  /** The pages of one file. */
  async evict(file: string): Promise<void> {
    await run(this.#session, ['dd', `if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
  }

  /** Names and attributes into the cache. */
  async warmNames(directories: readonly string[]): Promise<void> {
    for (const directory of directories) await this.walk(directory, 'free');
  }

  /** The data of what lies below `path` in any of the layers. */
  async warmData(layers: readonly string[], path: string): Promise<void> {
    for (const directory of layers.map((layer) => join(layer, path))) {
      if (existsSync(directory)) await this.tar(directory, 'free');
    }
  }

  async #measure(
    words: readonly string[],
    placement: Placement,
    seconds = SECONDS_TO_WORK,
  ): Promise<Measured> {
    const [program = '', ...args] = words;
    const printed = await run(this.#session, [this.#session.path(program), ...args], { placement, seconds });
    const lines = printed.trimEnd().split('\n');
    const [nanoseconds, blocks, microseconds = 0] = (lines.pop() ?? '').split(' ').map(Number);
    if (nanoseconds === undefined || blocks === undefined || !(nanoseconds > 0)) {
      throw new Error(`Cannot read what "${shown(words)}" printed: ${printed}`);
    }
    return {
      milliseconds: nanoseconds / 1e6,
      diskBytes: blocks * BLOCK,
      processor: microseconds / 1000,
      answer: lines.join('\n').trim(),
    };
  }
}
