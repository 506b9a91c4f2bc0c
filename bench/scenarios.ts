import { type Answer, createLane, type Lane } from './lane.ts';
import { basic, type BenchClient, PATHS, readTokens, signIn } from './browser-flow.ts';

/** A server under measurement. */
export interface Target {
  readonly name: 'latchkey' | 'bare';
  readonly origin: string;
  readonly pids: readonly number[];
}

/** One thing that is measured: set up once for a target, then called in many lanes. */
export interface Scenario {
  readonly name: string;
  /** The least ratio (bare / Latchkey, CPU per request) that a release may have. */
  readonly required: number;
  readonly prepare: (
    target: Target,
    lanes: readonly Lane[],
  ) => Promise<(lane: number) => Promise<void>>;
}

/** Clients that both targets have; the secrets exist on loopback for the length of a run. */
export const BENCH_CLIENTS = {
  web: client('bench-web'),
  machine: client('bench-machine'),
} as const;

export const RESOURCES = {
  es256: 'https://bench.example/es256',
  rs256: 'https://bench.example/rs256',
} as const;

const PERSON = { login: 'alice@example.com', password: 'latchkey-dev' };

export const SCENARIOS: readonly Scenario[] = [
  { name: 'discovery', required: 4, prepare: getting(PATHS.discovery) },
  { name: 'key set', required: 4, prepare: getting(PATHS.jwks) },
  { name: 'client credentials, JWT RS256', required: 0.9, prepare: machineGrant(RESOURCES.rs256) },
  { name: 'client credentials, JWT ES256', required: 0.9, prepare: machineGrant(RESOURCES.es256) },
  { name: 'introspection, opaque', required: 1, prepare: introspection },
  { name: 'userinfo, opaque', required: 1, prepare: userinfo },
  { name: 'refresh with rotation', required: 1, prepare: refresh },
  { name: 'sign-in with password and consent', required: 1, prepare: fullSignIn },
];

function client(id: string): BenchClient {
  return {
    id,
    secret: `${id}-secret-of-the-bench-0123456789abcdef`,
    redirectUri: 'https://app.example/callback',
  };
}

function getting(path: string): Scenario['prepare'] {
  return async (_target, lanes) => async (lane) =>
    expectOk(await laneOf(lanes, lane).request(path));
}

function machineGrant(resource: string): Scenario['prepare'] {
  const options = {
    method: 'POST',
    headers: basic(BENCH_CLIENTS.machine),
    form: { grant_type: 'client_credentials', scope: 'read:messages', resource },
  } as const;
  return async (_target, lanes) => async (lane) =>
    void readTokens(await laneOf(lanes, lane).request(PATHS.token, options));
}

async function introspection(
  target: Target,
  lanes: readonly Lane[],
): Promise<(lane: number) => Promise<void>> {
  const token = await personToken(target);
  const options = { method: 'POST', headers: basic(BENCH_CLIENTS.web), form: { token } } as const;
  return async (lane) => {
    const answer = await laneOf(lanes, lane).request(PATHS.introspect, options);
    expectOk(answer);
    if (!answer.body.includes('"active":true'))
      throw new Error(`introspection said ${answer.body}`);
  };
}

async function userinfo(
  target: Target,
  lanes: readonly Lane[],
): Promise<(lane: number) => Promise<void>> {
  const headers = { authorization: `Bearer ${await personToken(target)}` };
  return async (lane) => expectOk(await laneOf(lanes, lane).request(PATHS.userinfo, { headers }));
}

async function refresh(
  target: Target,
  lanes: readonly Lane[],
): Promise<(lane: number) => Promise<void>> {
  const tokens: string[] = [];
  for (const lane of lanes) tokens.push((await signIn(lane, person())).refresh_token ?? '');
  return async (lane) => {
    const answer = await laneOf(lanes, lane).request(PATHS.token, {
      method: 'POST',
      headers: basic(BENCH_CLIENTS.web),
      form: { grant_type: 'refresh_token', refresh_token: tokens[lane] ?? '' },
    });
    tokens[lane] = readTokens(answer).refresh_token ?? '';
  };
}

async function fullSignIn(
  _target: Target,
  lanes: readonly Lane[],
): Promise<(lane: number) => Promise<void>> {
  return async (lane) => void (await signIn(laneOf(lanes, lane), person()));
}

function person(): Parameters<typeof signIn>[1] {
  return { client: BENCH_CLIENTS.web, ...PERSON };
}

async function personToken(target: Target): Promise<string> {
  const lane = createLane(target.origin);
  const { access_token: token } = await signIn(lane, person());
  await lane.close();
  return token;
}

function laneOf(lanes: readonly Lane[], index: number): Lane {
  const lane = lanes[index];
  if (lane === undefined) throw new RangeError(`no lane ${index}`);
  return lane;
}

function expectOk(answer: Answer): void {
  if (answer.status !== 200)
    throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 300)}`);
}
