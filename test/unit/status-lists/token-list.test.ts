import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../src/revocation/digest.ts';
import type { Judgement } from '../../../src/status-lists/judgement.ts';
import { decodeRows, rowOf } from '../../../src/status-lists/row.ts';
import { createTokenList, type TokenList } from '../../../src/status-lists/token-list.ts';

const IDENTITY = { id: 'list', key: Buffer.alloc(16, 3).toString('base64url'), size: 1024 };
const TOKEN = { jti: 'a', clientId: 'web', mark: '1-abc.5', expiresAt: 1_800_000_900 };

function judgement(known: Partial<Judgement> = {}): Judgement {
  return { epoch: () => '1-abc', before: () => 0, numberOf: () => 0, ...known };
}

function invalid(list: TokenList): number {
  return [...list.bytes].reduce(
    (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
    0,
  );
}

describe('a token list', () => {
  test('a token of another epoch was taken back with it', () => {
    let epoch = '1-abc';
    const list = createTokenList(IDENTITY, judgement({ epoch: () => epoch }));
    list.put(rowOf(TOKEN, 0));
    expect(invalid(list)).toBe(0);
    epoch = '2-def';
    Array.from(list.judge('everything'));
    expect(invalid(list)).toBe(1);
    list.put(rowOf({ ...TOKEN, mark: '2-def.0' }, 1));
    expect(invalid(list)).toBe(1);
  });

  test('a token without a mark was never good', () => {
    const list = createTokenList(IDENTITY, judgement());
    list.put(rowOf({ ...TOKEN, mark: '' }, 0));
    expect(invalid(list)).toBe(1);
  });

  test('what shares half of a digest with something revoked is not taken back', () => {
    const one = rowOf(TOKEN, 0);
    const low = one.digests[0]?.low ?? 0;
    const list = createTokenList(IDENTITY, judgement());
    list.put(one);
    Array.from(list.judge(new Map([[0, new Set([low])]])));
    expect(invalid(list)).toBe(0);
  });

  test('of a lost block all is invalid that nobody told of, and it heals when who has it speaks again', () => {
    const list = createTokenList(IDENTITY, judgement());
    list.put(rowOf(TOKEN, 256));
    list.lose(1, false);
    expect(invalid(list)).toBe(255);
    list.put(rowOf({ ...TOKEN, jti: 'b' }, 257));
    expect(invalid(list)).toBe(254);
    list.find(1);
    expect(invalid(list)).toBe(0);
  });

  test('what is lost for good stays lost', () => {
    const list = createTokenList(IDENTITY, judgement());
    list.lose(0, true);
    list.lose(0, false);
    list.find(0);
    expect(invalid(list)).toBe(256);
  });

  test('the version counts changes, not calls', () => {
    const list = createTokenList(IDENTITY, judgement({ numberOf: () => 9 }));
    list.put(rowOf(TOKEN, 0));
    list.put(rowOf(TOKEN, 0));
    Array.from(list.judge('everything'));
    expect([list.version(), list.size()]).toEqual([1, 1]);
  });

  test('lives as long as the longest of its tokens', () => {
    const list = createTokenList(IDENTITY, judgement());
    list.lives(1_800_000_000);
    list.put(rowOf(TOKEN, 0));
    list.lives(1_700_000_000);
    expect(list.until()).toBe(TOKEN.expiresAt);
  });

  test('a position outside of the list is refused', () => {
    const list = createTokenList(IDENTITY, judgement());
    expect(() => list.put(rowOf(TOKEN, 1024))).toThrow(RangeError);
  });

  test('rows that are not whole are refused', () => {
    expect(() => decodeRows(Buffer.alloc(55).toString('base64'), '1-abc')).toThrow(TypeError);
  });

  test('an absent handle is no handle that something could match', () => {
    const zero = parseDigest('0000000000000000');
    const list = createTokenList(
      IDENTITY,
      judgement({ numberOf: ({ high, low }) => (high === zero.high && low === zero.low ? 9 : 0) }),
    );
    list.put(rowOf(TOKEN, 0));
    expect(invalid(list)).toBe(0);
  });
});
