import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listAudit } from '../../../src/audit/list-audit.ts';
import { RevocationUnknown } from '../../../src/revocation/revocation.ts';
import { StateUnavailable, type State } from '../../../src/storage/state.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { details, issue, openRedisSite, type Node, type Site } from './fixture.ts';

let redis: TestRedis;
let raw: Redis;
let site: Site;

beforeAll(async () => {
  redis = await startRedis();
  raw = new Redis(redis.socketPath);
  raw.on('error', () => undefined); // It is killed on purpose.
});
afterAll(async () => {
  raw.disconnect();
  await redis.stop();
});
beforeEach(async () => {
  await raw.flushall();
  // Redis is killed here: nobody waits for it longer than a node does.
  site = await openRedisSite(redis, {});
});
afterEach(() => site.close());

const revokeGrant = (node: Node, grantId: string) =>
  node.revocation.revoke({ kind: 'grant', grantId }, details);

const epochOf = (node: Node): string => node.revocation.stamp().replace(/\.\d+$/, '');

/** All that Redis holds now; putting it back is what a fail-over to a replica that lagged does. */
async function takeCopy(): Promise<() => Promise<void>> {
  const keys = await raw.keys('*');
  const copies = await Promise.all(
    keys.map(async (key) => ({ key, dump: await raw.dumpBuffer(key), ttl: await raw.pttl(key) })),
  );
  return async () => {
    const pipeline = raw.pipeline().flushall();
    for (const { key, dump, ttl } of copies) {
      if (dump) pipeline.restore(key, Math.max(ttl, 0), dump);
    }
    await pipeline.exec();
  };
}

/** As if the records had lost what they were told of the log, too. */
const forgetHighWater = ({ records }: Node) =>
  records.write(records.queries.deleteFrom('installation').where('name', '=', 'revocation:test'));

/** A switch that cuts a node off its state. */
function createCut() {
  let isCut = false;
  const guard =
    <Args extends unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> =>
      isCut ? Promise.reject(new StateUnavailable('cut')) : verb(...args);
  return {
    cut(is: boolean) {
      isCut = is;
    },
    wrap: (state: State): State => ({
      ...state,
      get: guard(state.get),
      readLog: guard(state.readLog),
      append: guard(state.append),
      swap: guard(state.swap),
    }),
  };
}

describe('a log that was lost', () => {
  test('refuses every older token on every node, and accepts new ones', async () => {
    const [one, two] = await Promise.all([site.node(), site.node()]);
    const revoked = issue(one, { grantId: 'g' });
    const valid = issue(one);
    await revokeGrant(one, 'g');
    await raw.flushall();
    for (const node of [one, two]) {
      await expect.poll(() => node.revocation.isRevoked(valid)).toBe(true);
      expect(await node.revocation.isRevoked(revoked)).toBe(true);
      expect(await node.revocation.isRevoked(issue(node))).toBe(false);
    }
    expect(epochOf(one)).toBe(epochOf(two));
  });

  test('is noticed by nodes that start after the loss, since the records remember it', async () => {
    const one = await site.node();
    const revoked = issue(one, { grantId: 'g' });
    const { number } = await revokeGrant(one, 'g');
    await one.close();
    await raw.flushall();
    const again = await site.node();
    expect(await again.revocation.isRevoked(revoked)).toBe(true);
    const receipt = await revokeGrant(again, 'g');
    expect(receipt.number).toBeGreaterThan(number);
  });

  test('is put on the record', async () => {
    const one = await site.node();
    const before = epochOf(one);
    await raw.flushall();
    await expect.poll(() => epochOf(one)).not.toBe(before);
    await expect
      .poll(() => listAudit(one.records, { type: 'revocation', limit: 9 }))
      .toMatchObject([{ event: { what: 'epoch', target: epochOf(one), by: 'node' } }]);
  });

  test('takes nothing from an installation that starts for the first time', async () => {
    const [one, two] = await Promise.all([site.node(), site.node()]);
    expect(epochOf(one)).toBe(epochOf(two));
    expect(await two.revocation.isRevoked(issue(one))).toBe(false);
    expect(await listAudit(one.records, { limit: 9 })).toEqual([]);
  });

  test('makes one new epoch, however many nodes notice it', async () => {
    const nodes = await Promise.all([site.node(), site.node(), site.node(), site.node()]);
    await raw.flushall();
    await expect
      .poll(() => new Set(nodes.map((node) => epochOf(node).split('-')[0])))
      .toEqual(new Set(['2']));
    expect(new Set(nodes.map(epochOf)).size).toBe(1);
  });
});

describe('a fail-over that lost the newest entries', () => {
  test('is noticed by a node that had applied them', async () => {
    const one = await site.node();
    await revokeGrant(one, 'a');
    const restore = await takeCopy();
    const token = issue(one, { grantId: 'b' });
    await revokeGrant(one, 'b');
    const before = epochOf(one);
    await restore();
    await expect.poll(() => epochOf(one)).not.toBe(before);
    expect(await one.revocation.isRevoked(token)).toBe(true);
  });

  test('is noticed after all nodes were restarted, since the records remember how far the log was', async () => {
    const one = await site.node();
    await revokeGrant(one, 'a');
    const restore = await takeCopy();
    const token = issue(one, { grantId: 'b' });
    await revokeGrant(one, 'b');
    await one.close();
    await restore();
    expect(await (await site.node()).revocation.isRevoked(token)).toBe(true);
  });

  test('is noticed even when other entries have taken the lost numbers', async () => {
    const { cut, wrap } = createCut();
    const [one, two] = await Promise.all([site.node(), site.node({ wrap })]);
    await revokeGrant(one, 'a');
    const restore = await takeCopy();
    await revokeGrant(one, 'b');
    await two.revocation.isRevoked(issue(one)); // Two has applied both.
    await one.close();
    cut(true);
    await restore();
    await forgetHighWater(two);
    const three = await site.node();
    const token = issue(three, { grantId: 'c' });
    await revokeGrant(three, 'c');
    await revokeGrant(three, 'd');
    cut(false);
    const before = epochOf(three);
    await expect.poll(() => epochOf(three)).not.toBe(before);
    expect(await two.revocation.isRevoked(token)).toBe(true);
  });

  test('is noticed by a token that knows of more than the log holds', async () => {
    const one = await site.node();
    await revokeGrant(one, 'a');
    const restore = await takeCopy();
    await revokeGrant(one, 'b');
    const token = issue(one);
    await forgetHighWater(one);
    await one.close();
    await restore();
    const two = await site.node();
    const other = issue(two);
    expect(await two.revocation.isRevoked(token)).toBe(true);
    expect(await two.revocation.isRevoked(other)).toBe(true);
  });
});

describe('a node that is cut off', () => {
  test('says "unknown" once its knowledge is older than the bound, never "valid", and recovers', async () => {
    const { cut, wrap } = createCut();
    const node = await site.node({ wrap });
    const token = issue(node);
    cut(true);
    const unknown = (work: () => unknown) => async () => {
      try {
        await work();
        return 'known';
      } catch (error) {
        return error instanceof RevocationUnknown;
      }
    };
    await expect.poll(unknown(() => node.revocation.isRevoked(token))).toBe(true);
    await expect.poll(unknown(() => node.revocation.stamp())).toBe(true);
    expect(node.revocation.health()).toMatchObject({ ok: false });
    expect(node.revocation.feed.position()).toBeUndefined();
    cut(false);
    await expect.poll(() => node.revocation.health().ok).toBe(true);
    expect(await node.revocation.isRevoked(token)).toBe(false);
  });

  test('does not answer from memory after an entry that it could not read back', async () => {
    const { cut, wrap } = createCut();
    const node = await site.node({
      wrap: (state) => {
        const cuttable = wrap(state);
        return {
          ...cuttable,
          async append(...args) {
            const last = await cuttable.append(...args);
            cut(true);
            return last;
          },
        };
      },
    });
    const token = issue(node, { grantId: 'g' });
    await expect(revokeGrant(node, 'g')).rejects.toMatchObject({
      code: 'ERR_REVOCATION_UNCONFIRMED',
      isKept: true,
    });
    await expect(node.revocation.isRevoked(token)).rejects.toThrow(RevocationUnknown);
    cut(false);
    await expect.poll(() => node.revocation.health().ok).toBe(true);
    expect(await node.revocation.isRevoked(token)).toBe(true);
  });
});

describe('a Redis that is down', () => {
  test('keeps a revocation in the outbox, and it is carried out when Redis is back', async () => {
    const node = await site.node();
    const token = issue(node, { grantId: 'g' });
    await redis.kill();
    await expect(revokeGrant(node, 'g')).rejects.toMatchObject({
      code: 'ERR_REVOCATION_UNCONFIRMED',
      isKept: true,
    });
    expect(node.revocation.health().remarks).toContain('1 revocation(s) wait to be confirmed');
    await redis.restart();
    await expect.poll(() => node.revocation.isRevoked(token).catch(() => 'unknown')).toBe(true);
    await expect
      .poll(() =>
        node.records.all(node.records.queries.selectFrom('revocation_outbox').selectAll()),
      )
      .toEqual([]);
    const events = await listAudit(node.records, { type: 'revocation', limit: 9 });
    expect(events.map(({ event }) => event)).toMatchObject([
      { target: 'g', number: 1 },
      { target: 'g' },
    ]);
    // The older of the two tells that it was decided, the newer that it stands.
    expect(events[1]?.event).not.toHaveProperty('number');
  });

  test('lets another node carry it out when the one that decided is gone', async () => {
    const [one, two] = await Promise.all([site.node(), site.node()]);
    const token = issue(two, { grantId: 'g' });
    await redis.kill();
    await expect(revokeGrant(one, 'g')).rejects.toMatchObject({ isKept: true });
    await one.close();
    await redis.restart();
    await expect.poll(() => two.revocation.isRevoked(token).catch(() => 'unknown')).toBe(true);
  });

  test('at the start lets the room open, which then knows nothing until Redis comes', async () => {
    await redis.kill();
    const node = await site.node();
    expect(node.revocation.health()).toMatchObject({ ok: false, number: 0 });
    expect(() => node.revocation.stamp()).toThrow(RevocationUnknown);
    await redis.restart();
    await expect.poll(() => node.revocation.health().ok).toBe(true);
    expect(await node.revocation.isRevoked(issue(node))).toBe(false);
  });
});
