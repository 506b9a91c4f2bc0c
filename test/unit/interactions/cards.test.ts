import { expect, test } from 'vitest';
import { askedFor } from '../../../src/http/asked-for.ts';
import { accountCard, clientCard } from '../../../src/interactions/cards.ts';
import { ALICE, PLAIN_CLIENT } from '../../support/pages-host.ts';

test('an account is shown by its full name, and by what it signs in with', () => {
  expect(accountCard(ALICE)).toEqual({
    name: 'Alice Liddell',
    login: 'alice@example.com',
    initial: 'A',
  });
});

test('without a name the login stands in its place, once', () => {
  const nameless = { ...ALICE, claims: { name: ' ' }, email: undefined };
  expect(accountCard(nameless)).toEqual({ name: 'alice', login: '', initial: 'A' });
});

test('an initial is a whole character', () => {
  expect(accountCard({ ...ALICE, claims: { name: '𝒜lice' } }).initial).toBe('𝒜');
});

test('a client is shown with the host of its home page, where one can see who it is', () => {
  const card = clientCard({ ...PLAIN_CLIENT, uri: 'https://app.example.com/start?x=1' });
  expect(card).toMatchObject({ site: 'app.example.com', uri: 'https://app.example.com/start?x=1' });
  expect(clientCard(PLAIN_CLIENT)).toMatchObject({ site: '', uri: '', logoUri: '' });
});

test('known scopes and claims are asked for in words, others by their name, openid not at all', () => {
  const asked = askedFor({
    scopes: ['openid', 'email', 'invoices'],
    claims: ['birthdate', 'constructor'],
    resources: [],
    details: [],
  });
  expect(asked.scopes).toEqual([
    { message: 'scope.email', text: '' },
    { message: '', text: 'invoices' },
  ]);
  expect(asked.claims).toEqual([
    { message: 'claim.birthdate', text: '' },
    { message: '', text: 'constructor' },
  ]);
});
