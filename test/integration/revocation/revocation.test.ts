import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listAudit } from '../../../src/audit/list-audit.ts';
import type { Revoked, TokenHandles } from '../../../src/revocation/revocation.ts';
import { rounds } from '../../support/counts.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { timeUntil } from '../../support/time-until.ts';
import {
  actor,
  details,
  issue,
  openEmbeddedSite,
  openRedisSite,
  type Node,
  type Site,
} from './fixture.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const engines = [
  ['embedded', () => openEmbeddedSite()],
  ['Redis', () => openRedisSite(redis)],
] as const;

const handles = {
  grantId: 'g-1',
  sessionUid: 's-1',
  accountId: 'alice',
  clientId: 'web',
} as const;

/** What takes back which token. */
const kinds: readonly (readonly [
  string,
  (token: TokenHandles) => Revoked,
  Partial<TokenHandles>,
])[] = [
  ['token', ({ jti }) => ({ kind: 'token', jti, expiresAt: 4_000_000_000 }), { jti: 'other' }],
  ['grant', () => ({ kind: 'grant', grantId: 'g-1' }), { grantId: 'g-2' }],
  ['session', () => ({ kind: 'session', sessionUid: 's-1' }), { sessionUid: 's-2' }],
  ['account', () => ({ kind: 'account', accountId: 'alice' }), { accountId: 'bob' }],
  ['client', () => ({ kind: 'client', clientId: 'web' }), { clientId: 'spa' }],
];

describe.each(engines)('revocation on %s', (_, open) => {
  let site: Site;
  let [one, two]: Node[] = [];

  function nodes(): readonly [Node, Node] {
    if (one === undefined || two === undefined) throw new TypeError('no nodes');
    return [one, two];
  }

  beforeEach(async () => {
    site = await open();
    [one, two] = await Promise.all([site.node(), site.node()]);
  });
  afterEach(() => site.close());

  test.each(kinds)('a revoked %s is refused, and nothing else', async (__, what, otherHandles) => {
    const [here] = nodes();
    const token = issue(here, handles);
    const other = issue(here, { ...handles, ...otherHandles });
    expect(await here.revocation.isRevoked(token)).toBe(false);
    const receipt = await here.revocation.revoke(what(token), details);
    expect(receipt.number).toBe(1);
    expect(await here.revocation.isRevoked(token)).toBe(true);
    expect(await here.revocation.isRevoked(other)).toBe(false);
  });

  test('everything issued before now is refused, and what is issued later is not', async () => {
    const [here] = nodes();
    const token = issue(here, handles);
    await here.revocation.revoke({ kind: 'before' }, details);
    expect(await here.revocation.isRevoked(token)).toBe(true);
    expect(await here.revocation.isRevoked(issue(here, handles))).toBe(false);
  });

  test('a person who signs in again gets tokens that are accepted, in the same second', async () => {
    const [here, there] = nodes();
    await here.revocation.revoke({ kind: 'account', accountId: 'alice' }, details);
    const token = issue(here, { accountId: 'alice' });
    expect(await here.revocation.isRevoked(token)).toBe(false);
    expect(await there.revocation.isRevoked(token)).toBe(false);
  });

  test('another node refuses within a second, by its memory', async () => {
    const [here, there] = nodes();
    const latenciesMs: number[] = [];
    for (let n = 0; n < rounds(60, 1000); n += 1) {
      const token = issue(there, handles);
      await here.revocation.revoke({ kind: 'token', jti: token.jti, expiresAt: 4e9 }, details);
      latenciesMs.push(await timeUntil(() => there.revocation.isRevoked(token)));
    }
    const p99 = latenciesMs.toSorted((a, b) => a - b)[Math.ceil(latenciesMs.length * 0.99) - 1];
    expect(p99).toBeLessThan(1000);
  });

  test('a token issued on a node that has read further is not mistaken for a sign of loss', async () => {
    const [here, there] = nodes();
    for (let n = 0; n < rounds(20, 200); n += 1) {
      await here.revocation.revoke({ kind: 'grant', grantId: `${n}` }, details);
      expect(await there.revocation.isRevoked(issue(here))).toBe(false);
    }
    expect(there.revocation.stamp().split('.')[0]).toBe(here.revocation.stamp().split('.')[0]);
  });

  test('of issuing and revoking at the same time, no token survives that was stamped before', async () => {
    const [here, there] = nodes();
    // The record that issuing reads after it has stamped, and revoking changes before it appends.
    for (let n = 0; n < rounds(20, 300); n += 1) {
      let isDisabled = false;
      const accountId = `account-${n}`;
      const issued: TokenHandles[] = [];
      const issuing = (async () => {
        for (let m = 0; m < 20; m += 1) {
          const node = m % 2 === 0 ? here : there;
          const mark = node.revocation.stamp();
          await new Promise((resolve) => setImmediate(resolve));
          if (!isDisabled) issued.push({ ...issue(node, { accountId }), mark });
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      isDisabled = await new Promise((resolve) => setImmediate(() => resolve(true)));
      await here.revocation.revoke({ kind: 'account', accountId }, details);
      await issuing;
      for (const token of issued) expect(await here.revocation.isRevoked(token)).toBe(true);
    }
  });

  test('many revocations at once, on both nodes, get one number each without gaps', async () => {
    const count = rounds(300, 10_000);
    const [here, there] = nodes();
    const receipts = await Promise.all(
      Array.from({ length: count }, (__, n) =>
        (n % 2 === 0 ? here : there).revocation.revoke({ kind: 'grant', grantId: `${n}` }, details),
      ),
    );
    const numbers = receipts.map(({ number }) => number).toSorted((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: count }, (__, n) => n + 1));
  });

  test('a node that starts later knows what was revoked before', async () => {
    const [here] = nodes();
    const token = issue(here, handles);
    await here.revocation.revoke({ kind: 'grant', grantId: 'g-1' }, details);
    const late = await site.node();
    expect(late.revocation.health()).toEqual({ ok: true, remarks: [], number: 1 });
    expect(await late.revocation.isRevoked(token)).toBe(true);
  });

  test('a restart of all nodes keeps the epoch, and so the tokens', async () => {
    const [here, there] = nodes();
    const token = issue(here, handles);
    await here.revocation.revoke({ kind: 'grant', grantId: 'g-2' }, details);
    await Promise.all([here.close(), there.close()]);
    const again = await site.node();
    expect(await again.revocation.isRevoked(token)).toBe(false);
  });

  test('each is put on the record, with who and why and its number', async () => {
    const [here] = nodes();
    await here.revocation.revoke(
      { kind: 'account', accountId: 'alice' },
      { reason: 'password', actor },
    );
    expect(await listAudit(here.records, { accountId: 'alice', limit: 9 })).toMatchObject([
      {
        event: {
          type: 'revocation',
          what: 'account',
          target: 'alice',
          reason: 'password',
          number: 1,
          by: 'test',
        },
      },
    ]);
  });

  test('a token whose mark is none of this log is refused', async () => {
    const [here] = nodes();
    for (const mark of ['', 'nonsense', '1-other.5', '0-x.1', '1-a']) {
      expect(await here.revocation.isRevoked({ jti: 'x', clientId: 'web', mark })).toBe(true);
    }
  });
});
