import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LeftOut } from './test/support/left-out.ts';

/** A test that hangs is ended some time; how busy the machine is must not decide whether one passes. */
const PATIENT = { testTimeout: 600_000, hookTimeout: 600_000 };

/** Files at a time. Where clocks decide (`test:soak`), nothing else runs. */
const WORKERS = process.env.BOUNDS === '1' ? 1 : Math.max(2, availableParallelism());

/** Many of these share a process: to start one takes longer than what most of them ask. */
const LIGHT_ROOMS = ['cli', 'diff', 'health', 'store', 'sys', 'told'];
const LIGHT = LIGHT_ROOMS.map((room) => `test/unit/${room}/**/*.test.ts`);

/** These put something in a module's place, which has to be theirs alone. */
const MOCKING = [
  'test/unit/cli/work-progress.test.ts',
  'test/unit/store/archive/archive.test.ts',
  'test/unit/store/machine/machine.test.ts',
];

/**
 * These change what all processes of the machine share: each runs while no other does. Podman's locks (test/support/turns.ts) and
 * others' mounts in a namespace of one's own (test/support/own-mounts.ts) are no reason.
 */
const ALONE = [
  // They empty the kernel's caches, in which others look for what was put there, and keep names of a disk that has failed since.
  'test/system/failing-disk.test.ts',
  'test/system/hard-store.test.ts',
  // It makes and unmakes mounts as fast as it can, and each must be its own.
  'test/system/hard-ends.test.ts',
  // The number of a mount that has ended must be given to the next one.
  'test/system/mount-places.test.ts',
];

// A group begins when the one before it has ended.
export default defineConfig({
  test: {
    reporters: ['default', new LeftOut()],
    projects: [
      group('unit', {
        include: [`test/unit/!(${LIGHT_ROOMS.join('|')})/**/*.test.ts`, 'test/unit/*.test.ts', ...MOCKING],
        groupOrder: 0,
        maxWorkers: WORKERS,
      }),
      group('light', {
        include: LIGHT,
        exclude: MOCKING,
        groupOrder: 0,
        maxWorkers: WORKERS,
        isolate: false,
        setupFiles: ['test/support/small-machine.ts'],
      }),
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
  readonly isolate?: boolean;
  readonly setupFiles?: string[];
}

function group(name: string, { exclude = [], groupOrder, ...others }: Group) {
  const excluded = [...configDefaults.exclude, ...exclude];
  return { test: { name, exclude: excluded, sequence: { groupOrder }, ...others, ...PATIENT } };
}
