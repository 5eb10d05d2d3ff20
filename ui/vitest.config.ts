import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node' } },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/browser/server.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // One window at a time: they are measured and looked at.
          fileParallelism: false,
        },
      },
    ],
  },
});
