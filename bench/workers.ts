import { startRedis } from '../test/support/redis.ts';
import { measureInTurn, prepare } from './in-turn.ts';
import { SCENARIOS } from './scenarios.ts';
import { pin, type StartedTarget, startOurs } from './targets.ts';

const WORKERS = 2;
/** Of what one process does on one core, by two on two. */
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
 * How much more two workers on two cores do than one process on one, on Redis: their throughput, when server, Redis and load
 * have one core, and when they have two. A miss is an exit code of 1.
 */
export async function benchWorkers(): Promise<void> {
  const targets = [await start(1), await start(WORKERS)] as const;
  try {
    for (const scenario of SCENARIOS.filter(({ name }) => WHAT.includes(name))) {
      const prepared = await Promise.all(
        targets.map(async (target, index) => ({
          ...(await prepare(scenario, target, CONNECTIONS * (index + 1))),
          place: () => pin(process.pid, index === 0 ? '0' : '0,1'),
        })),
      );
      const [one, two] = await measureInTurn(prepared, LENGTHS);
      for (const { close } of prepared) await close();
      if (one === undefined || two === undefined) throw new TypeError('nothing was measured');
      const times = two.perSecond / one.perSecond;
      const each = [one, two].map(
        ({ perSecond, cpuMsEach }) => `${perSecond.toFixed(0)}/s, ${cpuMsEach.toFixed(3)} ms`,
      );
      const [alone, both] = each;
      process.stdout.write(
        `${scenario.name}: ${times.toFixed(2)} times (${alone} of CPU each, and ${both})${times < REQUIRED ? `, MISSED: ${REQUIRED}` : ''}\n`,
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
  if (workers === 1) pin(redis.pid, '0');
  const target = await startOurs(store, workers);
  return {
    ...target,
    async stop() {
      await target.stop();
      await redis.stop();
    },
  };
}
