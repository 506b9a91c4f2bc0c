import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConsentRequest } from '../../../src/provider/contract.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';
import { createRelyingParty, webClient, type RelyingParty } from '../../support/provider-client.ts';
import { openHouse, type House } from '../../support/provider-house.ts';

const BANK = 'https://bank.example.com';
const OTHER = 'https://other.example.com';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const PAYMENT = {
  type: 'payment',
  actions: ['initiate'],
  amount: { value: '12.50', currency: 'EUR' },
  creditor: 'Bookshop',
};
const ACCOUNTS = { type: 'accounts', locations: [BANK] };

let house: House;
let app: RelyingParty;
let tv: RelyingParty;

beforeAll(async () => {
  house = await openHouse({
    protocol: {
      deviceFlow: { enabled: true },
      authorizationDetails: {
        types: [
          {
            type: 'payment',
            name: { en: 'Make a payment', de: 'Eine Zahlung ausführen' },
            apis: [BANK],
            fields: [
              { name: 'creditor', label: 'To', required: true },
              {
                name: 'amount.value',
                label: 'Amount',
                pattern: String.raw`\d+\.\d\d`,
                required: true,
              },
              { name: 'amount.currency', label: 'Currency', values: ['EUR', 'USD'] },
              { name: 'actions', label: 'What for', type: 'list', values: ['initiate', 'cancel'] },
              { name: 'times', label: 'Times', type: 'number' },
            ],
          },
          {
            type: 'accounts',
            name: 'See your accounts',
            fields: [{ name: 'locations', label: 'Where', type: 'list' }],
          },
        ],
      },
    },
    apis: [
      { identifier: BANK, name: 'The bank', scopes: { read: 'Read' } },
      { identifier: OTHER, name: 'Another', scopes: { read: 'Read' } },
    ],
  });
  const types = { authorization_details_types: ['payment', 'accounts'] };
  app = await createRelyingParty(house, webClient(types));
  tv = await createRelyingParty(house, {
    metadata: {
      client_name: 'The television',
      application_type: 'native',
      grant_types: [DEVICE, 'refresh_token'],
      token_endpoint_auth_method: 'none',
      ...types,
    },
  });
});
afterAll(() => house.close());

let asked: (ConsentRequest | undefined)[];
beforeEach(() => {
  asked = [];
  house.person = ({ prompt, consent }) => {
    if (prompt === 'consent') asked.push(consent);
    return prompt === 'consent'
      ? { kind: 'consented' }
      : { kind: 'signed-in', accountId: house.alice.id, amr: ['pwd'], remember: false };
  };
});

function wanting(details: unknown, more: Record<string, string> = {}): Record<string, string> {
  const scope = 'openid read offline_access';
  return { resource: BANK, scope, authorization_details: JSON.stringify(details), ...more };
}

interface Tokens extends JsonObject {
  readonly access_token: string;
  readonly refresh_token: string;
}

async function tokensIn(answer: Response): Promise<Tokens> {
  return (await answer.json()) as Tokens;
}

function detailsOf(token: string): unknown {
  return decodeJwt(token)['authorization_details'];
}

/** What the client is told at its redirect URI. */
async function refusal(parameters: Record<string, string>): Promise<string | null> {
  const { url } = await app.authorize(house.browser(), parameters);
  return url.searchParams.get('error');
}

describe('authorization details (RFC 9396)', () => {
  test('are shown before they are allowed, and stand in token, answer and introspection', async () => {
    const tokens = await app.signIn(house.browser(), wanting([PAYMENT, ACCOUNTS]));
    expect(asked.at(-1)?.details).toEqual([
      {
        type: 'payment',
        name: { en: 'Make a payment', de: 'Eine Zahlung ausführen' },
        description: '',
        fields: [
          { label: 'To', values: ['Bookshop'] },
          { label: 'Amount', values: ['12.50'] },
          { label: 'Currency', values: ['EUR'] },
          { label: 'What for', values: ['initiate'] },
        ],
      },
      {
        type: 'accounts',
        name: 'See your accounts',
        description: '',
        fields: [{ label: 'Where', values: [BANK] }],
      },
    ]);
    expect(tokens['authorization_details']).toEqual([PAYMENT, ACCOUNTS]);
    expect(detailsOf(tokens.access_token)).toEqual([PAYMENT, ACCOUNTS]);
    // At the lane and, for its other form, at the engine.
    for (const path of ['/introspect', '/introspect?']) {
      const seen = await tokensIn(await app.post(path, { token: tokens.access_token }));
      expect(seen).toMatchObject({ active: true, authorization_details: [PAYMENT, ACCOUNTS] });
    }
    expect(house.audited).toContainEqual(
      expect.objectContaining({ type: 'consent.granted', details: ['payment', 'accounts'] }),
    );
  });

  test('are asked for each time, whatever was allowed before, and never of nobody', async () => {
    const browser = house.browser();
    await app.signIn(browser, wanting([PAYMENT]));
    const before = asked.length;
    const plain = await app.signIn(browser, { resource: BANK, scope: 'openid read' });
    expect(asked).toHaveLength(before);
    expect(detailsOf(plain.access_token)).toBeUndefined();
    const other = { ...PAYMENT, creditor: 'Somebody else' };
    const { url } = await app.authorize(browser, wanting([other], { prompt: 'none' }));
    expect(url.searchParams.get('error')).toBe('consent_required');
    const tokens = await app.signIn(browser, wanting([other]));
    expect(asked).toHaveLength(before + 1);
    expect(detailsOf(tokens.access_token)).toEqual([other]);
  });

  test("are asked for of the installation's own apps, too", async () => {
    const own = await createRelyingParty(house, {
      ...webClient({ authorization_details_types: ['payment'] }),
      policy: { firstParty: true },
    });
    const before = asked.length;
    const tokens = await own.signIn(house.browser(), wanting([PAYMENT]));
    expect(asked).toHaveLength(before + 1);
    expect(detailsOf(tokens.access_token)).toEqual([PAYMENT]);
  });

  test('are allowed with the sign-in, when they were shown there', async () => {
    const told: (ConsentRequest | undefined)[] = [];
    house.curious = async ({ prompt }, coming) => {
      told.push(await coming(house.alice.id));
      if (prompt !== 'login') throw new Error('asked twice');
      const accountId = house.alice.id;
      return { kind: 'signed-in', accountId, amr: ['pwd'], remember: false, consented: true };
    };
    const tokens = await app.signIn(house.browser(), wanting([PAYMENT])).finally(() => {
      house.curious = undefined;
    });
    expect(told).toMatchObject([{ details: [{ type: 'payment' }] }]);
    expect(detailsOf(tokens.access_token)).toEqual([PAYMENT]);
  });

  test('stay in refreshed tokens, may be fewer, and never others', async () => {
    const tokens = await app.signIn(house.browser(), wanting([PAYMENT, ACCOUNTS]));
    const first = await tokensIn(await app.refresh(tokens.refresh_token ?? ''));
    expect(detailsOf(first.access_token)).toEqual([PAYMENT, ACCOUNTS]);
    const refresh = async (details: unknown, token: string): Promise<Tokens> =>
      tokensIn(
        await app.refresh(token, undefined, {
          resource: BANK,
          authorization_details: JSON.stringify(details),
        }),
      );
    const wider = { ...PAYMENT, amount: { value: '99.99', currency: 'EUR' } };
    expect(await refresh([wider], first.refresh_token)).toMatchObject({
      error: 'invalid_authorization_details',
    });
    const fewer = await refresh([ACCOUNTS], first.refresh_token);
    expect(detailsOf(fewer.access_token)).toEqual([ACCOUNTS]);
    const all = await tokensIn(await app.refresh(fewer.refresh_token));
    expect(detailsOf(all.access_token)).toEqual([PAYMENT, ACCOUNTS]);
  });

  test('stand in tokens of their own APIs alone', async () => {
    const both = await app.authorize(house.browser(), {
      ...wanting([PAYMENT, ACCOUNTS], { scope: 'openid read' }),
      audience: OTHER,
    });
    const token = await tokensIn(await app.redeem(both, undefined, { resource: OTHER }));
    expect(detailsOf(token.access_token)).toEqual([ACCOUNTS]);
  });

  test('can be pushed', async () => {
    const verifier = oidc.randomPKCECodeVerifier();
    const url = await oidc.buildAuthorizationUrlWithPAR(app.configuration, {
      redirect_uri: 'https://app.example.com/callback',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...wanting([PAYMENT]),
    });
    const visit = await house.browser().visit(url.href);
    const code = visit.url.searchParams.get('code') ?? '';
    const tokens = await tokensIn(await app.redeem({ ...visit, code, verifier, nonce: '' }));
    expect(detailsOf(tokens.access_token)).toEqual([PAYMENT]);
  });

  test('are asked for by devices, too', async () => {
    const begun = await oidc.initiateDeviceAuthorization(tv.configuration, wanting([PAYMENT]));
    const browser = house.browser();
    const page = async (form?: Record<string, string>): Promise<Record<string, string>> => {
      const init = form && { method: 'POST', body: new URLSearchParams(form) };
      const { response } = await browser.visit(`${house.issuer}/device`, init);
      return (await response?.json()) as Record<string, string>;
    };
    const { xsrf = '' } = await page();
    const form = { xsrf, user_code: begun.user_code };
    await page(form);
    await page({ ...form, confirm: 'yes' });
    expect(asked.at(-1)?.details).toMatchObject([{ type: 'payment' }]);
    const answer = await tv.post('/token', { grant_type: DEVICE, device_code: begun.device_code });
    expect(detailsOf((await tokensIn(answer)).access_token)).toEqual([PAYMENT]);
  });

  test.each([
    ['of a type that nobody declared', [{ type: 'else' }]],
    ['with a member that was not declared', [{ ...PAYMENT, memo: 'x' }]],
    ['with a member within a member', [{ ...PAYMENT, amount: { ...PAYMENT.amount, x: {} } }]],
    ['with a name that reads like another', [{ ...PAYMENT, 'amount.currency': 'XYZ' }]],
    ['without what must be there', [{ type: 'payment', amount: PAYMENT.amount }]],
    ['with a value of no use', [{ ...PAYMENT, amount: { value: '1', currency: 'EUR' } }]],
    ['with a value that is not listed', [{ ...PAYMENT, actions: ['steal'] }]],
    ['with text that cannot be seen', [{ ...PAYMENT, creditor: 'Shop\u202E' }]],
    ['with nothing to read', [{ ...PAYMENT, creditor: ' ' }]],
    ['with a text for a number', [{ ...PAYMENT, times: '3' }]],
    ['in too many words', Array.from({ length: 11 }, () => ACCOUNTS)],
    ['as no list', PAYMENT],
  ])('are refused %s', async (_, details) => {
    expect(await refusal(wanting(details))).toBe('invalid_authorization_details');
    expect(asked).toEqual([]);
  });

  test('are refused for another API, and of a client that has not registered the type', async () => {
    const elsewhere = wanting([PAYMENT], { resource: OTHER });
    expect(await refusal(elsewhere)).toBe('invalid_authorization_details');
    const stranger = await createRelyingParty(house);
    const { url } = await stranger.authorize(house.browser(), wanting([ACCOUNTS]));
    expect(url.searchParams.get('error')).toBe('invalid_authorization_details');
  });

  test('are nothing that a machine gets by itself', async () => {
    const answer = await app.post('/token', {
      grant_type: 'client_credentials',
      resource: BANK,
      authorization_details: JSON.stringify([ACCOUNTS]),
    });
    expect(await tokensIn(answer)).toMatchObject({ error: 'invalid_authorization_details' });
  });

  test('are announced', () => {
    expect(app.configuration.serverMetadata()['authorization_details_types_supported']).toEqual([
      'payment',
      'accounts',
    ]);
  });
});
