import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startAnnouncing } from '../../../src/revocation/announcing.ts';
import { revocationConfig } from '../../../src/revocation/config.ts';
import { nameFollower } from '../../../src/revocation/feed-positions.ts';
import { createFeed, type Feed } from '../../../src/revocation/feed.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { details, logger, openEmbeddedSite, type Node, type Site } from './fixture.ts';

let site: Site;
let node: Node;
/** Another process on the same stores: one that asks. */
let operator: Node;
let feed: Feed;
let server: Server;
let url: string;
let announcing: ReturnType<typeof startAnnouncing>;
let lists: number | undefined;

beforeEach(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
  operator = await site.node();
  lists = undefined;
  feed = createFeed({
    source: node.revocation.feed,
    sign: () => Promise.resolve('a.b.c'),
    issuer: 'https://id.example',
    clock: systemClock,
    logger,
    settings: revocationConfig.parse({ feed: { heartbeat: '5s' } }).feed,
    async authorize(ctx) {
      nameFollower(ctx, 'orders-api');
      return true;
    },
  });
  const app = new Koa();
  app.use(feed.router.routes());
  const handle = app.callback();
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/revocations`;
  announcing = startAnnouncing({
    state: node.state,
    namespace: 'test',
    source: node.revocation.feed,
    clock: systemClock,
    logger,
    node: 'node-a',
    lists: () => lists,
    followers: feed.positions.list,
    onFollowerMoved: feed.positions.onMoved,
  });
});
afterEach(async () => {
  feed.close();
  server.closeAllConnections();
  server.close();
  await announcing.close();
  await site.close();
});

const revoke = (): Promise<unknown> =>
  node.revocation.revoke({ kind: 'grant', grantId: randomId() }, details);
const position = (): { readonly id: string; readonly number: number } => {
  const at = node.revocation.feed.position();
  if (at === undefined) throw new TypeError('the log is known');
  return at;
};
const cursor = (): string => {
  const { id, number } = position();
  const check = node.revocation.feed.entry(number)?.id.slice(0, 6) ?? '';
  return `${id}.${number}.${check}`;
};
/** What the operator is told of the only node. */
const told = async () => (await operator.revocation.progress())[0];

test('a node tells how far it is, and again when it has moved', async () => {
  await expect.poll(told).toMatchObject({ node: 'node-a', number: 0, followerCount: 0 });
  await revoke();
  await expect.poll(told).toMatchObject({ number: 1, epoch: position().id });
});

test('a stream is known by what was written to it', async () => {
  await revoke();
  const stop = new AbortController();
  const headers = { accept: 'text/event-stream', 'latchkey-follower': 'orders@10.0.3.7' };
  const answer = await fetch(`${url}?after=${cursor()}`, { headers, signal: stop.signal });
  expect(answer.status).toBe(200);
  const follower = { name: 'orders@10.0.3.7', client: 'orders-api', kind: 'stream' };
  await expect.poll(told).toMatchObject({ followers: [{ ...follower, number: 1 }] });
  await revoke();
  await expect.poll(told).toMatchObject({ followers: [{ ...follower, number: 2 }] });
  stop.abort();
  await expect.poll(() => feed.positions.list()).toEqual([]);
});

test('a follower that polls is known by where it says that it is, not by what it was sent', async () => {
  await revoke();
  const at = cursor();
  const polling = fetch(`${url}?after=${at}`);
  const name = expect.stringMatching(/127\.0\.0\.1$/);
  const follower = { name, client: 'orders-api', kind: 'poll' };
  await expect.poll(told).toMatchObject({ followers: [{ ...follower, number: 1 }] });
  await revoke();
  expect((await polling).status).toBe(200);
  // It has been sent the second, and has not said that it has it.
  expect(feed.positions.list()).toMatchObject([{ number: 1 }]);
  const next = fetch(`${url}?after=${cursor()}`);
  await expect.poll(told).toMatchObject({ followers: [{ number: 2 }] });
  await revoke();
  await next;
  expect(feed.positions.list()).toHaveLength(1);
});

test('status lists are told of, and looked at until they have caught up', async () => {
  lists = 0;
  await revoke();
  await expect.poll(told).toMatchObject({ number: 1, lists: 0 });
  lists = 1;
  await expect.poll(told).toMatchObject({ number: 1, lists: 1 });
});

test('a node that has ended is not waited for', async () => {
  await expect.poll(told).toBeDefined();
  await announcing.close();
  expect(await operator.revocation.progress()).toEqual([]);
});

test('what a relay says of its followers is told, and forgotten when it says that there are none', async () => {
  const at = { epoch: position().id, number: 0 };
  const report = (followers: unknown): Promise<Response> =>
    fetch(`${url}/followers`, {
      method: 'POST',
      headers: { 'latchkey-follower': 'relay-1' },
      body: JSON.stringify({ followers }),
    });
  expect((await report([{ name: 'shop@10.0.3.7', ...at }])).status).toBe(204);
  const follower = { name: 'shop@10.0.3.7', client: 'orders-api', via: 'relay-1', kind: 'stream' };
  await expect.poll(told).toMatchObject({ followers: [{ ...follower, ...at }] });
  expect((await report([])).status).toBe(204);
  expect(feed.positions.list()).toEqual([]);
  for (const nonsense of [
    undefined,
    'x',
    [{ name: 'a b', ...at }],
    [{ ...at, name: 'x', number: -1 }],
  ])
    expect((await report(nonsense)).status).toBe(400);
  expect((await report([{ name: 'x'.repeat(70_000), ...at }])).status).toBe(400);
});
