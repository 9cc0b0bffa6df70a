import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LeftOut } from './test/support/left-out.ts';

/** A test that hangs is ended some time; how busy the machine is must not decide whether one passes. */
const PATIENT = { testTimeout: 600_000, hookTimeout: 600_000 };

/** Files at a time. Where clocks decide (`test:soak`), nothing else runs. */
const WORKERS = process.env.BOUNDS === '1' ? 1 : Math.max(2, availableParallelism());

/** These change what all processes of the machine share: each runs while no other does. */
const ALONE = [
  // They empty the kernel's caches, in which others look for what was put there, and keep names of a disk that has failed since.
  'test/system/failing-disk.test.ts',
  'test/system/hard-store.test.ts',
  // Every Podman of root has its locks in one piece of shared memory, and frees all of them when it meets a new root.
  'test/system/live-engines.test.ts',
  'test/system/loaded-archives.test.ts',
  'test/system/made-stores.test.ts',
];

// A group begins when the one before it has ended.
export default defineConfig({
  test: {
    reporters: ['default', new LeftOut()],
    projects: [
      {
        test: {
          ...{ name: 'unit', include: ['test/unit/**/*.test.ts'], ...PATIENT },
          ...{ maxWorkers: WORKERS, sequence: { groupOrder: 0 } },
        },
      },
      {
        test: {
          ...{ name: 'system', include: ['test/system/**/*.test.ts'], ...PATIENT },
          ...{
            exclude: [...configDefaults.exclude, ...ALONE],
            maxWorkers: WORKERS,
            sequence: { groupOrder: 0 },
          },
        },
      },
      {
        test: {
          ...{ name: 'alone', include: ALONE, ...PATIENT },
          ...{ maxWorkers: 1, sequence: { groupOrder: 1 } },
        },
      },
    ],
  },
});
