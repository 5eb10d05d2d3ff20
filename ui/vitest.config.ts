import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node' } },
      {
        test: {
          name: 'browser',
          expect: { poll: { timeout: 30_000 } },
          include: ['tests/browser/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/browser/server.ts'],
          // A machine that is busy with other things is slow, not wrong.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // One window at a time: they are measured and looked at.
          fileParallelism: false,
        },
      },
      {
        // The same page on the program itself.
        test: {
          name: 'twin',
          expect: { poll: { timeout: 60_000 } },
          include: ['tests/twin/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/twin/server.ts'],
          testTimeout: 240_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
