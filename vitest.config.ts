import { defineConfig } from 'vitest/config';

const SECOND_MS = 1000;

/** `--mode long` runs the same tests at their full counts, which take minutes each. */
export default defineConfig(({ mode }) => {
  const timeouts = {
    testTimeout: (mode === 'long' ? 1800 : 20) * SECOND_MS,
    hookTimeout: 60 * SECOND_MS,
  };
  return {
    test: {
      maxWorkers: 2,
      projects: [
        {
          test: {
            name: 'pure',
            include: ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts'],
            // Files that share nothing need no process of their own: half the time.
            isolate: false,
            ...timeouts,
          },
        },
        {
          test: {
            name: 'rooms',
            include: ['test/{contract,integration}/**/*.test.ts'],
            sequence: { groupOrder: 1 },
            ...timeouts,
          },
        },
        {
          test: {
            name: 'nodes',
            include: ['test/{e2e,fault}/**/*.test.ts'],
            // Each file starts several processes of its own and holds them to times: one file at a time.
            maxWorkers: 1,
            sequence: { groupOrder: 2 },
            ...timeouts,
          },
        },
      ],
    },
  };
});
