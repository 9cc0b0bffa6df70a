// A thread that compares contents: takes jobs from the ring until it is closed.
import { workerData } from 'node:worker_threads';
import { Directories } from '../overlay/directories.ts';
import { Table, type TableMemory } from '../overlay/table.ts';
import type { ByteString } from '../sys/bytes.ts';
import { Jobs } from './jobs.ts';

/** What the walking thread hands over. */
export interface JobsWorkerData {
  readonly table: TableMemory;
  readonly paths: readonly ByteString[];
  readonly jobs: SharedArrayBuffer;
}

const OPEN_DIRECTORIES = 128;

const { table: memory, paths, jobs } = workerData as JobsWorkerData;
const table = new Table(memory);
const directories = new Directories(table, paths, 0, OPEN_DIRECTORIES);
new Jobs(jobs, table, directories).workAll();
directories.close();
