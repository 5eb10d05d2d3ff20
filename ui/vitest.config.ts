import { defineConfig } from 'vitest/config';

const inBrowser = {
  expect: { poll: { timeout: 60_000 } },
  environment: 'node' as const,
  globalSetup: ['tests/browser/server.ts'],
  // A machine that is busy with other things is slow, not wrong.
  testTimeout: 300_000,
  hookTimeout: 180_000,
};
const MEASURED = 'tests/browser/work.test.ts';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node' } },
      {
        test: {
          ...inBrowser,
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          exclude: [MEASURED],
          // Each has a browser of its own, which takes several processors by itself.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Alone: what else runs is in the way of what is measured.
        test: { ...inBrowser, name: 'measured', include: [MEASURED], sequence: { groupOrder: 2 } },
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
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
