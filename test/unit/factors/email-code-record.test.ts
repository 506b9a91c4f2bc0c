import { expect, test } from 'vitest';
import {
  codeOf,
  newLinkSecret,
  readEmailCode,
  readLinkToken,
} from '../../../src/factors/email-code-record.ts';
import { createKeyedDigests } from '../../../src/factors/keyed-digests.ts';
import { createSealer } from '../../../src/runtime/sealing.ts';

test('a code is six digits that follow from the link alone', () => {
  const secrets = Array.from({ length: 500 }, newLinkSecret);
  for (const secret of secrets) {
    expect(secret).toMatch(/^[\w-]{32}$/u);
    expect(codeOf(secret)).toMatch(/^\d{6}$/u);
    expect(codeOf(secret)).toBe(codeOf(secret));
  }
  // By chance, of 500 codes of a million some 0.1 are twice there.
  expect(new Set(secrets.map(codeOf)).size).toBeGreaterThan(490);
});

test('a code is read with gaps, and what is none is not', () => {
  expect(readEmailCode(' 123-456 ')).toBe('123456');
  expect(readEmailCode('１２３４５６')).toBe('123456');
  for (const typed of ['', '12345', '1234567', '12345x', '1'.repeat(1e6)]) {
    expect(readEmailCode(typed)).toBeUndefined();
  }
});

test('a link token has two parts of their lengths', () => {
  const [flow, secret] = ['f'.repeat(43), newLinkSecret()];
  expect(readLinkToken(`${flow}.${secret}`)).toEqual({ flow, secret });
  for (const token of [
    '',
    '.',
    flow,
    `${flow}.${secret}x`,
    `${flow}.${secret}\n`,
    `/${flow}.${secret}`,
  ]) {
    expect(readLinkToken(token)).toBeUndefined();
  }
});

test('a digest is good under the keys of before, and not for another purpose', () => {
  const [old, next] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const before = createKeyedDigests(createSealer([old]), 'x');
  const both = createKeyedDigests(createSealer([next, old]), 'x');
  const digest = before.digest('123456');
  expect(both.matches('123456', digest)).toBe(true);
  expect(both.matches('123457', digest)).toBe(false);
  expect(both.digest('123456')).not.toBe(digest);
  expect(createKeyedDigests(createSealer([next]), 'x').matches('123456', digest)).toBe(false);
  expect(createKeyedDigests(createSealer([old]), 'y').matches('123456', digest)).toBe(false);
});
