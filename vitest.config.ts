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
  // A mount namespace of their own has a copy of each mount there is: of others' too, which then do not end when they are unmounted.
  'test/system/habits.test.ts',
  'test/system/hard-users.test.ts',
  'test/system/inspect-options.test.ts',
  'test/system/limits.test.ts',
  'test/system/mount-all-roots.test.ts',
  'test/system/mount-places.test.ts',
  // It makes and unmakes mounts as fast as it can, and each must be its own.
  'test/system/hard-ends.test.ts',
];

// A group begins when the one before it has ended.
export default defineConfig({
  test: {
    reporters: ['default', new LeftOut()],
    projects: [
      group('unit', { include: ['test/unit/**/*.test.ts'], groupOrder: 0, maxWorkers: WORKERS }),
      group('system', {
        include: ['test/system/**/*.test.ts'],
        exclude: ALONE,
        groupOrder: 0,
        maxWorkers: WORKERS,
      }),
      group('alone', { include: ALONE, groupOrder: 1, maxWorkers: 1 }),
    ],
  },
});

interface Group {
  readonly include: string[];
  readonly exclude?: string[];
  readonly groupOrder: number;
  readonly maxWorkers: number;
}

function group(name: string, { include, exclude = [], groupOrder, maxWorkers }: Group) {
  const excluded = [...configDefaults.exclude, ...exclude];
  return { test: { name, include, exclude: excluded, maxWorkers, sequence: { groupOrder }, ...PATIENT } };
}
