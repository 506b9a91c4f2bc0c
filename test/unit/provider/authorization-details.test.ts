import { describe, expect, test } from 'vitest';
import { createAuthorizationDetails } from '../../../src/provider/authorization-details/authorization-details.ts';
import { detailTypes } from '../../../src/provider/authorization-details/detail-type.ts';
import { settingsSchema } from '../../../src/settings.ts';

const API = 'https://api.example.com';
const field = { name: 'to', label: 'To' };
const payment = { type: 'payment', name: 'Pay', apis: [API], fields: [field] };

function problems(types: readonly object[], client: object = {}): readonly string[] {
  const { error } = settingsSchema.safeParse({
    profile: 'dev',
    apis: [{ identifier: API, name: 'API' }],
    clients: [
      {
        id: 'app',
        secretInClear: 'a-secret-of-a-test-0123456789abcdef',
        redirectUris: ['https://app.example/callback'],
        ...client,
      },
    ],
    protocol: { authorizationDetails: { types } },
  });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
}

describe('types of authorization details', () => {
  test('are declared once, of APIs that are there, and used by clients that name one of them', () => {
    const client = { authorizationDetailsTypes: ['payment'] };
    const at = 'protocol.authorizationDetails.types';
    expect(problems([payment], client)).toEqual([]);
    expect(problems([payment, payment])).toEqual([`${at} must name each type once`]);
    expect(problems([{ ...payment, apis: ['x'] }])).toEqual([`${at}.0.apis x is none of the APIs`]);
    expect(problems([], client)).toEqual([
      `clients.0.authorizationDetailsTypes payment is none of ${at}`,
    ]);
  });

  test.each([
    ['twice', ['to', 'to']],
    ['around another', ['to.name', 'to']],
    ['in another', ['to', 'to.name']],
  ])('have no member %s', (_, names) => {
    const fields = names.map((name) => ({ ...field, name }));
    expect(problems([{ ...payment, fields }])).toEqual([
      'protocol.authorizationDetails.types.0.fields.1.name is there twice, or holds another',
    ]);
  });

  test('that are gone are in no new token, and nobody is asked for them', () => {
    const kept = createAuthorizationDetails(detailTypes.parse([payment]));
    const details = [{ type: 'payment', to: 'A' }];
    expect(kept.forApi(details, API)).toEqual(details);
    expect(kept.forApi(details, undefined)).toEqual([]);
    const gone = createAuthorizationDetails([]);
    expect(gone.forApi(details, API)).toEqual([]);
    expect(gone.shown(JSON.stringify(details))).toBeUndefined();
    expect(gone.shown(undefined)).toEqual([]);
  });
});
