import { inflateSync } from 'node:zlib';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { throughNode, type Way } from '../support/relying-parties/through-node.ts';
import { openTown, type Town } from '../support/revocation/town.ts';
import { measured } from './support/report.ts';

const TOKENS = rounds(60, 600);
const KILLS = rounds(2, 10);
const DETAILS = {
  reason: 'test',
  actor: { by: 'test', origin: { address: '127.0.0.1' } },
} as const;
/** A node that is killed is taken for dead in 30 s, and what shows is what it had told of: nobody waits for it. */
const PATIENCE_MS = 15_000;

let town: Town;
let ways: readonly Way[];

beforeAll(async () => {
  town = await openTown({ state: 'redis', nodes: 2 });
  ways = town.world.ports.map((port) => throughNode(port));
});
afterAll(async () => {
  await Promise.all((ways ?? []).map((way) => way.close()));
  await town?.close();
});

async function revoke(token: string): Promise<void> {
  const what = await town.rooms.takeBack.read(token);
  if (what === undefined) throw new TypeError('a token of ours');
  await town.rooms.takeBack.revoke(what, DETAILS);
}

/** What the lists of a node say of `tokens`: 0, good; 1, not; undefined: it has no such list now. */
async function statuses(
  { fetch }: Way,
  tokens: readonly string[],
): Promise<readonly (number | undefined)[]> {
  const places = tokens.map((token) => {
    const { status } = decodeJwt<{ status: { status_list: { idx: number; uri: string } } }>(token);
    return status.status_list;
  });
  const uris = [...new Set(places.map(({ uri }) => uri))];
  const lists = new Map(
    await Promise.all(uris.map(async (uri) => [uri, await bits(await fetch(uri))] as const)),
  );
  return places.map(({ idx, uri }) => {
    const list = lists.get(uri);
    return list && ((list[idx >>> 3] ?? 0) >>> (idx & 7)) & 1;
  });
}

async function bits(response: Response): Promise<Uint8Array | undefined> {
  if (!response.ok) return undefined;
  const { status_list: list } = decodeJwt<{ status_list: { lst: string } }>(await response.text());
  return inflateSync(Buffer.from(list.lst, 'base64url'));
}

/** Polls until none of `tokens` has another status; else says how many have which. */
function untilAll(way: Way, tokens: readonly string[], status: 0 | 1): Promise<void> {
  const others = async (): Promise<unknown> => {
    const all = await statuses(way, tokens).catch(String);
    return typeof all === 'string' ? all : all.filter((one) => one !== status);
  };
  return expect.poll(others, { timeout: PATIENCE_MS }).toEqual([]);
}

test(`a node killed while it brings revocations into its lists, ${KILLS} times: all that was revoked shows, there and elsewhere, and nothing else`, async () => {
  const shownMs: number[] = [];
  for (let round = 0; round < KILLS; round += 1) {
    const tokens: string[] = [];
    for (let index = 0; index < TOKENS; index += 1)
      tokens.push(await town.serviceToken('service-0', index));
    // What a node gave out a moment before it died is refused half a minute later: here all is told, when the last of each is.
    const last = await Promise.all([0, 1].map((node) => town.serviceToken('service-1', node)));
    await Promise.all(last.map(revoke));
    await Promise.all(ways.map((way) => untilAll(way, last, 1)));
    await Promise.all(ways.map((way) => untilAll(way, tokens, 0)));
    const revoked = tokens.filter((_, index) => index % 3 !== 0);
    const good = tokens.filter((_, index) => index % 3 === 0);
    let done = 0;
    const revoking = revoked.map(async (token) => {
      await revoke(token);
      done += 1;
      if (done === Math.ceil(revoked.length / 2)) await town.world.nodes[1]?.kill();
    });
    await Promise.all(revoking);
    const beganMs = performance.now();
    const [first, second] = ways;
    if (!first || !second) throw new TypeError('two nodes');
    await untilAll(first, revoked, 1);
    shownMs.push(performance.now() - beganMs);
    await town.world.start(1);
    await untilAll(second, revoked, 1);
    expect(await statuses(first, good)).toEqual(good.map(() => 0));
    expect(await statuses(second, good)).toEqual(good.map(() => 0));
  }
  measured('all bits set after a kill', { TOKENS, shownMs: Math.max(...shownMs) });
});
