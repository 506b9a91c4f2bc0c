import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CALLBACK,
  createRelyingParty,
  webClient,
  type RelyingParty,
} from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

let house: House;
let hybrid: RelyingParty;
let plain: RelyingParty;

beforeAll(async () => {
  house = await openHouse({
    protocol: { idTokenResponses: { enabled: true } },
  });
  hybrid = await createRelyingParty(
    house,
    webClient({
      grant_types: ['authorization_code', 'refresh_token', 'implicit'],
      response_types: ['code', 'code id_token', 'id_token'],
    }),
  );
  plain = await createRelyingParty(house);
});
afterAll(() => house.close());

/** What comes back, from the query or from the fragment. */
async function answerTo(
  party: RelyingParty,
  parameters: Record<string, string>,
): Promise<URLSearchParams> {
  const { url } = await party.authorize(house.browser(), parameters);
  return new URLSearchParams(url.hash === '' ? url.search : url.hash.slice(1));
}

describe('an ID token from the authorization endpoint', () => {
  test('comes with a code, which it names, or alone', async () => {
    const authorized = await hybrid.authorize(house.browser(), { response_type: 'code id_token' });
    const answer = new URLSearchParams(authorized.url.hash.slice(1));
    const code = answer.get('code') ?? '';
    const claims = decodeJwt(answer.get('id_token') ?? '');
    const half = createHash('sha256').update(code).digest().subarray(0, 16);
    expect(claims).toMatchObject({ nonce: authorized.nonce, c_hash: half.toString('base64url') });
    const tokens = await hybrid.redeem({ ...authorized, code });
    expect(tokens.status).toBe(200);
    const alone = await answerTo(hybrid, { response_type: 'id_token' });
    // The token says who issued it (RFC 9207 section 2.4).
    expect([...alone.keys()].toSorted()).toEqual(['id_token', 'state']);
  });

  test('never with an access token, and never in a query', async () => {
    for (const response_type of ['token', 'id_token token', 'code token', 'code id_token token']) {
      const answer = await fetch(
        `${house.issuer}/authorize?${new URLSearchParams({ response_type, client_id: hybrid.id, redirect_uri: CALLBACK, scope: 'openid', nonce: 'n' }).toString()}`,
        { redirect: 'manual' },
      );
      expect(`${answer.headers.get('location')} ${await answer.text()}`).toMatch(
        /unsupported_response_type|invalid_request/,
      );
    }
    const inQuery = await answerTo(hybrid, { response_type: 'id_token', response_mode: 'query' });
    expect(inQuery.get('error')).toBe('invalid_request');
  });

  test('is not for a client that did not register it', async () => {
    const answer = await answerTo(plain, { response_type: 'code id_token' });
    expect(answer.get('error')).toMatch(/unauthorized_client|invalid_request/);
    expect(answer.get('id_token')).toBeNull();
  });
});
