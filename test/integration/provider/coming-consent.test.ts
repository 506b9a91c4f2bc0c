import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsentRequest } from '../../../src/provider/contract.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const CLAIMS = JSON.stringify({ userinfo: { phone_number: null, sub: null, nonsense: null } });
const NATIVE = 'http://127.0.0.1/callback';

let house: House;
beforeAll(async () => {
  house = await openHouse({
    apis: [
      { identifier: API, name: 'The example API', scopes: { read: 'Read it', write: 'Change it' } },
      {
        identifier: 'strict-api',
        name: 'An API with roles',
        scopes: { read: 'Read it', write: 'Change it' },
        enforcePermissions: true,
      },
      { identifier: 'plain-api', name: 'A plain API', scopes: { read: 'Read it, too' } },
    ],
  });
  const { groups, alice } = house;
  const reader = { api: 'strict-api', name: 'reader' };
  const actor = { by: 'test', origin: { address: 'test' } };
  await groups.roles.create({ ...reader, permissions: ['read'] }, actor);
  await groups.roles.give(reader, { kind: 'account', id: alice.id }, actor);
});
afterAll(() => house.close());

type Parameters = Record<string, string>;

interface Case {
  readonly name: string;
  readonly parameters: Parameters;
  /** What the same person allowed before. */
  readonly before?: Parameters;
  /** The session in which they did goes on. */
  readonly inSession?: boolean;
  readonly client?: 'web' | 'own' | 'native' | 'own native' | 'limited';
}

const CASES: readonly Case[] = [
  { name: 'nothing but openid', parameters: { scope: 'openid' } },
  { name: 'scopes of OpenID', parameters: { scope: 'openid email offline_access' } },
  { name: 'an API', parameters: { scope: 'openid read write', resource: API } },
  { name: 'an API by audience', parameters: { scope: 'openid read', audience: 'plain-api' } },
  {
    name: 'an API of which a role permits a part',
    parameters: { scope: 'openid read write', resource: 'strict-api' },
  },
  {
    name: 'the same, asked by name',
    parameters: { scope: 'openid read write', resource: 'strict-api', prompt: 'consent' },
  },
  { name: 'scopes that nobody knows', parameters: { scope: 'openid nonsense read' } },
  { name: 'single claims', parameters: { scope: 'openid', claims: CLAIMS } },
  {
    name: 'all of it allowed before',
    parameters: { scope: 'openid email read', resource: API, claims: CLAIMS },
    before: { scope: 'openid email read', resource: API, claims: CLAIMS },
  },
  {
    name: 'more than was allowed before',
    parameters: { scope: 'openid email phone read write', resource: API, claims: CLAIMS },
    before: { scope: 'openid email read', resource: API },
  },
  {
    name: 'another API than before',
    parameters: { scope: 'openid read', resource: 'plain-api' },
    before: { scope: 'openid read', resource: API },
  },
  {
    name: 'less than before, asked by name',
    parameters: { scope: 'openid read', resource: API, prompt: 'consent' },
    before: { scope: 'openid email read', resource: API },
  },
  {
    name: 'sign in again, with what the session has',
    parameters: { scope: 'openid email', prompt: 'login' },
    before: { scope: 'openid email' },
    inSession: true,
  },
  {
    name: 'sign in again, with more',
    parameters: { scope: 'openid email phone read', resource: API, prompt: 'login' },
    before: { scope: 'openid email' },
    inSession: true,
  },
  { name: 'an app of the house', parameters: { scope: 'openid email' }, client: 'own' },
  {
    name: 'an app of the house that asks by name',
    parameters: { scope: 'openid email', prompt: 'consent' },
    client: 'own',
  },
  {
    name: 'a native app, whatever was allowed before',
    parameters: { scope: 'openid email', redirect_uri: NATIVE },
    before: { scope: 'openid email', redirect_uri: NATIVE },
    client: 'native',
  },
  {
    name: 'a native app of the house',
    parameters: { scope: 'openid email', redirect_uri: NATIVE },
    client: 'own native',
  },
  {
    name: 'an app that may not ask for all',
    parameters: { scope: 'openid email read', resource: API },
    client: 'limited',
  },
];

const CLIENTS = {
  web: webClient(),
  own: { ...webClient(), policy: { firstParty: true } },
  native: webClient({ application_type: 'native', redirect_uris: [NATIVE] }),
  'own native': {
    ...webClient({ application_type: 'native', redirect_uris: [NATIVE] }),
    policy: { firstParty: true },
  },
  limited: webClient({ scope: 'openid email read' }),
};

/** Signs in within the pages, and tells what was said to come and what came. */
async function walk(
  { parameters, before, inSession = false, client = 'web' }: Case,
  consented: boolean,
): Promise<{
  readonly said: ConsentRequest | undefined;
  readonly came: ConsentRequest | undefined;
  readonly tokens: object;
}> {
  const app = await createRelyingParty(house, CLIENTS[client]);
  const browser = house.browser();
  if (before !== undefined) await app.signIn(browser, before);
  const [said, came]: (ConsentRequest | undefined)[][] = [[], []];
  house.curious = async (interaction, coming) => {
    if (interaction.prompt === 'consent') {
      came?.push(interaction.consent);
      return { kind: 'consented' };
    }
    said?.push(await coming(house.alice.id));
    return {
      kind: 'signed-in',
      accountId: house.alice.id,
      amr: ['pwd'],
      remember: false,
      consented,
    };
  };
  const answer = await app
    .signIn(inSession ? browser : house.browser(), parameters)
    .finally(() => (house.curious = undefined));
  return { said: said?.[0], came: came?.[0], tokens: described(answer) };
}

function described(answer: Awaited<ReturnType<RelyingParty['signIn']>>): object {
  const { aud, scope } = decodeJwt(answer.access_token);
  const kinds = [answer.id_token, answer.refresh_token].map((token) => token !== undefined);
  return { granted: answer.scope, aud, scope, kinds };
}

describe('consent within a sign-in', () => {
  test.each(CASES)('$name: asked for and given as in an interaction of its own', async (one) => {
    const apart = await walk(one, false);
    const together = await walk(one, true);
    expect(apart.said).toEqual(apart.came);
    expect(together.said).toEqual(apart.said);
    expect(together.came).toBeUndefined();
    expect(together.tokens).toEqual(apart.tokens);
  });

  test('a request for somebody in particular is left to the engine, which may refuse them first', async () => {
    const app = await createRelyingParty(house);
    const claims = JSON.stringify({ id_token: { sub: { value: 'acct-somebody-else' } } });
    const said: unknown[] = [];
    house.curious = async (_, coming) => {
      said.push(await coming(house.alice.id));
      return { kind: 'refused' };
    };
    await app.authorize(house.browser(), { claims });
    house.curious = undefined;
    expect(said).toEqual([undefined]);
  });

  test('is on record with the sign-in, and in this order', async () => {
    const seen = house.audited.length;
    await walk({ name: '', parameters: { scope: 'openid email' } }, true);
    const happened = house.audited.slice(seen).filter(({ accountId }) => accountId !== undefined);
    expect(happened.map(({ type }) => type)).toEqual([
      'sign_in.succeeded',
      'consent.granted',
      'token.issued',
    ]);
    expect(happened[1]).toMatchObject({ scopes: ['openid', 'email'], accountId: house.alice.id });
  });

  test('tells apps when the person proved themselves, not when they allowed it', async () => {
    const app = await createRelyingParty(house);
    const authTime = Math.floor(Date.now() / 1000) - 120;
    const accountId = house.alice.id;
    const proven = { accountId, amr: ['pwd'], authTime, remember: false };
    house.curious = () => ({ kind: 'signed-in', ...proven, consented: true });
    const { id_token: idToken = '' } = await app
      .signIn(house.browser(), { max_age: '3600' })
      .finally(() => (house.curious = undefined));
    expect(decodeJwt(idToken)['auth_time']).toBe(authTime);
  });

  test('refused, it leaves nobody signed in, and says who it was', async () => {
    const app = await createRelyingParty(house);
    const browser = house.browser();
    const seen = house.audited.length;
    house.curious = () => ({ kind: 'refused', accountId: house.alice.id });
    const { url } = await app.authorize(browser);
    house.curious = undefined;
    expect(url.searchParams.get('error')).toBe('access_denied');
    expect(await (await browser.visit('/_who')).response?.json()).toBeNull();
    const happened = house.audited.slice(seen).map(({ type, accountId }) => [type, accountId]);
    expect(happened).toEqual([['consent.refused', house.alice.id]]);
  });

  test('an answer goes with its own sign-in: who has to sign in once more is asked once more', async () => {
    const actor = { by: 'test', origin: { address: 'test' } };
    const { id: accountId } = await house.accounts.create({ username: 'bob' }, actor);
    const app = await createRelyingParty(house);
    const prompts: string[] = [];
    house.curious = async ({ prompt }) => {
      prompts.push(prompt);
      if (prompt === 'consent') return { kind: 'consented' };
      const consented = prompts.length === 1;
      // Not there when the engine comes to it, which then asks for somebody again.
      await house.accounts[consented ? 'disable' : 'enable'](accountId, actor);
      return { kind: 'signed-in', accountId, amr: ['pwd'], remember: false, consented };
    };
    await app
      .signIn(house.browser(), { prompt: 'consent' })
      .finally(() => (house.curious = undefined));
    expect(prompts).toEqual(['login', 'login', 'consent']);
  });
});
