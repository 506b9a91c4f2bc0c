// `npm run bench`: Latchkey and a bare engine side by side, in one run. See README.md.
// `npm run bench -- verifier`: the verifier beside jose. `npm run bench -- workers`: two processes beside one. `npm run bench -- start`: a
// provider for a test.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startRedis } from '../test/support/redis.ts';
import { measureInTurn, prepare } from './in-turn.ts';
import type { Measured } from './load.ts';
import { type Scenario, SCENARIOS } from './scenarios.ts';
import { signingLimits } from './signing-limit.ts';
import { benchStart } from './start.ts';
import {
  pin,
  startBare,
  type StartedTarget,
  startOurs,
  startPlain,
  type Store,
} from './targets.ts';
import { benchVerifier } from './verifier/main.ts';
import { benchWorkers } from './workers.ts';

const [part, ...rest] = process.argv.slice(2);
const isPart = part === 'verifier' || part === 'workers' || part === 'start';
const { values: options } = parseArgs({
  args: isPart ? [] : process.argv.slice(2),
  options: {
    help: { type: 'boolean', short: 'h' },
    store: { type: 'string', default: 'redis,embedded' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '4' },
    connections: { type: 'string', default: '16' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const lengths = {
  seconds: Number(options.seconds),
  rounds: Number(options.rounds),
  warmup: Number(options.warmup),
  connections: Number(options.connections),
};
const print = (text: string): void => void process.stdout.write(`${text}\n`);

if (part === 'verifier') {
  await benchVerifier(rest);
} else if (part === 'workers') {
  await benchWorkers();
} else if (part === 'start') {
  await benchStart();
} else if (options.help) {
  print(
    'npm run bench -- [--store redis,embedded] [--seconds 2] [--rounds 5] [--warmup 4] [--connections 16] [--only TEXT] [--json]\nnpm run bench -- verifier --help\nnpm run bench -- workers\nnpm run bench -- start',
  );
} else {
  await run();
}

interface Row {
  readonly store: string;
  readonly scenario: string;
  /** Without a counterpart, ratio and bare are undefined. */
  readonly required: number | undefined;
  readonly ratio: number | undefined;
  readonly latchkey: Measured;
  readonly bare: Measured | undefined;
  /** node:http alone with the same documents. */
  readonly plain: Measured | undefined;
}

type Targets = readonly [ours: StartedTarget, bare: StartedTarget, plain: StartedTarget];

async function run(): Promise<void> {
  pin(process.pid, '1');
  const limits = signingLimits(1000);
  if (!options.json) {
    print(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? ''}`);
    print(
      `One core signs at most ${limits.rs256.toFixed(0)} RS256, ${limits.es256.toFixed(0)} ES256 a second.\n`,
    );
    print(
      'CPU ms per request is that of server and store; ratio = bare / latchkey, more is better.',
    );
  }
  const rows: Row[] = [];
  for (const engine of options.store.split(',')) rows.push(...(await benchStore(engine)));
  if (options.json) print(JSON.stringify({ limits, rows }, null, 2));
  const missed = rows.filter(({ ratio = Infinity, required = 0 }) => ratio < required);
  for (const { store, scenario, ratio, required } of missed)
    print(`MISSED: ${scenario} on ${store}: ${ratio?.toFixed(2)} where ${required} is required`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

async function benchStore(engine: string): Promise<readonly Row[]> {
  const redis = engine === 'redis' ? await startRedis() : undefined;
  const store: Store = redis
    ? { engine: 'redis', socketPath: redis.socketPath, pid: redis.pid }
    : { engine: 'embedded' };
  if (redis) pin(redis.pid, '0');
  const ours = await startOurs(store);
  const targets = [ours, await startBare(store), await startPlain(ours.origin)] as const;
  if (!options.json) print(`\n${engine}\n${head()}`);
  try {
    const rows: Row[] = [];
    for (const scenario of SCENARIOS.filter(({ name }) => name.includes(options.only))) {
      const row = await compare(scenario, targets, engine);
      rows.push(row);
      if (!options.json) print(lines(row));
    }
    return rows;
  } finally {
    for (const target of targets) await target.stop();
    await redis?.stop();
  }
}

async function compare(
  scenario: Scenario,
  [ours, bare, plain]: Targets,
  store: string,
): Promise<Row> {
  const others = scenario.required === undefined ? [] : [bare];
  const targets = [ours, ...others, ...(scenario.isDocument === true ? [plain] : [])];
  const prepared = await Promise.all(
    targets.map((target) => prepare(scenario, target, lengths.connections)),
  );
  const [latchkey, other, limit] = await measureInTurn(prepared, lengths);
  for (const { close } of prepared) await close();
  if (latchkey === undefined) throw new TypeError('nothing was measured');
  return {
    store,
    scenario: scenario.name,
    required: scenario.required,
    ratio: other && other.cpuMsEach / latchkey.cpuMsEach,
    latchkey,
    bare: other,
    plain: limit,
  };
}

function head(): string {
  return `${'scenario'.padEnd(38)}${'ratio'.padStart(7)}   ${'latchkey: cpu ms, /s, p50, p99 ms'.padEnd(38)}bare`;
}

function lines({ scenario, ratio, latchkey, bare, plain }: Row): string {
  const others = bare ? figures(bare) : '';
  const own = `${label(scenario, ratio)}${figures(latchkey).padEnd(38)}${others}`;
  if (plain === undefined || bare === undefined) return own;
  // What a server would reach that does nothing but have node:http read the request.
  const limit = label('  (node:http alone, the same answer)', bare.cpuMsEach / plain.cpuMsEach);
  return `${own}\n${limit}${figures(plain)}`;
}

function label(text: string, ratio: number | undefined): string {
  return `${text.padEnd(38)}${(ratio?.toFixed(2) ?? '-').padStart(7)}   `;
}

function figures({ cpuMsEach, perSecond, p50Ms, p99Ms }: Measured): string {
  return [cpuMsEach.toFixed(3), perSecond.toFixed(0), p50Ms.toFixed(1), p99Ms.toFixed(1)]
    .map((text) => text.padStart(8))
    .join('');
}
