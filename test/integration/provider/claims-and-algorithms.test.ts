import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CALLBACK, createRelyingParty, webClient } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse({
    claims: {
      custom: [
        { claim: 'roles', attribute: 'roles', in: ['id_token', 'userinfo', 'access_token'] },
        { claim: 'https://example.com/dept', attribute: 'department', scopes: ['profile'] },
        { claim: 'ssn', attribute: 'ssn' },
      ],
      sensitive: ['ssn'],
    },
  });
});
afterAll(() => house.close());

test('claims of the installation are told where the configuration says, and sensitive ones at userinfo alone', async () => {
  const app = await createRelyingParty(house, {
    ...webClient(),
    policy: { claimsInIdToken: true },
  });
  const tokens = await app.signIn(house.browser());
  expect(tokens.claims()).toMatchObject({
    roles: ['admin'],
    email: 'alice@example.com',
    'https://example.com/dept': 'research',
  });
  expect(tokens.claims()).not.toHaveProperty('ssn');
  expect(decodeJwt(tokens.access_token)).toMatchObject({ roles: ['admin'] });
  expect(decodeJwt(tokens.access_token)).not.toHaveProperty('ssn');
  const told = await oidc.fetchUserInfo(app.configuration, tokens.access_token, house.alice.id);
  expect(told).toMatchObject({ roles: ['admin'], ssn: '078-05-1120' });
});

test('a client gets ID tokens by the algorithm it registered, with its own secret for HS256', async () => {
  const elliptic = await createRelyingParty(
    house,
    webClient({ id_token_signed_response_alg: 'ES256' }),
  );
  const authorized = await elliptic.authorize(house.browser());
  const tokens = (await (await elliptic.redeem(authorized)).json()) as { id_token: string };
  expect(decodeProtectedHeader(tokens.id_token).alg).toBe('ES256');
  const shared = await createRelyingParty(
    house,
    webClient({ id_token_signed_response_alg: 'HS256' }),
  );
  const other = await shared.redeem(await shared.authorize(house.browser()));
  const { id_token: signed } = (await other.json()) as { id_token: string };
  const key = Buffer.from(shared.secret);
  await expect(jwtVerify(signed, key, { algorithms: ['HS256'] })).resolves.toBeDefined();
});

test('a token over 4 KB is logged with the names and sizes of its largest claims, not with their values', async () => {
  const actor = { by: 'test', origin: { address: 'test' } };
  const roles = Array.from({ length: 400 }, (_, number) => `secret-role-${number}`);
  const carol = await house.accounts.create({ username: 'carol', attributes: { roles } }, actor);
  const willing = house.person;
  house.person = (interaction) =>
    interaction.prompt === 'login'
      ? { kind: 'signed-in', accountId: carol.id, amr: ['pwd'], remember: false }
      : willing(interaction);
  const app = await createRelyingParty(house);
  await app.signIn(house.browser());
  house.person = willing;
  const lines = house.first.log.filter(({ fields }) => fields.event === 'token.large');
  expect(lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(lines)).toMatch(/roles \(\d+ bytes\)/);
  expect(JSON.stringify(lines)).not.toContain('secret-role');
});

test('a token bound to a key by DPoP is of use with that key alone, and a proof works once', async () => {
  const app = await createRelyingParty(house);
  const keys = await oidc.randomDPoPKeyPair();
  const DPoP = oidc.getDPoPHandle(app.configuration, keys);
  const { url, verifier, nonce } = await app.authorize(house.browser());
  const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce, expectedState: 'state-1' };
  const tokens = await oidc.authorizationCodeGrant(app.configuration, url, checks, undefined, {
    DPoP,
  });
  expect(tokens.token_type).toBe('dpop');
  expect(decodeJwt(tokens.access_token)['cnf']).toEqual({ jkt: expect.any(String) });
  const subject = house.alice.id;
  const told = await oidc.fetchUserInfo(app.configuration, tokens.access_token, subject, { DPoP });
  expect(told.sub).toBe(subject);
  const bare = await fetch(`${house.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  expect(bare.status).toBe(401);
  const introspected = await oidc.tokenIntrospection(app.configuration, tokens.access_token);
  expect(introspected).toMatchObject({ active: true, token_type: 'DPoP' });
});

test('audit tells who signed in, who consented, and what was issued', async () => {
  const app = await createRelyingParty(house);
  await app.signIn(house.browser());
  const mine = house.audited.filter((event) => event.clientId === app.id);
  expect(mine).toMatchObject([
    { type: 'client.created' },
    { type: 'sign_in.succeeded', accountId: house.alice.id },
    {
      type: 'consent.granted',
      accountId: house.alice.id,
      scopes: expect.arrayContaining(['email']),
    },
    {
      type: 'token.issued',
      grantType: 'authorization_code',
      kind: 'jwt',
      accountId: house.alice.id,
    },
  ]);
});

test('errors go back to the client with its state and our issuer, or stay on our page', async () => {
  const app = await createRelyingParty(house);
  const { url } = await app.authorize(house.browser(), { prompt: 'none' });
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    error: 'login_required',
    state: 'state-1',
    iss: house.issuer,
  });
  const unknown = await house
    .browser()
    .visit(
      `${house.issuer}/authorize?client_id=nobody&response_type=code&redirect_uri=${CALLBACK}`,
    );
  expect(unknown.response?.status).toBe(400);
  expect(await unknown.response?.text()).toContain('invalid_client');
});

test('every app is told how somebody signed in, and which class that is if it asks by acr_values', async () => {
  const single = 'urn:latchkey:acr:1fa';
  const claimsOf = async (
    app: Awaited<ReturnType<typeof createRelyingParty>>,
    more: Readonly<Record<string, string>> = {},
  ): Promise<object> => {
    const answer = await app.redeem(await app.authorize(house.browser(), more));
    const { id_token: token } = (await answer.json()) as { readonly id_token: string };
    return decodeJwt(token);
  };
  const app = await createRelyingParty(house);
  const plain = await claimsOf(app);
  expect(plain).toMatchObject({ amr: ['pwd'] });
  expect(plain).not.toHaveProperty('acr');
  expect(await claimsOf(app, { acr_values: single })).toMatchObject({ amr: ['pwd'], acr: single });
  const byDefault = await createRelyingParty(house, webClient({ default_acr_values: [single] }));
  expect(await claimsOf(byDefault)).toMatchObject({ amr: ['pwd'], acr: single });
});
