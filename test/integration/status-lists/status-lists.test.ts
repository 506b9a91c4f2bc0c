import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Revoked } from '../../../src/revocation/revocation.ts';
import type { State } from '../../../src/storage/state.ts';
import { rounds } from '../../support/counts.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { details, openEmbeddedSite, openRedisSite, type Site } from '../revocation/fixture.ts';
import {
  createTestKey,
  openListNode,
  untilStatus,
  type Issued,
  type ListNode,
  type TestKey,
} from './fixture.ts';

let redis: TestRedis;
let key: TestKey;
beforeAll(async () => {
  [redis, key] = await Promise.all([startRedis(), createTestKey()]);
});
afterAll(() => redis.stop());

const engines = [
  ['embedded', () => openEmbeddedSite()],
  ['Redis', () => openRedisSite(redis)],
] as const;

const HANDLES = { grantId: 'g-1', sessionUid: 's-1', accountId: 'alice', clientId: 'web' } as const;
const OTHERS = { grantId: 'g-2', sessionUid: 's-2', accountId: 'bob', clientId: 'spa' } as const;
const SIGNAL = new AbortController().signal;

const kinds: readonly (readonly [string, (token: Issued) => Revoked])[] = [
  ['token', ({ jti, expiresAt }) => ({ kind: 'token', jti, expiresAt })],
  ['grant', () => ({ kind: 'grant', grantId: HANDLES.grantId })],
  ['session', () => ({ kind: 'session', sessionUid: HANDLES.sessionUid })],
  ['account', () => ({ kind: 'account', accountId: HANDLES.accountId })],
  ['client', () => ({ kind: 'client', clientId: HANDLES.clientId })],
];

/** Counts every verb that reaches the store. */
function counting(): { wrap(state: State): State; count(): number } {
  let count = 0;
  return {
    count: () => count,
    wrap: (state) =>
      new Proxy(state, {
        get(target, name, receiver) {
          const verb: unknown = Reflect.get(target, name, receiver);
          if (typeof verb !== 'function') return verb;
          return (...args: readonly unknown[]) => {
            count += 1;
            return Reflect.apply(verb, target, args);
          };
        },
      }),
  };
}

describe.each(engines)('status lists of two nodes on %s', (_, open) => {
  let site: Site;
  let one: ListNode;
  let two: ListNode;

  beforeAll(async () => {
    site = await open();
    [one, two] = await Promise.all([openListNode(site, { key }), openListNode(site, { key })]);
  });
  afterAll(async () => {
    await Promise.all([one.close(), two.close()]);
    await site.close();
  });

  test.each(kinds)(
    'a revoked %s shows on both nodes, for every token that it matches',
    async (_kind, what) => {
      const tokens = [await one.issue(HANDLES), await two.issue(HANDLES)];
      const other = await one.issue(OTHERS);
      for (const token of tokens) {
        await one.revocation.revoke(what(token), details);
        for (const node of [one, two]) await untilStatus(node, token, 1);
      }
      for (const node of [one, two]) await untilStatus(node, other, 0);
    },
  );

  test('"before" shows for every token issued before, and for none after', async () => {
    const before = [await one.issue(HANDLES), await two.issue(OTHERS)];
    await two.revocation.revoke({ kind: 'before' }, details);
    const after = await two.issue(HANDLES);
    for (const node of [one, two]) {
      for (const token of before) await untilStatus(node, token, 1);
      await untilStatus(node, after, 0);
    }
  });

  test('a token issued from what was there before a revocation is born revoked', async () => {
    const { mark } = await one.issue(HANDLES);
    const { number } = await one.revocation.revoke(
      { kind: 'account', accountId: 'alice' },
      details,
    );
    await one.lists.whenShown(number, SIGNAL);
    const late = await one.issue({ ...HANDLES, mark });
    for (const node of [one, two]) await untilStatus(node, late, 1);
  });

  test('when a revocation is said to be shown, every list of every node shows it', async () => {
    for (let round = 0; round < rounds(3, 30); round += 1) {
      const accountId = `a-${round}`;
      const tokens = await Promise.all(
        Array.from({ length: 40 }, (_unused, index) =>
          (index % 2 === 0 ? one : two).issue({ ...HANDLES, accountId }),
        ),
      );
      const { number } = await two.revocation.revoke({ kind: 'account', accountId }, details);
      await one.lists.whenShown(number, SIGNAL);
      for (const node of [one, two])
        expect(await node.statuses(tokens)).toEqual(tokens.map(() => 1));
    }
  });

  test('no two tokens ever have one index', async () => {
    const count = rounds(3000, 60_000);
    const issued = await Promise.all(
      Array.from({ length: count }, (_unused, index) =>
        (index % 2 === 0 ? one : two).issue(HANDLES),
      ),
    );
    expect(new Set(issued.map(({ status }) => `${status.uri} ${status.idx}`)).size).toBe(count);
  });

  test('a node that begins later knows all tokens and all revocations', async () => {
    const [token, other] = [await one.issue(HANDLES), await two.issue(OTHERS)];
    const { number } = await one.revocation.revoke({ kind: 'client', clientId: 'web' }, details);
    await one.lists.whenShown(number, SIGNAL);
    const three = await openListNode(site, { key });
    try {
      expect([await three.status(token), await three.status(other)]).toEqual([1, 0]);
    } finally {
      await three.close();
    }
  });

  test('a node that leaves leaves nothing untold', async () => {
    const three = await openListNode(site, { key });
    const token = await three.issue(HANDLES);
    await three.close();
    const { number } = await one.revocation.revoke(
      { kind: 'account', accountId: 'alice' },
      details,
    );
    await one.lists.whenShown(number, SIGNAL);
    expect([await one.status(token), await two.status(token)]).toEqual([1, 1]);
  });
});

describe('giving out an index', () => {
  test('asks nothing of the store', async () => {
    const site = await openEmbeddedSite();
    const counted = counting();
    const node = await openListNode(site, { key, wrap: counted.wrap });
    const before = counted.count();
    // Within one turn: what the node does by itself meanwhile is not part of it.
    const issued = Promise.all(Array.from({ length: 100 }, () => node.issue(HANDLES)));
    const during = counted.count() - before;
    await issued;
    expect(during).toBe(0);
    await node.close();
    await site.close();
  });

  test('costs the store less than one verb for fifty tokens', async () => {
    const site = await openEmbeddedSite();
    const counted = counting();
    const node = await openListNode(site, { key, wrap: counted.wrap });
    const before = counted.count();
    const tokens = rounds(20_000, 200_000);
    for (let issued = 0; issued < tokens; issued += 50)
      await Promise.all(Array.from({ length: 50 }, () => node.issue(HANDLES)));
    expect(counted.count() - before).toBeLessThan(tokens / 50);
    await node.close();
    await site.close();
  });
});
