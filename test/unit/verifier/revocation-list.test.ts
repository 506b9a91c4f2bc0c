import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AccessTokenClaims } from '../../../verifier/src/claims.ts';
import {
  digestOf,
  digestOfText,
  digestText,
  type HandleKind,
} from '../../../verifier/src/digest.ts';
import type { SnapshotMessage } from '../../../verifier/src/feed-messages.ts';
import {
  createRevocationList,
  createSnapshot,
  type Snapshot,
} from '../../../verifier/src/revocation-list.ts';

const EPOCH = { epoch: '3-abc', generation: 3, issuedAt: 1 } as const;

function part(more: Partial<SnapshotMessage> = {}): SnapshotMessage {
  const number = more.number ?? 10;
  const cursor = `${more.epoch ?? EPOCH.epoch}.${number}.x`;
  const entries = Buffer.alloc(0);
  return { ...EPOCH, number, cursor, before: 0, live: 0, part: 0, isLast: true, entries, ...more };
}

function whole(parts: readonly SnapshotMessage[]): Snapshot {
  const snapshot = createSnapshot();
  for (const one of parts) snapshot.add(one);
  return snapshot;
}

function token(mark: string | undefined, more: Partial<AccessTokenClaims> = {}): AccessTokenClaims {
  return {
    iss: 'i',
    sub: 'alice',
    clientId: 'web',
    jti: 'j',
    exp: 2,
    iat: 1,
    scopes: [],
    roles: [],
    permissions: [],
    grantId: 'g',
    sessionId: undefined,
    from: [],
    mark,
    payload: {},
    ...more,
  };
}

const stretch = (after: number, digests: readonly string[]) => ({
  ...EPOCH,
  sentMs: 1000,
  heartbeatMs: 250,
  after,
  number: after + digests.length,
  head: after + digests.length,
  cursor: 'c',
  entries: digests.map((digest) => ({ digest, until: 4e9 })),
});

describe('the list of a verifier', () => {
  test('refuses a token whose number is below that of a matching entry, and no other', () => {
    const list = createRevocationList();
    list.replace(whole([part()]));
    expect(list.apply(stretch(10, [digestText(digestOf('grant', 'g'))]))).toBe(true);
    expect(list.judge(token('3-abc.10'))).toBe('revoked');
    expect(list.judge(token('3-abc.11'))).toBe('valid');
    expect(list.judge(token('3-abc.10', { grantId: 'other' }))).toBe('valid');
  });

  test.each(['token:t', 'grant:g1', 'session:s', 'account:bob', 'client:app'])(
    'refuses a token that was exchanged for one that fell with %s, and no other',
    (named) => {
      const [kind = '', handle = ''] = named.split(':');
      const list = createRevocationList();
      list.replace(whole([part()]));
      list.apply(stretch(10, [digestText(digestOf(kind as HandleKind, handle))]));
      expect(list.judge(token('3-abc.10', { from: ['grant:g0', named] }))).toBe('revoked');
      expect(list.judge(token('3-abc.11', { from: ['grant:g0', named] }))).toBe('valid');
      expect(list.judge(token('3-abc.10', { from: ['grant:g0'] }))).toBe('valid');
    },
  );

  test('holds handles of whatever kind against what is listed', () => {
    const list = createRevocationList();
    list.replace(whole([part()]));
    list.apply(stretch(10, [digestText(digestOfText('what:is-that'))]));
    expect(list.judge(token('3-abc.10', { from: ['what:is-that'] }))).toBe('revoked');
    expect(list.judge(token('3-abc.10', { from: ['what:is-this'] }))).toBe('valid');
  });

  test('refuses every token of an older epoch and waits for the feed with one of a later', () => {
    const list = createRevocationList();
    list.replace(whole([part()]));
    expect(list.judge(token('2-old.99'))).toBe('revoked');
    expect(list.judge(token('3-other.99'))).toBe('revoked');
    expect(list.judge(token('4-new.0'))).toBe('ahead');
    expect(list.judge(token(undefined))).toBe('revoked');
    expect(list.judge(token('nonsense'))).toBe('revoked');
  });

  test('takes a stretch only where it stands, and all of it or nothing', () => {
    const list = createRevocationList();
    expect(list.apply(stretch(0, []))).toBe(false);
    list.replace(whole([part()]));
    expect(list.apply(stretch(11, ['*']))).toBe(false);
    expect(list.apply(stretch(9, ['*']))).toBe(false);
    expect(list.apply({ ...stretch(10, ['*']), number: 12 })).toBe(false);
    expect(list.apply({ ...stretch(10, ['*']), epoch: '3-other' })).toBe(false);
    expect(list.place()).toEqual({ epoch: '3-abc', number: 10 });
    expect(list.judge(token('3-abc.5'))).toBe('valid');
  });

  test('refuses what was issued before an instant', () => {
    const list = createRevocationList();
    list.replace(whole([part({ before: 7 })]));
    expect(list.judge(token('3-abc.6'))).toBe('revoked');
    expect(list.judge(token('3-abc.7'))).toBe('valid');
    list.apply(stretch(10, ['*']));
    expect(list.judge(token('3-abc.10'))).toBe('revoked');
  });

  test('reads the entries of a snapshot', () => {
    const entries = Buffer.alloc(15);
    entries.write(digestText(digestOf('account', 'alice')), 'hex');
    // Number 9, one before the snapshot's; until 10 steps of 16 seconds after it.
    entries.writeUInt32BE(1, 8);
    entries.writeUIntBE(10, 12, 3);
    const list = createRevocationList();
    list.replace(whole([part({ entries })]));
    expect(list.judge(token('3-abc.8'))).toBe('revoked');
    expect(list.judge(token('3-abc.9'))).toBe('valid');
    list.sweep(EPOCH.issuedAt + 161);
    expect(list.judge(token('3-abc.8'))).toBe('valid');
  });

  test('never goes back: neither to an older number nor to an older epoch', () => {
    const list = createRevocationList();
    list.replace(whole([part()]));
    expect(list.replace(whole([part({ number: 9 })]))).toBe(false);
    expect(list.replace(whole([part({ epoch: '2-old', generation: 2, number: 99 })]))).toBe(false);
    expect(list.replace(whole([part({ epoch: '3-other', number: 99 })]))).toBe(false);
    expect(list.replace(whole([part({ epoch: '4-new', generation: 4, number: 0 })]))).toBe(true);
    expect(list.judge(token('3-abc.10'))).toBe('revoked');
  });

  test.each([
    ['nothing', []],
    ['a part that is not the last alone', [part({ isLast: false })]],
    ['the second part alone', [part({ part: 1 })]],
    ['two last parts', [part(), part({ part: 1 })]],
    ['parts of two snapshots', [part({ isLast: false }), part({ part: 1, number: 11 })]],
  ])('does not take %s for a snapshot', (_, parts) => {
    expect(() => createRevocationList().replace(whole(parts))).toThrow();
  });
});

describe('what the verifier and the nodes have in common', () => {
  // The package stands alone; these three must not drift apart.
  test.each(['handle-table.ts', 'mark.ts', 'digest.ts'])('%s is the same on both sides', (name) => {
    const text = (folder: string) =>
      readFileSync(new URL(`../../../${folder}/${name}`, import.meta.url), 'utf8');
    expect(text('verifier/src')).toBe(text('src/revocation'));
  });
});
