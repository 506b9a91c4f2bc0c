import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { isCrossSite } from '../../../src/http/same-origin.ts';

const OURS = 'https://id.example.com';
const judge = (headers: IncomingHttpHeaders): boolean =>
  isCrossSite({ headers } as IncomingMessage, OURS);

test.each(['cross-site', 'same-site'])('Sec-Fetch-Site: %s is another page', (site) => {
  expect(judge({ 'sec-fetch-site': site, origin: OURS })).toBe(true);
});

test('Sec-Fetch-Site: same-origin is ours although the origin is withheld', () => {
  expect(judge({ 'sec-fetch-site': 'same-origin', origin: 'null' })).toBe(false);
});

test('without it, an origin that is told must be ours', () => {
  expect(judge({ origin: 'https://evil.example' })).toBe(true);
  expect(judge({ origin: `${OURS}.evil.example` })).toBe(true);
  expect(judge({ origin: OURS })).toBe(false);
});

test('what says nothing is left to the token of the form', () => {
  expect(judge({})).toBe(false);
  expect(judge({ origin: 'null' })).toBe(false);
});
