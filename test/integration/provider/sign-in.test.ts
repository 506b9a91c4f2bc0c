import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

let house: House;
let app: RelyingParty;
beforeAll(async () => {
  house = await openHouse();
  app = await createRelyingParty(house);
});
afterAll(() => house.close());

test('a person signs in and the app gets an ID token, an access token and a refresh token', async () => {
  const tokens = await app.signIn(house.browser());
  expect(tokens.claims()).toMatchObject({ sub: house.alice.id, iss: house.issuer, aud: app.id });
  expect(tokens.refresh_token).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
  expect(tokens.scope).toBe('openid profile email offline_access');
  expect(tokens.expires_in).toBe(900);
  expect(decodeProtectedHeader(tokens.id_token ?? '')).toMatchObject({ alg: 'RS256' });
  expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
});

test('claims of scopes are told at userinfo and not in the ID token', async () => {
  const tokens = await app.signIn(house.browser());
  expect(tokens.claims()).not.toHaveProperty('email');
  const userinfo = await oidc.fetchUserInfo(app.configuration, tokens.access_token, house.alice.id);
  expect(userinfo).toMatchObject({
    sub: house.alice.id,
    name: 'Alice Adams',
    email: 'alice@example.com',
    email_verified: true,
    preferred_username: 'alice',
  });
});

test('an access token says all that RFC 9068 wants, and the handles by which it can be taken back', async () => {
  const tokens = await app.signIn(house.browser());
  const claims = decodeJwt(tokens.access_token);
  expect(claims).toMatchObject({
    iss: house.issuer,
    sub: house.alice.id,
    client_id: app.id,
    aud: `${house.issuer}/userinfo`,
    scope: 'openid profile email offline_access',
  });
  expect(claims.nbf).toBe(claims.iat);
  expect(claims.exp).toBe((claims.iat ?? 0) + 900);
  expect(claims['gid']).toEqual(expect.any(String));
  expect(claims['rev']).toEqual(expect.any(String));
  expect(claims.jti).toEqual(expect.any(String));
});

test('a second app in the same browser needs no second sign-in', async () => {
  const browser = house.browser();
  await app.signIn(browser);
  const other = await createRelyingParty(house);
  const prompts: string[] = [];
  const willing = house.person;
  house.person = (interaction) => {
    prompts.push(interaction.prompt);
    return willing(interaction);
  };
  await other.signIn(browser);
  house.person = willing;
  expect(prompts).toEqual(['consent']);
});
