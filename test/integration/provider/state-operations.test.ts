import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { State } from '../../../src/storage/state.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const VERBS = ['get', 'getMany', 'put', 'swap', 'delete', 'count'] as const;
type Verb = (typeof VERBS)[number];

let house: House;
let app: RelyingParty;
const done: Verb[] = [];

/** The state itself, with each call by the engine written down. */
function counted(state: State): State {
  const verbs = VERBS.map((verb) => [
    verb,
    (...given: unknown[]) => {
      done.push(verb);
      const real = state[verb] as (...all: unknown[]) => Promise<unknown>;
      return real(...given);
    },
  ]);
  return { ...state, ...(Object.fromEntries(verbs) as object) };
}

beforeAll(async () => {
  house = await openHouse({ wrapState: counted });
  app = await createRelyingParty(house, {
    ...webClient(),
    policy: { accessTokenFormat: 'opaque' },
  });
});
afterAll(() => house.close());

async function operationsOf(work: () => Promise<Response>): Promise<readonly Verb[]> {
  done.length = 0;
  const response = await work();
  expect(response.status).toBe(200);
  return [...done];
}

describe('what a request costs the state', () => {
  test('JWTs of a client: nothing', async () => {
    const jwtApp = await createRelyingParty(house);
    const form = { grant_type: 'client_credentials', resource: API, scope: 'read' };
    expect(await operationsOf(() => jwtApp.post('/token', form))).toEqual([]);
  });

  test('introspection: the token, then its grant', async () => {
    const { access_token: token } = await app.signIn(house.browser());
    expect(await operationsOf(() => app.post('/introspect', { token }))).toEqual([
      'get',
      'getMany',
    ]);
  });

  test('userinfo: the token, then its grant', async () => {
    const { access_token: token } = await app.signIn(house.browser());
    const headers = { authorization: `Bearer ${token}` };
    expect(await operationsOf(() => fetch(`${house.issuer}/userinfo`, { headers }))).toEqual([
      'get',
      'getMany',
    ]);
  });

  test('userinfo of a token that ends with its session: both at once', async () => {
    const { access_token: token } = await app.signIn(house.browser(), { scope: 'openid email' });
    const headers = { authorization: `Bearer ${token}` };
    expect(await operationsOf(() => fetch(`${house.issuer}/userinfo`, { headers }))).toEqual([
      'get',
      'getMany',
    ]);
  });

  test('a refresh: two reads, the rotation, the new token', async () => {
    const { refresh_token: token = '' } = await app.signIn(house.browser());
    expect(await operationsOf(() => app.refresh(token))).toEqual(['get', 'getMany', 'swap', 'put']);
  });

  test('a code: two reads, the redemption, the tokens, and the note that it was answered', async () => {
    const authorized = await app.authorize(house.browser());
    const expected = ['get', 'getMany', 'swap', 'put', 'put', 'swap'];
    expect(await operationsOf(() => app.redeem(authorized))).toEqual(expected);
  });

  test('a sign-in whose consent is remembered: what is known is not read again', async () => {
    await app.signIn(house.browser());
    done.length = 0;
    await app.authorize(house.browser());
    const request = ['put'];
    const pageAndForm = ['get', 'swap'];
    // The interaction and its end; the grant, the code and the session, of which there was none before.
    const resumed = ['get', 'swap', 'swap', 'put', 'swap'];
    expect(done).toEqual([...request, ...pageAndForm, ...resumed]);
  });

  test('a sign-in that leads to consent: no grant is written before somebody allowed it', async () => {
    await app.signIn(house.browser());
    done.length = 0;
    await app.authorize(house.browser(), { prompt: 'consent' });
    const upToTheSecondPage = ['put', 'get', 'swap', 'get', 'swap', 'put', 'swap'];
    expect(done.slice(0, 7)).toEqual(upToTheSecondPage);
  });

  test('a consent of who is signed in: session and interaction are read together', async () => {
    const browser = house.browser();
    await app.signIn(browser);
    done.length = 0;
    await app.authorize(browser, { prompt: 'consent' });
    const request = ['get', 'get', 'put', 'swap'];
    const pageAndForm = ['getMany', 'get', 'swap', 'swap'];
    // Grant and end of the interaction are under way at once.
    const resumed = ['getMany', 'getMany', 'swap', 'put', 'swap'];
    expect(done).toEqual([...request, ...pageAndForm, ...resumed]);
  });

  test('a silent authorization: session and grant, the code, the session again', async () => {
    const browser = house.browser();
    await app.signIn(browser);
    done.length = 0;
    await app.authorize(browser, { prompt: 'none' });
    expect(done).toEqual(['get', 'get', 'put', 'swap']);
  });
});
