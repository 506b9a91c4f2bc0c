import { expect, test } from 'vitest';
import { standardClaims } from '../../../src/accounts/standard-claims.ts';

const whole = {
  name: 'Alice Example',
  given_name: 'Alice',
  family_name: 'Example',
  middle_name: 'Q.',
  nickname: 'Al',
  preferred_username: 'alice',
  profile: 'https://example.com/alice',
  picture: 'https://example.com/alice.png',
  website: 'https://alice.example.com/',
  gender: 'female',
  birthdate: '0000-02-29',
  zoneinfo: 'Europe/Berlin',
  locale: 'en_US',
  phone_number: '+49 (30) 123456;ext=5678',
  phone_number_verified: true,
  address: {
    formatted: '1 Main Street\n12345 Town',
    street_address: '1 Main Street',
    locality: 'Town',
    region: 'State',
    postal_code: '12345',
    country: 'Country',
  },
};

test('every standard claim of OpenID Connect Core section 5.1 is taken as it stands', () => {
  expect(standardClaims.parse(whole)).toEqual(whole);
});

test.each([
  ['sub', 'x'],
  ['email', 'eve@example.com'],
  ['email_verified', true],
  ['updated_at', 1],
  ['roles', ['admin']],
  ['picture', 'javascript:alert(1)'],
  ['profile', 'data:text/html,x'],
  ['website', 'https://user:pass@example.com/'],
  ['birthdate', '29.2.2000'],
  ['birthdate', '2000-13-01'],
  ['zoneinfo', 'Mars/Olympus'],
  ['locale', 'not a language'],
  ['phone_number', 'call me'],
  ['phone_number_verified', 'yes'],
  ['address', 'Main Street 1'],
  ['address', { street: 'Main Street' }],
  ['name', ''],
])('the claim %s is not taken as %j', (name, value) => {
  expect(standardClaims.safeParse({ [name]: value }).success).toBe(false);
});
