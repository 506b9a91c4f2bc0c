import * as oidc from 'openid-client';
import { afterEach, describe, expect, test } from 'vitest';
import { CALLBACK, webClient } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

let house: House;
afterEach(() => house.close());

const CHALLENGE = 'x'.repeat(43);

function plainRequest(clientId: string): string {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  });
  return `${house.issuer}/authorize?${query.toString()}`;
}

async function errorOf(clientId: string): Promise<string | null> {
  const answer = await fetch(plainRequest(clientId), { redirect: 'manual' });
  const location = answer.headers.get('location') ?? '';
  return new URL(location, house.issuer).searchParams.get('error');
}

describe('what the installation demands of all requests', () => {
  test('is announced, and met by a client that pushes its request (RFC 9126 section 5)', async () => {
    house = await openHouse({ protocol: { pushedRequests: { required: true } } });
    const { id, secret } = await house.client(webClient());
    const app = await oidc.discovery(
      new URL(house.issuer),
      id,
      secret,
      oidc.ClientSecretBasic(secret),
      { execute: [oidc.allowInsecureRequests] },
    );
    expect(app.serverMetadata().require_pushed_authorization_requests).toBe(true);
    expect(await errorOf(id)).toBe('invalid_request');
    const verifier = oidc.randomPKCECodeVerifier();
    const url = await oidc.buildAuthorizationUrlWithPAR(app, {
      redirect_uri: CALLBACK,
      scope: 'openid',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const { url: back } = await house.browser().visit(url.href);
    const tokens = await oidc.authorizationCodeGrant(app, back, { pkceCodeVerifier: verifier });
    expect(tokens.claims()?.iss).toBe(house.issuer);
  });

  test.each([
    ['pushed', { pushedRequests: { required: true } }],
    ['signed', { requestObjects: { enabled: true, required: true } }],
  ])('to be %s does not shut out pages of our own', async (_way, protocol) => {
    house = await openHouse({ protocol });
    const { id: theirs } = await house.client(webClient());
    const { id: ours } = await house.client({ ...webClient(), id: 'latchkey-account' });
    expect(await errorOf(theirs)).toBe('invalid_request');
    expect(await errorOf(ours)).toBeNull();
  });
});
