import { startRedis } from '../test/support/redis.ts';
import { measureInTurn, prepare } from './in-turn.ts';
import { SCENARIOS } from './scenarios.ts';
import { type StartedTarget, startOurs } from './targets.ts';

const WORKERS = 2;
/** Of what one process does on a core of its own, by two on two cores. */
const REQUIRED = 1.85;
const WHAT = [
  'client credentials, JWT RS256',
  'refresh with rotation',
  'sign-in with password and consent',
];
/** Each of two has half of the requests by which its code is compiled. */
const LENGTHS = { seconds: 2, rounds: 5, warmup: 8 };
/** Of each process: what several requests share, as a write to Redis, is as much for each of two as for one alone. */
const CONNECTIONS = 12;

/**
 * How much more two workers on two cores do than one process on one, on Redis: twice the ratio of their CPU time per
 * request. The load has no cores of its own here, and takes theirs from the workers in turn, which makes what they do
 * dearer, never cheaper. A miss is an exit code of 1.
 */
export async function benchWorkers(): Promise<void> {
  const targets = [await start(1), await start(WORKERS)] as const;
  try {
    for (const scenario of SCENARIOS.filter(({ name }) => WHAT.includes(name))) {
      const prepared = await Promise.all(
        targets.map((target, index) => prepare(scenario, target, CONNECTIONS * (index + 1))),
      );
      const [one, two] = await measureInTurn(prepared, LENGTHS);
      for (const { close } of prepared) await close();
      if (one === undefined || two === undefined) throw new TypeError('nothing was measured');
      const times = (WORKERS * one.cpuMsEach) / two.cpuMsEach;
      const each = [one, two].map(({ cpuMsEach }) => `${cpuMsEach.toFixed(3)} ms`).join(' and ');
      process.stdout.write(
        `${scenario.name}: ${times.toFixed(2)} times (${each} of CPU each)${times < REQUIRED ? `, MISSED: ${REQUIRED}` : ''}\n`,
      );
      if (times < REQUIRED) process.exitCode = 1;
    }
  } finally {
    for (const target of targets) await target.stop();
  }
}

/** On a Redis of its own. */
async function start(workers: number): Promise<StartedTarget> {
  const redis = await startRedis();
  const store = { engine: 'redis', socketPath: redis.socketPath, pid: redis.pid } as const;
  const target = await startOurs(store, workers);
  return {
    ...target,
    async stop() {
      await target.stop();
      await redis.stop();
    },
  };
}
