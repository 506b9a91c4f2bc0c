import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRelyingParty, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

let house: House;
let app: RelyingParty;

beforeAll(async () => {
  house = await openHouse({
    nodes: 2,
    protocol: { dpop: { nonces: 'required' } },
    apis: [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }],
  });
  app = await createRelyingParty(house);
});
afterAll(() => house.close());

/** The answers of `at` to proofs of one key, each as the client library sends it. */
async function watched<Result>(
  act: (handle: oidc.DPoPHandle) => Promise<Result>,
): Promise<{ readonly result: Result; readonly sent: Request[]; readonly statuses: number[] }> {
  const sent: Request[] = [];
  const statuses: number[] = [];
  const handle = oidc.getDPoPHandle(app.configuration, await oidc.randomDPoPKeyPair('ES256'));
  app.configuration[oidc.customFetch] = async (url, init) => {
    const request = new Request(url, init);
    sent.push(request.clone());
    const answer = await fetch(request);
    statuses.push(answer.status);
    return answer;
  };
  return { result: await act(handle), sent, statuses };
}

describe('proofs of possession with nonces (RFC 9449)', () => {
  test('a client is told a nonce, tries again, and gets a token that is its key’s alone', async () => {
    const { result, statuses } = await watched((DPoP) =>
      oidc.clientCredentialsGrant(app.configuration, { resource: API, scope: 'read' }, { DPoP }),
    );
    expect(statuses).toEqual([400, 200]);
    expect(result.token_type).toBe('dpop');
    expect(decodeJwt(result.access_token)).toMatchObject({ cnf: { jkt: expect.any(String) } });
  });

  test('userinfo takes the token with a proof, and not as a bearer', async () => {
    const signedIn = await app.authorize(house.browser());
    const { result } = await watched(async (DPoP) => {
      const tokens = await oidc.authorizationCodeGrant(
        app.configuration,
        signedIn.url,
        {
          pkceCodeVerifier: signedIn.verifier,
          expectedNonce: signedIn.nonce,
          expectedState: 'state-1',
        },
        undefined,
        { DPoP },
      );
      const info = await oidc.fetchUserInfo(
        app.configuration,
        tokens.access_token,
        house.alice.id,
        { DPoP },
      );
      return { tokens, info };
    });
    expect(result.info.email).toBe('alice@example.com');
    const stolen = await fetch(`${house.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${result.tokens.access_token}` },
    });
    expect(stolen.status).toBe(401);
  });

  test('a proof is good once, on whichever node', async () => {
    const { sent } = await watched((DPoP) =>
      oidc.clientCredentialsGrant(app.configuration, { resource: API, scope: 'read' }, { DPoP }),
    );
    const used = sent.at(-1);
    const body = await used?.text();
    for (const { url } of house.nodes) {
      const again = await fetch(`${url}/token`, {
        method: 'POST',
        headers: used?.headers ?? {},
        body: body ?? '',
      });
      expect(again.status).toBe(400);
      expect(await again.json()).toMatchObject({ error: 'invalid_dpop_proof' });
    }
  });

  test('both nodes know the nonces of each other', async () => {
    const proof = async (at: string): Promise<string | null> =>
      (
        await fetch(`${at}/token`, {
          method: 'POST',
          headers: { authorization: `Basic ${btoa(`${app.id}:${app.secret}`)}`, dpop: 'x' },
          body: new URLSearchParams({ grant_type: 'client_credentials', resource: API }),
        })
      ).headers.get('dpop-nonce');
    const [one, other] = await Promise.all(house.nodes.map(({ url }) => proof(url)));
    expect(one ?? other).toBe(other ?? one);
  });
});
