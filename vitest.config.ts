import { defineConfig } from 'vitest/config';
import { LeftOut } from './test/support/left-out.ts';

/** A test that hangs is ended some time; how busy the machine is must not decide whether one passes. */
const PATIENT = { testTimeout: 600_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    reporters: ['default', new LeftOut()],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...PATIENT } },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          ...PATIENT,
          fileParallelism: false,
        },
      },
    ],
  },
});
