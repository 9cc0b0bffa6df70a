// What is measured: the rows, their units, and the goal of each; where none was set, the plain aim: no slower than the kernel, at
// most 0.6 of fuse-overlayfs's time. The design's own goals are in native-notes/performance.md.
export type Unit = 'ms' | 'IOPS' | 'MiB' | 'B/name' | 'µs/name';

/** Ours divided by theirs. The bound is a least one where more is better, else a greatest one. */
export interface Goals {
  readonly kernel?: number;
  readonly 'fuse-overlayfs'?: number;
  /** × the time of `node -e 0`. */
  readonly node?: number;
  /** × our own time for the same on a mount on which nothing else was done. */
  readonly alone?: number;
  /** Of our own figure, in the row's unit. */
  readonly figure?: number;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly goals: Goals;
  /** The row that `alone` compares with. */
  readonly alone?: string;
}

const AIM: Goals = { kernel: 1, 'fuse-overlayfs': 0.6 };
const START: Goals = { node: 2 };
/** No more: a tenth is what two medians of the same differ by. */
const AS_ALONE: Goals = { alone: 1.1 };

export const SIZES = { small: 100, middle: 10_000 } as const;
export const GROWTH = [10_000, 100_000, 1_000_000] as const;

export const ROWS: readonly Row[] = [
  row('walk-cold', 'walk all names with stat, cold', 'ms', { kernel: 1.5, 'fuse-overlayfs': 0.4 }),
  row('walk-warm', 'walk all names with stat, warm', 'ms', { kernel: 0.6, 'fuse-overlayfs': 0.6 }),
  row('walk-dropped', "walk all names, the layers' caches dropped", 'ms', AIM),
  row('walkers-cold', '4 parallel walkers, cold', 'ms', AIM),
  row('walkers-warm', '4 parallel walkers, warm', 'ms', AIM),
  row('tar-cold', 'tar of small files, cold', 'ms', { kernel: 1.8, 'fuse-overlayfs': 0.5 }),
  row('tar-warm', 'tar of small files, warm', 'ms', { kernel: 0.9, 'fuse-overlayfs': 0.5 }),
  row('read-cold', 'sequential read of the big file, cold', 'ms', { kernel: 1, 'fuse-overlayfs': 0.4 }),
  row('read-warm', 'sequential read of the big file, warm', 'ms', { kernel: 1.05, 'fuse-overlayfs': 1 }),
  row('read-evicted', 'sequential read of the big file, from disk', 'ms', AIM),
  row('random-cold', 'random 4 KiB reads of the big file, cold', 'IOPS', {
    kernel: 0.95,
    'fuse-overlayfs': 1,
  }),
  row('random-warm', 'random 4 KiB reads of the big file, warm', 'IOPS', {
    kernel: 0.95,
    'fuse-overlayfs': 1,
  }),
  row('rg-cold', 'parallel rg over node_modules, cold', 'ms', { kernel: 2, 'fuse-overlayfs': 0.6 }),
  row('rg-warm', 'parallel rg over node_modules, warm', 'ms', { kernel: 1, 'fuse-overlayfs': 0.5 }),
  row('mixed-large-cold', 'sequential read of the big file after tar of small ones, cold', 'ms', {
    kernel: 1.3,
  }),
  row('mixed-large-warm', 'sequential read of the big file after tar of small ones, again', 'ms', {
    kernel: 1.1,
  }),
  {
    ...row('mixed-small-cold', 'tar of small files after the big one, cold', 'ms', AS_ALONE),
    alone: 'tar-cold',
  },
  {
    ...row('mixed-small-warm', 'tar of small files after the big one, warm', 'ms', AS_ALONE),
    alone: 'tar-warm',
  },
  row('start-small', `start to first ls, ${SIZES.small} names`, 'ms', START),
  row('start-middle', `start to first ls, ${count(SIZES.middle)} names`, 'ms', START),
  row('start-full', 'start to first ls, the whole stack', 'ms', START),
  row('start-small-foreground', `start -f to first ls, ${SIZES.small} names`, 'ms', START),
  row('start-full-foreground', 'start -f to first ls, the whole stack', 'ms', START),
  row('start-node', 'node -e 0', 'ms', {}),
  row('memory-empty', 'resident memory, an empty mount', 'MiB', {}),
  row('memory-full', 'resident memory after a full walk', 'MiB', { 'fuse-overlayfs': 1 }),
  row('memory-name', 'bytes a node over an empty mount', 'B/name', { figure: 200 }),
  ...GROWTH.flatMap((names) => [
    row(`growth-walk-${names}`, `cold walk of ${count(names)} names`, 'µs/name', AIM),
    row(`growth-memory-${names}`, `memory for ${count(names)} names`, 'B/name', { figure: 200 }),
  ]),
];

export function rowOf(id: string): Row {
  const found = ROWS.find((row) => row.id === id);
  if (found === undefined) throw new Error(`There is no row "${id}"`);
  return found;
}

export function isMoreBetter(row: Row): boolean {
  return row.unit === 'IOPS';
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

function row(id: string, title: string, unit: Unit, goals: Goals): Row {
  return { id, title, unit, goals };
}
