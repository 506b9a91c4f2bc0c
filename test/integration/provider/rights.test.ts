import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Holder } from '../../../src/groups/groups.ts';
import type { ConsentRequest } from '../../../src/provider/contract.ts';
import {
  CALLBACK,
  createRelyingParty,
  webClient,
  type RelyingParty,
} from '../../support/provider-client.ts';
import { API, openHouse, type House, type Person } from '../../support/provider-house.ts';

const ACTOR = { by: 'test', origin: { address: 'test' } };
const STRICT = 'https://strict.example.com';
const OPAQUE = 'https://opaque.example.com';
const SCOPES = { read: 'Read it', write: 'Change it' };
const READER = { api: STRICT, name: 'reader' };

let house: House;
let alice: Holder;
let app: RelyingParty;
let willing: Person;

beforeAll(async () => {
  house = await openHouse({
    claims: {
      custom: [{ claim: 'groups', attribute: 'groups', in: ['id_token', 'userinfo'] }],
    },
    apis: [
      { identifier: API, name: 'The example API', scopes: SCOPES },
      {
        identifier: STRICT,
        name: 'The strict API',
        scopes: SCOPES,
        permissions: { 'reports:delete': 'Delete reports' },
        enforcePermissions: true,
        claims: { permissions: 'permissions', roles: 'roles' },
      },
      {
        identifier: OPAQUE,
        name: 'The API that asks',
        scopes: SCOPES,
        enforcePermissions: true,
        accessTokenFormat: 'opaque',
      },
    ],
  });
  alice = { kind: 'account', id: house.alice.id };
  willing = house.person;
  app = await createRelyingParty(house);
  const { groups } = house;
  for (const name of ['engineering', 'staff']) await groups.create({ name }, ACTOR);
  await groups.add('staff', { kind: 'group', name: 'engineering' }, ACTOR);
  const permissions = ['read', 'reports:delete'];
  await groups.roles.create({ ...READER, permissions }, ACTOR);
  await groups.roles.give(READER, { kind: 'group', name: 'staff' }, ACTOR);
});
afterAll(() => house.close());

beforeEach(async () => {
  house.person = willing;
  await house.groups.remove('engineering', alice, ACTOR);
});

interface Tokens {
  readonly access_token: string;
  readonly id_token?: string;
  readonly refresh_token: string;
  readonly scope?: string;
}

async function signIn(resource: string): Promise<Tokens> {
  const scope = 'openid offline_access read write';
  const authorized = await app.authorize(house.browser(), { resource, scope });
  return (await (await app.redeem(authorized)).json()) as Tokens;
}

async function refresh({ refresh_token: token }: Tokens): Promise<Tokens> {
  return (await (await app.refresh(token)).json()) as Tokens;
}

test('tokens tell groups, roles and permissions, and no longer from the next refresh after they were taken', async () => {
  await house.groups.add('engineering', alice, ACTOR);
  const tokens = await signIn(STRICT);
  expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ groups: ['engineering', 'staff'] });
  expect(decodeJwt(tokens.access_token)).toMatchObject({
    permissions: ['read', 'reports:delete'],
    roles: ['admin', 'reader'],
  });
  const told = await oidc.fetchUserInfo(app.configuration, tokens.access_token, house.alice.id);
  expect(told).toMatchObject({ groups: ['engineering', 'staff'] });

  await house.groups.remove('engineering', alice, ACTOR);
  const next = await refresh(tokens);
  expect(decodeJwt(next.id_token ?? '')).not.toHaveProperty('groups');
  expect(decodeJwt(next.access_token)).toMatchObject({ roles: ['admin'] });
  expect(decodeJwt(next.access_token)).not.toHaveProperty('permissions');
});

test('an API that enforces permissions gets the scopes that are permitted, each time anew', async () => {
  await house.groups.add('engineering', alice, ACTOR);
  const tokens = await signIn(STRICT);
  expect(tokens.scope).toBe('openid offline_access read');
  expect(decodeJwt(tokens.access_token)['scope']).toBe('openid offline_access read');

  await house.groups.remove('engineering', alice, ACTOR);
  const without = await refresh(tokens);
  expect(without.scope).toBe('openid offline_access');
  await house.groups.add('engineering', alice, ACTOR);
  const again = await refresh(without);
  expect(again.scope).toBe('openid offline_access read');
});

/** What the pages of consent show from now on; all of it is allowed. */
function watchConsent(): ConsentRequest[] {
  const shown: ConsentRequest[] = [];
  house.person = (interaction) => {
    if (interaction.consent !== undefined) shown.push(interaction.consent);
    return willing(interaction);
  };
  return shown;
}

const ALL = { resource: STRICT, scope: 'openid offline_access read write' };
const READ = {
  scopes: [],
  resources: [{ identifier: STRICT, scopes: [{ name: 'read' }] }],
};

test('nobody is asked for what they cannot give; what a role lets them give later is asked for then, once', async () => {
  const shown = watchConsent();
  const shop = await createRelyingParty(house);
  const browser = house.browser();
  const tokens = await shop.signIn(browser, ALL);
  expect(shown).toMatchObject([{ scopes: ['openid', 'offline_access'], resources: [] }]);
  expect(tokens.scope).toBe('openid offline_access');

  await house.groups.add('engineering', alice, ACTOR);
  // Nobody has allowed more for the token that is there.
  const refreshed = await shop.refresh(tokens.refresh_token ?? '');
  expect(await refreshed.json()).toMatchObject({ scope: 'openid offline_access' });
  expect((await shop.signIn(browser, ALL)).scope).toBe('openid offline_access read');
  expect(shown.slice(1)).toMatchObject([READ]);
  await shop.signIn(browser, ALL);

  await house.groups.remove('engineering', alice, ACTOR);
  expect((await shop.signIn(browser, ALL)).scope).toBe('openid offline_access');
  await house.groups.add('engineering', alice, ACTOR);
  expect((await shop.signIn(house.browser(), ALL)).scope).toBe('openid offline_access read');
  expect(shown).toHaveLength(2);
});

test('an app that asks each time shows what the person can give by then', async () => {
  const shown = watchConsent();
  const shop = await createRelyingParty(house);
  const browser = house.browser();
  const asked = { ...ALL, prompt: 'consent' };
  await shop.signIn(browser, asked);
  await house.groups.add('engineering', alice, ACTOR);
  expect((await shop.signIn(browser, asked)).scope).toBe('openid offline_access read');
  expect(shown).toMatchObject([
    { resources: [{ identifier: STRICT, scopes: [] }] },
    { resources: READ.resources },
  ]);
});

test('an app of the house that asks nobody gets what the person may by then, and by a refresh no more', async () => {
  const shown = watchConsent();
  const own = await createRelyingParty(house, { ...webClient(), policy: { firstParty: true } });
  const browser = house.browser();
  const tokens = await own.signIn(browser, ALL);
  await house.groups.add('engineering', alice, ACTOR);
  const refreshed = await own.refresh(tokens.refresh_token ?? '');
  expect(await refreshed.json()).toMatchObject({ scope: 'openid offline_access' });
  expect((await own.signIn(browser, ALL)).scope).toBe('openid offline_access read');
  expect(shown).toEqual([]);
});

test('who asks for nothing that the person may is refused', async () => {
  const { id } = await createRelyingParty(house);
  const asked = new URLSearchParams({
    client_id: id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
    resource: STRICT,
    scope: 'write',
  });
  const { url } = await house.browser().visit(`${house.issuer}/authorize?${asked.toString()}`);
  expect(url.searchParams.get('error')).toBe('access_denied');
});

test('an opaque token has the scopes that are permitted, too', async () => {
  const { access_token: token } = await signIn(OPAQUE);
  const introspected = await oidc.tokenIntrospection(app.configuration, token);
  expect(introspected).toMatchObject({ active: true, scope: 'openid offline_access' });
});

test('an API that does not enforce permissions gets the scopes that were allowed', async () => {
  const tokens = await signIn(API);
  expect(tokens.scope).toBe('openid offline_access read write');
});

test('both tokens of one answer rest on one look at what the person holds', async () => {
  const scope = 'openid offline_access read write';
  const authorized = await app.authorize(house.browser(), { resource: STRICT, scope });
  const held = vi.spyOn(house.groups, 'held');
  await app.redeem(authorized);
  expect(held).toHaveBeenCalledTimes(1);
  held.mockRestore();
});

test('a machine has the scopes of its client: nobody is there who could have roles', async () => {
  const form = { grant_type: 'client_credentials', resource: STRICT, scope: 'read write' };
  const answer = (await (await app.post('/token', form)).json()) as Tokens;
  expect(answer.scope).toBe('read write');
});

test('with the tokens ended, neither the access token nor the refresh token is good any more', async () => {
  await house.groups.add('engineering', alice, ACTOR);
  const tokens = await signIn(STRICT);
  await house.groups.remove('engineering', alice, ACTOR, { endTokens: true });
  const introspected = await oidc.tokenIntrospection(app.configuration, tokens.access_token);
  expect(introspected).toEqual({ active: false });
  expect(await refresh(tokens)).toMatchObject({ error: 'invalid_grant' });
});
