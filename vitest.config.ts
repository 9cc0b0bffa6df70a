import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Long enough that only what hangs is ended by it, on a machine with other work too.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
