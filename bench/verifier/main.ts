// `npm run bench -- verifier`: the verifier beside `jwtVerify` of jose, in one run. See ../README.md.
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { createVerifier, type Verifier } from '../../verifier/src/index.ts';
import { API, createIssuer, ISSUER, type BenchIssuer } from './issuer.ts';
import { compare, type Compared } from './measure.ts';

const MEBIBYTE = 1024 ** 2;
const MEMORY_MIB_MAX = 64;
const SNAPSHOT_MB_MAX = 20;
const POLL_MS = 50;
const READY_POLLS_MAX = 1200;
const MILLION = 1_000_000;
/** What is asked of the verifier: of jose's verifications a second, at least this share. */
const REQUIRED = new Map([
  [0, 0.95],
  [MILLION, 0.9],
]);
const USAGE = 'npm run bench -- verifier [--rounds 41] [--tokens 400] [--json]';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

interface Row {
  readonly alg: string;
  readonly live: number;
  readonly required: number;
  readonly firstSight: Compared;
  readonly again: Compared;
  readonly memoryMiB: number;
  readonly snapshotMB: number;
}

/** Measures, prints, and says by the exit code whether what is required holds. */
export async function benchVerifier(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      rounds: { type: 'string', default: '41' },
      tokens: { type: 'string', default: '400' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.help) return print(USAGE);
  const size = { rounds: Number(values.rounds), tokens: Number(values.tokens) };
  if (!values.json) printHead();
  const rows: Row[] = [];
  for (const [live, required] of REQUIRED) {
    for (const alg of ['RS256', 'ES256'] as const) {
      const row = { ...(await measure(alg, live, size)), required };
      rows.push(row);
      if (!values.json) print(line(row));
    }
  }
  if (values.json) print(JSON.stringify(rows, null, 2));
  const missed = rows.flatMap(missesOf);
  for (const miss of missed) print(`MISSED: ${miss}`);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

async function measure(
  alg: 'RS256' | 'ES256',
  live: number,
  size: { readonly rounds: number; readonly tokens: number },
): Promise<Omit<Row, 'required'>> {
  const issuer = await createIssuer(alg, live);
  const plain = verifierOf(issuer, 0);
  const keeping = verifierOf(issuer, size.tokens);
  const tokens = await Promise.all(Array.from({ length: size.tokens }, () => issuer.issue()));
  const raw = rawJose(alg, issuer);
  try {
    for (const one of [plain, keeping]) await untilFollowing(one);
    const { live: held, bytes } = plain.status();
    if (held < live * 0.99) throw new Error(`only ${held} revocations arrived`);
    const load = { tokens, rounds: size.rounds };
    return {
      alg,
      live,
      firstSight: await compare(raw, (token) => plain.verify(token), load),
      again: await compare(raw, (token) => keeping.verify(token), load),
      memoryMiB: bytes / MEBIBYTE,
      snapshotMB: issuer.snapshotBytes / 1e6,
    };
  } finally {
    plain.close();
    keeping.close();
    issuer.close();
  }
}

async function untilFollowing(verifier: Verifier): Promise<void> {
  for (let left = READY_POLLS_MAX; verifier.status().feed !== 'following'; left -= 1) {
    if (left === 0) throw new Error(`the feed: ${verifier.status().lastError ?? 'nothing came'}`);
    await delay(POLL_MS);
  }
}

function verifierOf(issuer: BenchIssuer, verifiedTokensMax: number): Verifier {
  return createVerifier({
    issuer: ISSUER,
    audience: API,
    revocation: { whenSilent: 'refuse', silentAfterSeconds: 60 },
    fetch: issuer.fetch,
    verifiedTokensMax,
  });
}

/** What a careful author writes who has no verifier at hand: the same checks of the token, and no revocation. */
function rawJose(alg: string, issuer: BenchIssuer): (token: string) => Promise<unknown> {
  const keys = createRemoteJWKSet(new URL(`${ISSUER}/jwks`), { [customFetch]: issuer.fetch });
  const options = {
    issuer: ISSUER,
    audience: API,
    algorithms: [alg],
    typ: 'at+jwt',
    requiredClaims: ['exp', 'iat', 'jti', 'sub', 'client_id'],
  };
  return (token) => jwtVerify(token, keys, options);
}

function missesOf({ alg, live, required, firstSight, memoryMiB, snapshotMB }: Row): string[] {
  const name = `${alg} with ${live} revocations`;
  return [
    ...(firstSight.ratio < required
      ? [`${name}: ${firstSight.ratio.toFixed(3)} where ${required} is required`]
      : []),
    ...(memoryMiB > MEMORY_MIB_MAX ? [`${name}: ${memoryMiB.toFixed(1)} MiB`] : []),
    ...(snapshotMB > SNAPSHOT_MB_MAX ? [`${name}: a snapshot of ${snapshotMB.toFixed(1)} MB`] : []),
  ];
}

function printHead(): void {
  print(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? ''}`);
  print('Verifications per second of CPU (all threads); ratio = verifier / jose, more is better.');
  print(
    '"again": tokens that were verified before, as most are; held against the feed each time.\n',
  );
  const columns = [
    'jose/s',
    'verifier/s',
    'ratio',
    'required',
    'again/s',
    'ratio',
    'MiB',
    'snapshot',
  ];
  print('alg    revocations' + columns.map((name) => name.padStart(12)).join(''));
}

function line({ alg, live, required, firstSight, again, memoryMiB, snapshotMB }: Row): string {
  const cells = [
    firstSight.basePerSecond.toFixed(0),
    firstSight.perSecond.toFixed(0),
    firstSight.ratio.toFixed(3),
    String(required),
    again.perSecond.toFixed(0),
    again.ratio.toFixed(1),
    memoryMiB.toFixed(1),
    `${snapshotMB.toFixed(1)} MB`,
  ];
  return `${alg.padEnd(7)}${String(live).padStart(11)}${cells.map((cell) => cell.padStart(12)).join('')}`;
}
