// Whether two regular files of one size have the same contents: told at once, or by another thread a little later.
// Small comparisons never pay for a thread; one is started when there is much to read.
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { OpenContents } from '../../overlay/layer/open-contents.ts';
import { E, Errno } from '../../sys/errors.ts';
import { longAt } from '../../sys/long.ts';
import { STATX } from '../../sys/statx.ts';
import { exactSizeOf, type Item, itemSize, type SideName } from '../item.ts';
import { LayerItem } from '../layered.ts';
import type { Union } from '../union.ts';
import { firstDifference } from './contents.ts';
import { compareFiles, type JobFile, type JobResult, Jobs, newJobMemory, PAIR, SLOTS } from './jobs.ts';
import type { JobsWorkerData } from './jobs-worker.ts';

/** After so many files, or so many bytes, the rest is worth another thread. */
const MANY_FILES = 1200;
const MANY_BYTES = 64 << 20;
/** So long another thread is waited for before `tick` is called. */
const PATIENCE = 100;

/** Where a checksum of a file's contents is known without reading: equal strings mean equal contents. */
export type Checksum = (item: Item, path: string) => string | undefined;

export interface PairOptions {
  /** 1 keeps all to the calling thread. Unless told, one less than there are processors, and at least 2 in all. */
  readonly threads?: number;
  readonly checksum?: Checksum;
  /** SHA-256 of a file, to compare with what a manifest says. Throws Errno. */
  readonly digest?: (item: LayerItem) => string;
  /** Called now and then while long files are read. */
  readonly tick?: () => void;
}

/** A result, or the number of the job that will have it. */
export type Outcome = JobResult | number;

const EQUAL: JobResult = { kind: 'equal' };
const DIFFERENT: JobResult = { kind: 'different', at: -1 };

export class Pairs {
  filesRead = 0;
  readonly #union: Union;
  readonly #checksum: Checksum | undefined;
  readonly #digest: PairOptions['digest'];
  readonly #tick: PairOptions['tick'];
  readonly #threads: number;
  readonly #workers: Worker[] = [];
  #jobs: Jobs | undefined;
  #files = 0;
  #bytes = 0;
  #outstanding = 0;

  constructor(union: Union, options: PairOptions = {}) {
    this.#union = union;
    this.#checksum = options.checksum;
    this.#digest = options.digest;
    this.#tick = options.tick;
    // Only the built program can start a thread: Node runs no TypeScript there.
    const canStart = extname(import.meta.url) === '.js';
    this.#threads = canStart ? (options.threads ?? Math.min(4, availableParallelism())) : 1;
  }

  /** Whether both files will be opened, so that their attributes can be asked for then. */
  opens(a: Item, b: Item): boolean {
    const isCountable = typeof exactSizeOf(a) === 'number' && typeof exactSizeOf(b) === 'number';
    return this.#checksum === undefined && itemSize(a) > 0 && isCountable && isOnDisk(a) && isOnDisk(b);
  }

  /** Whether no more jobs can be taken until the result of the oldest is fetched. */
  get isFull(): boolean {
    return this.#outstanding >= SLOTS;
  }

  /** With `mustBePlain`, `attributed` is answered where a file has extended attributes. */
  compare(a: Item, b: Item, path: string, { mustBePlain }: { readonly mustBePlain: boolean }): Outcome {
    const size = itemSize(a);
    if (!this.opens(a, b)) return this.compareNow(a, b, path, { mustBePlain });
    this.#files++;
    this.#bytes += size;
    if (this.#jobs === undefined && this.#threads > 1) {
      if (this.#files > MANY_FILES || this.#bytes > MANY_BYTES) this.#jobs = this.#start();
    }
    const jobs = this.#jobs;
    if (jobs === undefined) return this.compareNow(a, b, path, { mustBePlain });
    this.filesRead += 2;
    this.#outstanding++;
    return jobs.submit(fileOf(a), fileOf(b), size, pairOptions(a, b, size, mustBePlain));
  }

  /** The same, by the calling thread. */
  compareNow(a: Item, b: Item, path: string, { mustBePlain = false } = {}): JobResult {
    const size = itemSize(a);
    if (size === 0 && a.hasSize && b.hasSize) return EQUAL;
    const known = this.#known(a, b, path);
    if (known !== undefined) return known;
    const uncountable = [a, b].findIndex((item) => typeof exactSizeOf(item) === 'bigint');
    if (uncountable >= 0) return { kind: 'failed', side: uncountable === 0 ? 'a' : 'b', errno: E.EFBIG };
    this.filesRead += 2;
    if (!(a instanceof LayerItem && b instanceof LayerItem)) return this.#compareDigests(a, b);
    if (!isOnDisk(a) || !isOnDisk(b)) return this.#compareOpened(a, b, size);
    const options = pairOptions(a, b, size, mustBePlain);
    const pair = { a: fileOf(a), b: fileOf(b), size, options };
    return compareFiles(this.#union.directories, pair, this.#tick);
  }

  #known(a: Item, b: Item, path: string): JobResult | undefined {
    if (a.digest !== undefined && b.digest !== undefined) return a.digest === b.digest ? EQUAL : DIFFERENT;
    const sum = this.#checksum?.(a, path);
    const other = sum === undefined ? undefined : this.#checksum?.(b, path);
    if (sum === undefined || other === undefined) return undefined;
    return sum === other ? EQUAL : DIFFERENT;
  }

  #compareDigests(a: Item, b: Item): JobResult {
    const digests: string[] = [];
    for (const [side, item] of [['a', a] as const, ['b', b] as const]) {
      try {
        digests.push(item.digest ?? (item instanceof LayerItem ? (this.#digest?.(item) ?? '') : ''));
      } catch (error) {
        return failed(side, error);
      }
    }
    return digests[0] === digests[1] ? EQUAL : DIFFERENT;
  }

  #compareOpened(a: LayerItem, b: LayerItem, size: number): JobResult {
    let side: SideName = 'a';
    const files: OpenContents[] = [];
    try {
      files.push(a.side.open(a));
      side = 'b';
      files.push(b.side.open(b));
      const tick = this.#tick;
      const at = firstDifference(files[0] as OpenContents, files[1] as OpenContents, size, {
        sparse: false,
        tick,
      });
      return at < 0 ? EQUAL : { kind: 'different', at };
    } catch (error) {
      return failed(side, error);
    } finally {
      for (const file of files) file.close();
    }
  }

  #start(): Jobs {
    const { memory, table, directories, paths } = this.#union;
    const shared = newJobMemory();
    const data: JobsWorkerData = { table: memory, paths, jobs: shared };
    for (let i = 1; i < this.#threads; i++) {
      const worker = new Worker(new URL('./jobs-worker.js', import.meta.url), {
        workerData: data,
        resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
      });
      // A thread that cannot start costs speed only: its jobs are done by the others.
      worker.on('error', () => {});
      this.#workers.push(worker);
    }
    return new Jobs(shared, table, directories, this.#tick);
  }

  /** The result of a job; undefined where it is not done and need not be waited for. */
  result(number: number, options: { wait: boolean }): JobResult | undefined {
    const jobs = this.#jobs as Jobs;
    for (;;) {
      const result = jobs.result(number);
      if (result !== undefined) {
        this.#outstanding--;
        return result;
      }
      if (!options.wait) return undefined;
      if (jobs.workOnce()) continue;
      jobs.waitFor(number, PATIENCE);
      this.#tick?.();
    }
  }

  close(): void {
    this.#jobs?.close();
    for (const worker of this.#workers) worker.unref();
  }
}

/** Whether its data are its own, and lie where its name does. */
function isOnDisk(item: Item): item is LayerItem {
  return item instanceof LayerItem && item.data === undefined && !item.isRecorded;
}

function fileOf(item: Item): JobFile {
  if (!isOnDisk(item)) throw new RangeError('a file that has no place of its own');
  return { record: item.entry.holder, name: item.entry.name };
}

/** PAIR bits. */
function pairOptions(a: Item, b: Item, size: number, mustBePlain: boolean): number {
  const sparse = isSparse(a.status, size) && isSparse(b.status, size) ? PAIR.sparse : 0;
  return sparse | (mustBePlain ? PAIR.mustBePlain : 0);
}

function isSparse(status: Uint32Array, size: number): boolean {
  return longAt(status, STATX.blocks) * 512 < size;
}

function failed(side: SideName, error: unknown): JobResult {
  if (!(error instanceof Errno)) throw error;
  return { kind: 'failed', side, errno: error.errno };
}
