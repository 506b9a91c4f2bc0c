import { boundCredentials, deviceRequest, exchange, pushedRequest } from './grant-scenarios.ts';
import { type Answer, createLane, type Lane } from './lane.ts';
import { basic, type BenchClient, PATHS, readTokens, signIn } from './browser-flow.ts';

/** A server under measurement. */
export interface Target {
  readonly name: 'latchkey' | 'bare' | 'node:http';
  readonly origin: string;
  readonly pids: readonly number[];
}

/** One thing that is measured: set up once for a target, then called in many lanes. */
export interface Scenario {
  readonly name: string;
  /** The least ratio (bare / Latchkey, CPU per request) that a release may have; undefined: the bare engine cannot do it. */
  readonly required: number | undefined;
  /** The same for everyone: node:http alone could answer it. */
  readonly isDocument?: boolean;
  readonly prepare: (
    target: Target,
    lanes: readonly Lane[],
  ) => Promise<(lane: number) => Promise<void>>;
}

/** Clients that both targets have; the secrets exist on loopback for the length of a run. */
export const BENCH_CLIENTS = {
  web: client('bench-web'),
  /** As `web`, but its access tokens are JWTs. */
  jwt: client('bench-jwt'),
  machine: client('bench-machine'),
  device: client('bench-device'),
  exchanger: client('bench-exchanger'),
} as const;

export const RESOURCES = {
  es256: 'https://bench.example/es256',
  rs256: 'https://bench.example/rs256',
} as const;

/** Who signs in. */
export const PERSON = { login: 'alice@example.com', password: 'latchkey-dev' };

export const SCENARIOS: readonly Scenario[] = [
  { name: 'discovery', required: 4, isDocument: true, prepare: getting(PATHS.discovery) },
  { name: 'key set', required: 4, isDocument: true, prepare: getting(PATHS.jwks) },
  { name: 'client credentials, JWT RS256', required: 0.9, prepare: machineGrant('RS256') },
  { name: 'client credentials, JWT ES256', required: 0.9, prepare: machineGrant('ES256') },
  { name: 'introspection, opaque', required: 1, prepare: introspection(BENCH_CLIENTS.web) },
  { name: 'introspection, JWT', required: undefined, prepare: introspection(BENCH_CLIENTS.jwt) },
  { name: 'userinfo, opaque', required: 1, prepare: userinfo(BENCH_CLIENTS.web) },
  { name: 'userinfo, JWT', required: undefined, prepare: userinfo(BENCH_CLIENTS.jwt) },
  { name: 'refresh with rotation', required: 1, prepare: refresh },
  { name: 'sign-in with password and consent', required: 1, prepare: fullSignIn },
  { name: 'pushed request', required: 0.8, prepare: pushedRequest(BENCH_CLIENTS.web) },
  { name: 'device, its codes', required: 0.65, prepare: deviceRequest(BENCH_CLIENTS.device) },
  {
    name: 'client credentials with DPoP',
    required: 0.8,
    prepare: boundCredentials(BENCH_CLIENTS.machine, RESOURCES.es256),
  },
  {
    name: 'token exchange, JWT ES256',
    required: 0.5,
    prepare: exchange(BENCH_CLIENTS.exchanger, {
      resource: RESOURCES.es256,
      subject: (target) => personToken(target, BENCH_CLIENTS.web),
    }),
  },
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

function machineGrant(algorithm: 'RS256' | 'ES256'): Scenario['prepare'] {
  const resource = algorithm === 'RS256' ? RESOURCES.rs256 : RESOURCES.es256;
  const options = {
    method: 'POST',
    headers: basic(BENCH_CLIENTS.machine),
    form: { grant_type: 'client_credentials', scope: 'read:messages', resource },
  } as const;
  return async (_target, lanes) => {
    const first = readTokens(await laneOf(lanes, 0).request(PATHS.token, options));
    expectAlgorithm(first.access_token, algorithm);
    return async (lane) => void readTokens(await laneOf(lanes, lane).request(PATHS.token, options));
  };
}

function introspection(by: BenchClient): Scenario['prepare'] {
  return async (target, lanes) => {
    const token = await personToken(target, by);
    const options = { method: 'POST', headers: basic(by), form: { token } } as const;
    return async (lane) => {
      const answer = await laneOf(lanes, lane).request(PATHS.introspect, options);
      expectOk(answer);
      if (!answer.body.includes('"active":true'))
        throw new Error(`introspection said ${answer.body}`);
    };
  };
}

function userinfo(by: BenchClient): Scenario['prepare'] {
  return async (target, lanes) => {
    const headers = { authorization: `Bearer ${await personToken(target, by)}` };
    return async (lane) => {
      const answer = await laneOf(lanes, lane).request(PATHS.userinfo, { headers });
      expectOk(answer);
      if (!answer.body.includes('"email_verified":true'))
        throw new Error(`userinfo said ${answer.body}`);
    };
  };
}

async function refresh(
  target: Target,
  lanes: readonly Lane[],
): Promise<(lane: number) => Promise<void>> {
  const tokens: string[] = [];
  for (const lane of lanes) {
    const { refresh_token: token = '', id_token: idToken = '' } = await signIn(lane, person());
    expectAlgorithm(idToken, 'RS256');
    tokens.push(token);
  }
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

function person(by: BenchClient = BENCH_CLIENTS.web): Parameters<typeof signIn>[1] {
  return { client: by, ...PERSON };
}

async function personToken(target: Target, by: BenchClient): Promise<string> {
  const lane = createLane(target.origin);
  const { access_token: token } = await signIn(lane, person(by));
  await lane.close();
  return token;
}

function laneOf(lanes: readonly Lane[], index: number): Lane {
  const lane = lanes[index];
  if (lane === undefined) throw new RangeError(`no lane ${index}`);
  return lane;
}

/** Both targets must sign with the same algorithm, or one would seem cheaper than it is. */
function expectAlgorithm(jws: string, algorithm: string): void {
  const header: unknown = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString());
  const isRight = typeof header === 'object' && header !== null && 'alg' in header;
  if (!isRight || header.alg !== algorithm) throw new Error(`a token that is not ${algorithm}`);
}

function expectOk(answer: Answer): void {
  if (answer.status !== 200)
    throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 300)}`);
}
