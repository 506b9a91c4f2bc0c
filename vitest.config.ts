import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { foldersInMemory } from './test/support/folders-in-memory.ts';
import { SlowestFirst } from './test/support/slowest-first.ts';

// Code that a process of the tests, a thread or a node has compiled is there for the next: a tenth of the time.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
  new URL('node_modules/.cache/code', import.meta.url),
);

const SECOND_MS = 1000;
/** Whole nodes that are held to seconds: nothing but one more of these may run meanwhile. */
const TIMED = [
  'test/fault/node-{redis-outage,stall}.test.ts',
  'test/fault/{postgres-faults,redis-durable,redis-outage}.test.ts',
  'test/fault/{revocation-feed,revocation-redis}.test.ts',
];
/** And those that need both cores for it. */
const ALONE = [
  'test/e2e/revocation.test.ts',
  'test/fault/node-{overload,slow-redis,start}.test.ts',
];

const memory = foldersInMemory();
/** A third of what these take is waiting: three at a time keep two cores busy, and all together leave one end. */
const WAITING = {
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
  env: memory === undefined ? {} : { TMPDIR: memory },
};

/** `--mode long` runs the same tests at their full counts, which take minutes each. */
export default defineConfig(({ mode }) => {
  // Only against what hangs: a machine that is busy is no fault. Where a time is promised, the test names it.
  const limitMs = (mode === 'long' ? 1800 : 300) * SECOND_MS;
  const timeouts = {
    testTimeout: limitMs,
    hookTimeout: limitMs,
    expect: { poll: { timeout: 60 * SECOND_MS } },
  };
  return {
    test: {
      maxWorkers: 2,
      sequence: { sequencer: SlowestFirst },
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
            isolate: false,
            ...WAITING,
            ...timeouts,
          },
        },
        {
          test: {
            name: 'nodes',
            include: ['test/{e2e,fault}/**/*.test.ts'],
            exclude: [...TIMED, ...ALONE],
            ...WAITING,
            ...timeouts,
          },
        },
        {
          test: {
            name: 'timed',
            include: TIMED,
            sequence: { groupOrder: 2 },
            ...timeouts,
          },
        },
        {
          test: {
            name: 'alone',
            include: ALONE,
            maxWorkers: 1,
            sequence: { groupOrder: 3 },
            ...timeouts,
          },
        },
      ],
    },
  };
});
