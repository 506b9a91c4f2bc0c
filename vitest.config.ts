import { defineConfig } from 'vitest/config';

const TIMEOUTS = { testTimeout: 20_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts'],
          // Files that share nothing need no process of their own: half the time.
          isolate: false,
          ...TIMEOUTS,
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/{contract,integration,e2e,fault}/**/*.test.ts'],
          ...TIMEOUTS,
        },
      },
    ],
  },
});
