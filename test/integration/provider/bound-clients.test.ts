import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { API, openHouse, type House } from '../../support/provider-house.ts';

const ISSUER = 'https://partner.example.com';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

let house: House;
let bound: RelyingParty;

beforeAll(async () => {
  house = await openHouse({
    apis: [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }],
    protocol: {
      tokenExchange: { enabled: true },
      jwtBearer: {
        issuers: [
          {
            issuer: ISSUER,
            jwksUri: `${ISSUER}/jwks`,
            clients: ['bound'],
            apis: { [API]: ['read'] },
          },
        ],
      },
    },
  });
  const client = webClient({
    tls_client_certificate_bound_access_tokens: true,
    grant_types: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      JWT_BEARER,
      TOKEN_EXCHANGE,
    ],
  });
  const tokenExchange = {
    subjects: ['*'],
    audiences: [API],
    impersonation: true,
    delegation: false,
  };
  bound = await createRelyingParty(house, { ...client, id: 'bound', policy: { tokenExchange } });
});
afterAll(() => house.close());

const outcomeOf = async (response: Response): Promise<object> => {
  const { error, error_description: description } = (await response.json()) as Record<
    string,
    string
  >;
  return { status: response.status, error, description };
};

describe('a client whose tokens must be bound to a certificate', () => {
  test('gets none where certificates are switched off, rather than unbound ones', async () => {
    const refused = { status: 400, error: 'invalid_grant' };
    const own = await bound.post('/token', { grant_type: 'client_credentials', resource: API });
    expect(await outcomeOf(own)).toMatchObject(refused);
    const signedIn = await bound.authorize(house.browser());
    expect(await outcomeOf(await bound.redeem(signedIn))).toMatchObject(refused);
  });

  test('gets none by the grants of ours, either', async () => {
    const refused = { status: 400, error: 'invalid_grant' };
    const asserted = { grant_type: JWT_BEARER, assertion: 'a.b.c', resource: API };
    expect(await outcomeOf(await bound.post('/token', asserted))).toMatchObject(refused);
    const exchanged = { grant_type: TOKEN_EXCHANGE, subject_token: 'x', subject_token_type: 'x' };
    expect(await outcomeOf(await bound.post('/token', exchanged))).toMatchObject(refused);
  });
});

test('a client whose tokens must be bound to a key gets none where DPoP is switched off', async () => {
  const plain = await openHouse({ protocol: { dpop: { enabled: false } } });
  const wants = await createRelyingParty(plain, webClient({ dpop_bound_access_tokens: true }));
  const asked = await wants.post('/token', { grant_type: 'client_credentials', resource: API });
  expect(asked.status).toBe(401);
  await plain.close();
});
