import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StateFull, StateUnavailable, type State } from '../../../src/storage/state.ts';
import { createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

/** Verbs that a request may use, each of which can fail at any moment. */
const VERBS = ['get', 'getMany', 'put', 'swap', 'delete', 'count'] as const;

type Tokens = Awaited<ReturnType<RelyingParty['signIn']>>;

let house: House;
let app: RelyingParty;
/** Which call of the engine's to the state fails, counted from 1; 0: none. */
let failing = 0;
let calls = 0;
let fault: () => Error = () => new StateUnavailable('the test pulled the plug');

function frail(state: State): State {
  const verbs = VERBS.map((verb) => [
    verb,
    (...given: unknown[]) => {
      calls += 1;
      if (calls === failing) return Promise.reject(fault());
      const real = state[verb] as (...all: unknown[]) => Promise<unknown>;
      return real(...given);
    },
  ]);
  return { ...state, ...(Object.fromEntries(verbs) as object) };
}

beforeAll(async () => {
  house = await openHouse({ wrapState: frail });
  app = await createRelyingParty(house);
});
afterAll(() => house.close());
beforeEach(() => {
  failing = 0;
  fault = () => new StateUnavailable('the test pulled the plug');
});

describe('a revocation that met an outage, and is asked for again', () => {
  /** Fails at each call in turn; what was not answered is asked once more. */
  async function revokeAtEveryCall(
    tokenOf: (tokens: Tokens) => string,
    isEnded: (tokens: Tokens) => Promise<boolean>,
  ): Promise<void> {
    for (let call = 1; call < 20; call += 1) {
      failing = 0;
      const tokens = await app.signIn(house.browser());
      calls = 0;
      failing = call;
      const { status } = await app.post('/revoke', { token: tokenOf(tokens) });
      if (calls < call) return;
      failing = 0;
      if (status !== 200) {
        expect(status).toBe(503);
        expect((await app.post('/revoke', { token: tokenOf(tokens) })).status).toBe(200);
      }
      expect(await isEnded(tokens), `at call ${call}`).toBe(true);
    }
    throw new Error('a request that never stops asking the state');
  }

  async function isDead(token: string): Promise<boolean> {
    const answer = await app.post('/introspect', { token });
    const { active } = (await answer.json()) as { readonly active: boolean };
    return !active;
  }

  test('of a refresh token ends its grant, and every token of that', async () => {
    await revokeAtEveryCall(
      ({ refresh_token: token = '' }) => token,
      async (tokens) =>
        (await isDead(tokens.access_token)) &&
        (await app.refresh(tokens.refresh_token ?? '')).status === 400,
    );
  });

  test('of a JWT is told to those who verify alone', async () => {
    await revokeAtEveryCall(
      ({ access_token: token }) => token,
      async ({ access_token: token }) => {
        const { jti = '', rev } = decodeJwt(token);
        // By the token's own handle alone: what else stands for it is known to nodes only.
        const handles = { jti, clientId: '', mark: String(rev) };
        const others = { grantId: undefined, sessionUid: undefined, accountId: undefined };
        const isTold = await house.first.revocation.isRevoked({ ...handles, ...others });
        return isTold && (await isDead(token));
      },
    );
  });
});

/**
 * Does the same again and again, with the state failing at its first call, its second, and so on. What is
 * written after the answer (`unawaited` calls) may fail.
 */
async function atEveryCall(
  arrange: () => Promise<() => Promise<Response>>,
  check: (response: Response) => Promise<void>,
  unawaited = 0,
): Promise<number> {
  const answers: Response[] = [];
  for (let call = 1; call < 40; call += 1) {
    failing = 0;
    const act = await arrange();
    calls = 0;
    failing = call;
    const response = await act();
    const reached = calls >= call;
    failing = 0;
    if (!reached) {
      for (const answer of answers.slice(0, answers.length - unawaited)) await check(answer);
      return call - 1 - unawaited;
    }
    answers.push(response);
  }
  throw new Error('a request that never stops asking the state');
}

async function isUnavailable(response: Response): Promise<void> {
  const text = await response.text();
  expect(response.status, text).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(text).toContain('temporarily_unavailable');
  expect(text).not.toMatch(/access_token|id_token|refresh_token|the test pulled the plug/);
  expect(response.headers.get('location')).toBeNull();
  expect(response.headers.get('cache-control')).toBe('no-store');
}

describe.each([
  ['gives no answer', (): Error => new StateUnavailable('the test pulled the plug')],
  ['is full', (): Error => new StateFull('the test pulled the plug')],
])(
  'when the state %s in the middle of a request, nothing is issued and the answer is 503',
  (_name, makeFault) => {
    beforeEach(() => {
      fault = makeFault;
    });

    test('at the code exchange', async () => {
      const calls503 = await atEveryCall(
        async () => {
          const authorized = await app.authorize(house.browser());
          return () => app.redeem(authorized);
        },
        isUnavailable,
        1,
      );
      expect(calls503).toBeGreaterThanOrEqual(3);
    });

    test('at a refresh', async () => {
      const calls503 = await atEveryCall(async () => {
        const tokens = await app.signIn(house.browser());
        return () => app.refresh(tokens.refresh_token ?? '');
      }, isUnavailable);
      expect(calls503).toBeGreaterThanOrEqual(3);
    });

    test('at introspection, revocation and userinfo', async () => {
      const tokens = await app.signIn(house.browser());
      const introspect = (): Promise<Response> =>
        app.post('/introspect', { token: tokens.access_token });
      expect(await atEveryCall(async () => introspect, isUnavailable)).toBeGreaterThan(0);
      const userinfo = (): Promise<Response> =>
        fetch(`${house.issuer}/userinfo`, {
          headers: { authorization: `Bearer ${tokens.access_token}` },
        });
      expect(await atEveryCall(async () => userinfo, isUnavailable)).toBeGreaterThan(0);
      const revoked = await atEveryCall(async () => {
        const { refresh_token: token = '' } = await app.signIn(house.browser());
        return () => app.post('/revoke', { token });
      }, isUnavailable);
      expect(revoked).toBeGreaterThan(0);
    });

    test('at the authorization endpoint, with a page', async () => {
      const calls503 = await atEveryCall(async () => {
        const browser = house.browser();
        await app.signIn(browser);
        return async () => {
          const { responses } = await app.authorize(browser, { prompt: 'none' });
          return responses.at(-1) ?? Response.error();
        };
      }, isUnavailable);
      expect(calls503).toBeGreaterThanOrEqual(2);
    });

    test('for a while not even what needs nothing from it', async () => {
      const ask = (): Promise<Response> =>
        app.post('/token', { grant_type: 'client_credentials', audience: API });
      calls = 0;
      failing = 1;
      const tokens = await app.post('/introspect', { token: 'x'.repeat(40) });
      expect(tokens.status).toBe(503);
      calls = 0;
      failing = 1;
      expect((await ask()).status).toBe(503);
      failing = 0;
      expect((await ask()).status).toBe(200);
    });

    test('and no bug of ours is logged', () => {
      expect(house.first.log.filter(({ level }) => level === 'error')).toEqual([]);
    });
  },
);
