import { describe, expect, test } from 'vitest';
import { digestOf, digestText } from '../../../src/revocation/digest.ts';
import { entryOf, entryValue, readEntry } from '../../../src/revocation/entry.ts';

const remembering = { now: 1000, longestToken: 100, longestRecord: 5000, tolerance: 10 };

describe('an entry of the log', () => {
  test('that takes a token back dies with that token', () => {
    const entry = entryOf('i', { kind: 'token', jti: 'a', expiresAt: 1050.2 }, remembering);
    expect(entry).toMatchObject({ expiresAt: 1061, tellUntil: 1061 });
  });

  test('of any other kind is told as long as access tokens live, and remembered as long as sessions', () => {
    const entry = entryOf('i', { kind: 'account', accountId: 'alice' }, remembering);
    expect(entry).toEqual({
      id: 'i',
      kind: 'account',
      digest: digestText(digestOf('account', 'alice')),
      tellUntil: 1110,
      expiresAt: 6010,
    });
  });

  test('is never forgotten before it is told to the end', () => {
    const short = { ...remembering, longestRecord: 1 };
    const { expiresAt, tellUntil } = entryOf('i', { kind: 'before' }, short);
    expect(expiresAt).toBe(tellUntil);
  });

  test('comes back from the log as it was, and what is no entry is refused', () => {
    const entry = entryOf('i', { kind: 'grant', grantId: 'g' }, remembering);
    expect(readEntry(entryValue(entry))).toEqual(entry);
    expect(() => readEntry({ id: 'i', kind: 'grant', digest: 'short' })).toThrow();
  });
});
