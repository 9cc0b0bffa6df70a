// A thread that compares contents: takes jobs from the ring until it is closed.
import { workerData } from 'node:worker_threads';
import { OpenLayers, type ReadableLayer } from '../../overlay/opened.ts';
import type { TableMemory } from '../../overlay/table-memory.ts';
import type { ByteString } from '../../sys/bytes.ts';
import { Jobs } from './jobs.ts';

/** What the walking thread hands over. */
export interface JobsWorkerData {
  readonly table: TableMemory;
  readonly paths: readonly ByteString[];
  readonly jobs: SharedArrayBuffer;
}

const OPEN_DIRECTORIES = 128;

const { table: memory, paths, jobs } = workerData as JobsWorkerData;
const layers = paths.map((path): ReadableLayer => {
  return { layer: { source: { kind: 'directory', path }, role: 'plain' }, dialect: 'none' };
});
const { table, directories } = new OpenLayers(layers, { memory, capacity: OPEN_DIRECTORIES });
new Jobs(jobs, table, directories).workAll();
directories.close();
