import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings.ts';

const API = 'https://orders.example.com';
const PARTNER = {
  issuer: 'https://partner.example.com',
  jwksUri: 'https://partner.example.com/jwks',
  clients: ['agent'],
  apis: { [API]: ['read'] },
};

function problemsOf(
  { issuers = [], enabled = false }: { issuers?: readonly object[]; enabled?: boolean },
  client: object = {},
): unknown {
  const read = settingsSchema.safeParse({
    profile: 'dev',
    protocol: { jwtBearer: { issuers }, tokenExchange: { enabled } },
    apis: [{ identifier: API, name: 'Orders', scopes: { read: 'Read' } }],
    clients: [
      {
        id: 'agent',
        type: 'machine',
        secretInClear: 'a-secret-of-a-test-0123456789abcdef',
        ...client,
      },
    ],
  });
  return read.error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? [];
}

describe('assertions of other issuers', () => {
  test('are for APIs that are there, and of others than this provider', () => {
    expect(problemsOf({ issuers: [PARTNER] })).toStrictEqual([]);
    const wrong = { ...PARTNER, issuer: 'http://localhost:4000', apis: { nothing: [] } };
    expect(problemsOf({ issuers: [wrong] })).toStrictEqual([
      ['protocol.jwtBearer.issuers.0.apis.nothing', 'no API has the identifier nothing'],
      ['protocol.jwtBearer.issuers.0.issuer', 'is this provider: its tokens are no assertions'],
    ]);
  });

  test('come from issuers named once, each with its keys in one place', () => {
    expect(problemsOf({ issuers: [PARTNER, PARTNER] })).toStrictEqual([
      ['protocol.jwtBearer.issuers', 'must name each issuer once'],
    ]);
    const { jwksUri: _, ...keyless } = PARTNER;
    expect(problemsOf({ issuers: [keyless] })).toStrictEqual([
      [
        'protocol.jwtBearer.issuers.0',
        'needs its public keys, in jwks or at jwksUri, and not in both',
      ],
    ]);
    expect(problemsOf({ issuers: [{ ...PARTNER, apis: {} }] })).toStrictEqual([
      ['protocol.jwtBearer.issuers.0.apis', 'must name at least one API'],
    ]);
  });

  test('are handed in by clients only where an issuer is trusted', () => {
    const client = { grantTypes: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] };
    expect(problemsOf({ issuers: [PARTNER] }, client)).toStrictEqual([]);
    expect(problemsOf({}, client)).toStrictEqual([
      ['clients.0.grantTypes', 'needs protocol.jwtBearer.issuers'],
    ]);
  });
});

test('a client exchanges tokens only where that is on', () => {
  const client = {
    grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
    tokenExchange: { subjects: ['app'], audiences: [API] },
  };
  expect(problemsOf({ enabled: true }, client)).toStrictEqual([]);
  expect(problemsOf({}, client)).toStrictEqual([
    ['clients.0.tokenExchange', 'needs protocol.tokenExchange.enabled'],
    ['clients.0.grantTypes', 'needs protocol.tokenExchange.enabled'],
  ]);
});
