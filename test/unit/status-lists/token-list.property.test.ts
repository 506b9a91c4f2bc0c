import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryOf } from '../../../src/revocation/entry.ts';
import { createRevocationMemory } from '../../../src/revocation/memory.ts';
import type { Revoked } from '../../../src/revocation/revocation.ts';
import { changesOf, type Judgement } from '../../../src/status-lists/judgement.ts';
import { decodeRows, encodeRows, rowOf } from '../../../src/status-lists/row.ts';
import type { IssuedToken } from '../../../src/status-lists/status-lists.ts';
import { createTokenList, type TokenList } from '../../../src/status-lists/token-list.ts';
import { rounds } from '../../support/counts.ts';

const IDENTITY = { id: 'list', key: Buffer.alloc(16, 3).toString('base64url'), size: 1024 };
const EPOCH = '1-abc';
const REMEMBERING = { now: 1_800_000_000, longestToken: 900, longestRecord: 3600, tolerance: 60 };

/** Few handles, so that tokens share them. */
const few = fc.integer({ min: 0, max: 4 }).map(String);
const maybe = fc.option(few, { nil: undefined });
const handles = fc.record({ grantId: maybe, sessionUid: maybe, accountId: maybe, clientId: few });

const revoked: fc.Arbitrary<Revoked> = fc.oneof(
  fc.record({
    kind: fc.constant('token' as const),
    jti: fc.integer({ max: 60, min: 0 }).map(String),
    expiresAt: fc.constant(1_800_000_900),
  }),
  fc.record({ kind: fc.constant('grant' as const), grantId: few }),
  fc.record({ kind: fc.constant('session' as const), sessionUid: few }),
  fc.record({ kind: fc.constant('account' as const), accountId: few }),
  fc.record({ kind: fc.constant('client' as const), clientId: few }),
  fc.constant({ kind: 'before' as const }),
);

type Step =
  | {
      readonly kind: 'issue';
      readonly handles: Omit<IssuedToken, 'jti' | 'mark' | 'expiresAt'>;
      readonly late: number;
    }
  | { readonly kind: 'revoke'; readonly what: Revoked };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('issue' as const),
      handles,
      late: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), what: revoked }) },
);

/** What the room promises, in its own words: an entry with a higher number than the token's matches it. */
function isTakenBack(token: IssuedToken, entries: readonly Revoked[]): boolean {
  const number = Number(token.mark.split('.').at(-1));
  return entries.some((what, index) => index + 1 > number && isMatch(token, what));
}

function isMatch(token: IssuedToken, what: Revoked): boolean {
  switch (what.kind) {
    case 'token':
      return token.jti === what.jti;
    case 'grant':
      return token.grantId === what.grantId;
    case 'session':
      return token.sessionUid === what.sessionUid;
    case 'account':
      return token.accountId === what.accountId;
    case 'client':
      return token.clientId === what.clientId;
    case 'before':
      return true;
  }
}

function bit(list: TokenList, position: number): number {
  const index = list.indexAt(position);
  return ((list.bytes[index >>> 3] ?? 0) >>> (index & 7)) & 1;
}

/** Two nodes: one judges row by row as things happen, the other takes all in afterwards and in another order. */
function play(steps: readonly Step[]): {
  tokens: readonly IssuedToken[];
  entries: readonly Revoked[];
  first: TokenList;
  second: TokenList;
} {
  const memory = createRevocationMemory();
  const judgement: Judgement = {
    epoch: () => EPOCH,
    before: memory.before,
    numberOf: memory.numberOf,
  };
  const first = createTokenList(IDENTITY, judgement);
  const second = createTokenList(IDENTITY, judgement);
  const tokens: IssuedToken[] = [];
  const entries: Revoked[] = [];
  for (const one of steps) {
    if (one.kind === 'issue') {
      const mark = `${EPOCH}.${Math.max(0, entries.length - one.late)}`;
      const token = { ...one.handles, jti: String(tokens.length), mark, expiresAt: 1_800_000_900 };
      first.put(rowOf(token, tokens.length));
      tokens.push(token);
    } else {
      entries.push(one.what);
      const entry = {
        ...entryOf(String(entries.length), one.what, REMEMBERING),
        number: entries.length,
      };
      memory.apply(entry);
      Array.from(first.judge(changesOf([entry])));
    }
  }
  const rows = tokens.map((token, position) => rowOf(token, position));
  for (const row of decodeRows(encodeRows(rows.toReversed()), EPOCH)) second.put(row);
  return { tokens, entries, first, second };
}

test('the bits are those of the tokens that a revocation matches, and no others', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { tokens, entries, first, second } = play(steps);
      for (const [position, token] of tokens.entries())
        expect(bit(first, position)).toBe(Number(isTakenBack(token, entries)));
      expect(Buffer.from(second.bytes).equals(first.bytes)).toBe(true);
      const set = [...first.bytes].reduce(
        (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
        0,
      );
      expect(set).toBe(tokens.filter((token) => isTakenBack(token, entries)).length);
    }),
    { numRuns: rounds(200, 10_000) },
  );
});

test('a row is the same after it went through the ledger', () => {
  fc.assert(
    fc.property(
      handles,
      fc.integer({ min: 0, max: 1023 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      (of, position, number) => {
        const row = rowOf(
          { ...of, jti: 'a', mark: `${EPOCH}.${number}`, expiresAt: 1_800_000_900 },
          position,
        );
        expect(decodeRows(encodeRows([row, row]), EPOCH)).toEqual([row, row]);
      },
    ),
    { numRuns: rounds(200, 10_000) },
  );
});
