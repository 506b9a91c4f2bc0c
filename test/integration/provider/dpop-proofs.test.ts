import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import { openRedisState } from '../../../src/storage/redis/open-redis-state.ts';
import type { State } from '../../../src/storage/state.ts';
import {
  basic,
  CALLBACK,
  createRelyingParty,
  webClient,
  type RelyingParty,
} from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { PATIENT_REDIS, redisSettings, startRedis, type TestRedis } from '../../support/redis.ts';
import { createDpopKey, type DpopKey } from '../verifier/dpop-key.ts';

const APIS = [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }];
const ASKED = { grant_type: 'client_credentials', resource: API, scope: 'read' };
const ORIGIN = 'https://app.example.com';

/** Of RFC 7636 appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const PUSHED = {
  response_type: 'code',
  redirect_uri: CALLBACK,
  scope: 'openid',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
};

let redis: TestRedis;
let state: State;
let house: House;
let app: RelyingParty;
let key: DpopKey;
/** How long what was remembered of proofs is kept, in seconds. */
const kept: number[] = [];

beforeAll(async () => {
  redis = await startRedis();
  const { logger } = createRecordingLogger();
  state = await openRedisState(redisSettings(redis.url, PATIENT_REDIS), {
    clock: systemClock,
    logger,
  });
  const watched: State = {
    ...state,
    // This Redis has just begun, and refuses what was made before: test/fault/redis-fence.test.ts holds that.
    swap(name, seen, value, options = {}) {
      if (name.includes('ReplayDetection')) kept.push(options.ttlSeconds ?? 0);
      return state.swap(name, seen, value, { ...options, madeAt: Infinity });
    },
  };
  house = await openHouse({ nodes: 2, apis: APIS, wrapState: () => watched });
  app = await createRelyingParty(house, webClient());
  key = await createDpopKey();
});
afterAll(async () => {
  await house?.close();
  await state?.close();
  await redis?.stop();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

async function ask(
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
  at = house.issuer,
): Promise<Answer> {
  const answer = await fetch(`${at}${path}`, {
    method: 'POST',
    headers: { authorization: basic(app.id, app.secret), ...headers },
    body: new URLSearchParams(form),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, body, headers: answer.headers };
}

const proofFor = (path: string, lies: object = {}, by = key): Promise<string> =>
  by.prove({ method: 'POST', url: `${house.issuer}${path}` }, lies);

const jktOf = (token: unknown): unknown => decodeJwt(String(token))['cnf'];

describe('a proof of possession (RFC 9449)', () => {
  test('that is sent to two nodes at once, on Redis, is good at one', async () => {
    const dpop = await proofFor('/token');
    const answers = await Promise.all(
      [...house.nodes, ...house.nodes, ...house.nodes].map(({ url }) =>
        ask('/token', ASKED, { dpop }, url),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ body }) => body['error']))).toEqual(
      new Set(['invalid_dpop_proof']),
    );
  });

  test('is remembered for as long as one that was made ahead could be used', async () => {
    const iat = systemClock.now() + 290;
    const ahead = await ask('/token', ASKED, {
      dpop: await proofFor('/token', { payload: { iat } }),
    });
    expect(ahead.status).toBe(200);
    expect(kept.at(-1)).toBeGreaterThanOrEqual(600);
  });

  test.each([
    ['of another method', () => ({ payload: { htm: 'GET' } })],
    ['of another endpoint', () => ({ payload: { htu: 'https://id.example.com/token' } })],
    ['of another type', () => ({ header: { typ: 'JWT' } })],
    ['that is old', () => ({ payload: { iat: systemClock.now() - 400 } })],
    ['of a time to come', () => ({ payload: { iat: systemClock.now() + 400 } })],
    ['without an id', () => ({ payload: { jti: '' } })],
    ['with a nonce that nobody gave', () => ({ payload: { nonce: 'of-somebody-else' } })],
  ])('%s is refused', async (_, lies) => {
    const dpop = await proofFor('/token', lies());
    const { status, body } = await ask('/token', ASKED, { dpop });
    expect(status).toBe(400);
    expect(body['error']).toBe('invalid_dpop_proof');
  });

  test('of the clock of a client that is a minute off is taken', async () => {
    for (const offset of [-60, 60]) {
      const lies = { payload: { iat: systemClock.now() + offset } };
      const { status } = await ask('/token', ASKED, { dpop: await proofFor('/token', lies) });
      expect(status).toBe(200);
    }
  });

  test('at userinfo must be of the token that it comes with', async () => {
    const signedIn = await app.authorize(house.browser());
    const redeemed = await app.redeem(signedIn);
    const plain = ((await redeemed.json()) as { access_token: string }).access_token;
    const again = await app.authorize(house.browser());
    const { body } = await ask(
      '/token',
      {
        grant_type: 'authorization_code',
        code: again.code,
        code_verifier: again.verifier,
        redirect_uri: CALLBACK,
      },
      { dpop: await proofFor('/token') },
    );
    const token = String(body['access_token']);
    const url = `${house.issuer}/userinfo`;
    const tell = async (proven: string): Promise<Response> =>
      fetch(url, {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await key.prove({ url, token: proven }),
        },
      });
    expect((await tell(token)).status).toBe(200);
    const other = await tell(plain);
    expect(other.status).toBe(401);
    expect(other.headers.get('www-authenticate')).toMatch(/^DPoP .*invalid_dpop_proof/);
  });
});

describe('a client that gets bound tokens only', () => {
  test('gets none without a proof, for itself or for a person', async () => {
    const bound = await createRelyingParty(house, webClient({ dpop_bound_access_tokens: true }));
    const own = await bound.post('/token', ASKED);
    expect(own.status).toBe(400);
    const redeemed = await bound.redeem(await bound.authorize(house.browser()));
    expect(redeemed.status).toBe(400);
    const proven = await fetch(`${house.issuer}/token`, {
      method: 'POST',
      headers: { authorization: basic(bound.id, bound.secret), dpop: await proofFor('/token') },
      body: new URLSearchParams(ASKED),
    });
    expect(await proven.json()).toMatchObject({ token_type: 'DPoP' });
  });
});

describe('what is bound to a key from the start', () => {
  const redeemForm = ({ code, verifier }: { code: string; verifier: string }) => ({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: CALLBACK,
  });

  test('a code asked for with dpop_jkt is redeemed with that key alone', async () => {
    const thief = await createDpopKey();
    const codeForm = async (): Promise<Record<string, string>> =>
      redeemForm(await app.authorize(house.browser(), { dpop_jkt: key.jkt }));
    expect((await ask('/token', await codeForm())).status).toBe(400);
    const proofOfThief = await proofFor('/token', {}, thief);
    expect((await ask('/token', await codeForm(), { dpop: proofOfThief })).status).toBe(400);
    const dpop = await proofFor('/token');
    const redeemed = await ask('/token', await codeForm(), { dpop });
    expect(redeemed.status).toBe(200);
    expect(jktOf(redeemed.body['access_token'])).toEqual({ jkt: key.jkt });
  });

  test('a pushed request with a proof binds its code as well', async () => {
    const form = { ...PUSHED, client_id: app.id };
    const pushed = await ask('/par', form, { dpop: await proofFor('/par') });
    expect(pushed.status).toBe(201);
    const uri = encodeURIComponent(String(pushed.body['request_uri']));
    const url = `${house.issuer}/authorize?client_id=${app.id}&request_uri=${uri}`;
    const visit = await house.browser().visit(url);
    const code = visit.url.searchParams.get('code') ?? '';
    const thief = await proofFor('/token', {}, await createDpopKey());
    const stolen = await ask('/token', redeemForm({ code, verifier: VERIFIER }), { dpop: thief });
    expect(stolen.status).toBe(400);
  });

  test('a refresh token of a public client is of use with its key alone, and stays so', async () => {
    const open = await createRelyingParty(
      house,
      webClient({
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
      }),
    );
    const post = async (form: Record<string, string>, dpop?: string): Promise<Answer> => {
      const answer = await fetch(`${house.issuer}/token`, {
        method: 'POST',
        headers: dpop === undefined ? {} : { dpop },
        body: new URLSearchParams({ ...form, client_id: open.id }),
      });
      const body = (await answer.json()) as Record<string, unknown>;
      return { status: answer.status, body, headers: answer.headers };
    };
    const signedIn = await open.authorize(house.browser());
    const first = await post(redeemForm(signedIn), await proofFor('/token'));
    let refreshToken = String(first.body['refresh_token']);
    const thief = await createDpopKey();
    for (let round = 0; round < 2; round += 1) {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
      expect((await post(form)).status).toBe(400);
      expect((await post(form, await proofFor('/token', {}, thief))).status).toBe(400);
      const next = await post(form, await proofFor('/token'));
      expect(next.status).toBe(200);
      expect(jktOf(next.body['access_token'])).toEqual({ jkt: key.jkt });
      refreshToken = String(next.body['refresh_token']);
    }
  });
});

describe('nonces', () => {
  test('are asked for at each endpoint that takes proofs, and browsers may read them', async () => {
    const strict = await openHouse({ apis: APIS, protocol: { dpop: { nonces: 'required' } } });
    try {
      const spa = await strict.client({
        ...webClient({ token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] }),
      });
      const told = async (path: string, form?: Record<string, string>): Promise<Response> => {
        const url = `${strict.issuer}${path}`;
        const method = form === undefined ? 'GET' : 'POST';
        const body = form && new URLSearchParams({ ...form, client_id: spa.id });
        const dpop = await key.prove({ url, token: 'opaque-token', method });
        const authorization = form === undefined ? 'DPoP opaque-token' : undefined;
        const headers = { dpop, origin: ORIGIN, ...(authorization && { authorization }) };
        return fetch(url, { method, headers, body: body ?? null });
      };
      const code = { code: 'x', redirect_uri: CALLBACK, code_verifier: VERIFIER };
      const answers = [
        await told('/par', PUSHED),
        await told('/userinfo'),
        await told('/token', { ...code, grant_type: 'authorization_code' }),
      ];
      for (const answer of answers) {
        expect(answer.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
        expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
        const exposed = answer.headers.get('access-control-expose-headers');
        expect(exposed).toContain('DPoP-Nonce');
        expect(exposed).toContain('WWW-Authenticate');
        expect(await answer.json()).toMatchObject({ error: 'use_dpop_nonce' });
      }
      expect(answers.map(({ status }) => status)).toEqual([400, 401, 400]);
    } finally {
      await strict.close();
    }
  });
});
