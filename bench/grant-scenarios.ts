import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { basic, type BenchClient, PATHS, readTokens } from './browser-flow.ts';
import type { Lane } from './lane.ts';
import type { Target } from './scenarios.ts';

type Prepare = (target: Target, lanes: readonly Lane[]) => Promise<(lane: number) => Promise<void>>;
type Form = Readonly<Record<string, string>>;

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** RFC 9126: the whole of an authorization request ahead of it. */
export function pushedRequest(client: BenchClient): Prepare {
  const verifier = randomUUID();
  const form = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    scope: 'openid email',
    state: 'bench',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
  return posting(client, { path: PATHS.par, form, status: 201, holds: '"request_uri"' });
}

/** RFC 8628 section 3.1: a device asks for its codes. */
export function deviceRequest(client: BenchClient): Prepare {
  const form = { client_id: client.id, scope: 'openid email' };
  return posting(client, { path: PATHS.device, form, status: 200, holds: '"user_code"' });
}

/** RFC 8693: a person's token for one of an API. `subject` gives the token of the person. */
export function exchange(
  client: BenchClient,
  options: { readonly resource: string; readonly subject: (target: Target) => Promise<string> },
): Prepare {
  return async (target, lanes) => {
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: await options.subject(target),
      subject_token_type: ACCESS_TOKEN,
      resource: options.resource,
    };
    const asked = { path: PATHS.token, form, status: 200, holds: ACCESS_TOKEN };
    return posting(client, asked)(target, lanes);
  };
}

/** RFC 9449 section 5: each request with a proof of its own. */
export function boundCredentials(client: BenchClient, resource: string): Prepare {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const form = { grant_type: 'client_credentials', scope: 'read:messages', resource };
  return async (target, lanes) => async (lane) => {
    const dpop = proof(keys, { htm: 'POST', htu: `${target.origin}${PATHS.token}` });
    const headers = { ...basic(client), dpop };
    const answer = await lanes[lane]?.request(PATHS.token, { method: 'POST', headers, form });
    if (answer === undefined || !answer.body.includes('"DPoP"'))
      throw new Error(`the token is not bound: ${answer?.body}`);
    readTokens(answer);
  };
}

function posting(
  client: BenchClient,
  asked: {
    readonly path: string;
    readonly form: Form;
    readonly status: number;
    readonly holds: string;
  },
): Prepare {
  const { path, form, status, holds } = asked;
  const options = { method: 'POST', headers: basic(client), form } as const;
  return async (_target, lanes) => async (lane) => {
    const answer = await lanes[lane]?.request(path, options);
    if (answer?.status !== status || !answer.body.includes(holds))
      throw new Error(`${path} answered ${answer?.status}: ${answer?.body}`);
  };
}

function proof(
  { privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
  claims: Readonly<Record<string, unknown>>,
): string {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) };
  const payload = { ...claims, jti: randomUUID(), iat: Math.floor(Date.now() / 1000) };
  const input = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}
