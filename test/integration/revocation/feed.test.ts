import { compactVerify, createRemoteJWKSet, decodeJwt, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { digestOf, digestText } from '../../../src/revocation/digest.ts';
import { startStallWatch } from '../../support/stall-watch.ts';
import { startIssuer, type TestIssuer } from '../verifier/fixture.ts';
import { details, openEmbeddedSite, type Node, type Site } from './fixture.ts';

let site: Site;
let node: Node;
let issuer: TestIssuer;

beforeAll(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
});
afterAll(() => site.close());
beforeEach(async () => {
  issuer = await startIssuer(node);
});
afterEach(() => issuer.close());

const revokeGrant = (grantId: string) =>
  node.revocation.revoke({ kind: 'grant', grantId }, details);

const ask = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${issuer.url}/revocations${path}`, { headers });

async function read(jws: string): Promise<JWTPayload & { readonly typ: string | undefined }> {
  const keys = createRemoteJWKSet(new URL(`${issuer.url}/jwks`));
  const { payload, protectedHeader } = await compactVerify(jws, keys);
  return { ...JSON.parse(new TextDecoder().decode(payload)), typ: protectedHeader.typ };
}

/** The first part of a snapshot, with the cursor from which the feed goes on. */
async function snapshot(): Promise<JWTPayload & { readonly cursor: string }> {
  const [line = ''] = (await (await ask('/snapshot')).text()).split('\n');
  const payload = await read(line);
  return { ...payload, cursor: String(payload['cursor']) };
}

describe('the feed by long poll', () => {
  test('gives what came behind the cursor, signed, numbered, and where to go on', async () => {
    const { cursor, number } = await snapshot();
    await revokeGrant('a');
    await revokeGrant('b');
    const answer = await ask(`?after=${cursor}`);
    expect(answer.headers.get('content-type')).toMatch(/^application\/jwt/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const batch = await read(await answer.text());
    expect(batch).toMatchObject({
      typ: 'latchkey-revocations+jwt',
      iss: issuer.url,
      after: number,
      number: Number(number) + 2,
      head: Number(number) + 2,
      entries: [
        [digestText(digestOf('grant', 'a')), expect.any(Number)],
        [digestText(digestOf('grant', 'b')), expect.any(Number)],
      ],
    });
    const next = await read(await (await ask(`?after=${String(batch['cursor'])}`)).text());
    expect(next).toMatchObject({ after: batch['number'], number: batch['number'], entries: [] });
  });

  test('says that everything issued before is revoked', async () => {
    const { cursor } = await snapshot();
    await node.revocation.revoke({ kind: 'before' }, details);
    const batch = await read(await (await ask(`?after=${cursor}`)).text());
    expect(batch['entries']).toEqual([['*', expect.any(Number)]]);
    // A snapshot is shared for a moment.
    await expect.poll(snapshot).toMatchObject({ before: batch['number'] });
  });

  test('answers when something new comes, and does not wait for the heartbeat', async () => {
    const { cursor } = await snapshot();
    const waiting = ask(`?after=${cursor}`);
    await revokeGrant('soon');
    const batch = await read(await (await waiting).text());
    expect(batch['entries']).toHaveLength(1);
  });

  test.each([
    '',
    '?after=',
    '?after=nonsense',
    '?after=1-other.0.',
    '?after=1-a.1.x&after=1-a.2.x',
  ])('sends who asks `%s` to the snapshot', async (query) => {
    const answer = await ask(query);
    expect(answer.status).toBe(410);
    expect(await answer.json()).toMatchObject({ error: 'snapshot_required' });
  });

  test('sends who knows another entry under the same number to the snapshot', async () => {
    const { number } = await revokeGrant('here');
    const elsewhere = `${node.revocation.stamp().split('.')[0]}.${number}.zzzzzz`;
    expect((await ask(`?after=${elsewhere}`)).status).toBe(410);
  });
});

describe('the feed', () => {
  test('says what time it is, and how often it speaks', async () => {
    const { cursor } = await snapshot();
    const batch = await read(await (await ask(`?after=${cursor}`)).text());
    expect(batch).toMatchObject({ heartbeat: 250, entries: [] });
    expect(Math.abs(Number(batch['time']) - Date.now())).toBeLessThan(5000);
    expect(batch.iat).toBe(Math.floor(Number(batch['time']) / 1000));
  });

  test('tells who has heard more than this node has read to come again, and to take no snapshot', async () => {
    const { number } = await revokeGrant('newest');
    const epoch = node.revocation.stamp().split('.')[0];
    const answer = await ask(`?after=${epoch}.${number + 1}.zzzzzz`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  test('takes the word of a relay only from who authenticates, however public it is', async () => {
    const report = (headers: Record<string, string>) =>
      fetch(`${issuer.url}/revocations/followers`, {
        method: 'POST',
        headers,
        body: '{"followers":[]}',
      });
    expect((await report({})).status).toBe(401);
    expect((await report({ authorization: 'Basic x' })).status).toBe(204);
  });

  test('is closed to those who do not authenticate, unless it is public', async () => {
    await issuer.close();
    issuer = await startIssuer(node, { public: false });
    expect((await ask('/snapshot')).status).toBe(401);
    expect((await ask('/snapshot', { authorization: 'Basic x' })).status).toBe(200);
  });

  test('turns away more followers than it is set to serve, and tells them to come again', async () => {
    await issuer.close();
    issuer = await startIssuer(node, { public: true, followersMax: 1 });
    const { cursor } = await snapshot();
    const follow = () => ask(`?after=${cursor}`, { accept: 'text/event-stream' });
    const first = await follow();
    const second = await follow();
    expect(second.status).toBe(503);
    expect(second.headers.get('retry-after')).toBe('1');
    await first.body?.cancel();
    await expect.poll(async () => (await follow()).status).toBe(200);
  });

  test('is silent, rather than wrong, on a node that is cut off from the log', async () => {
    const cut = await site.node({
      wrap: (state) => ({ ...state, get: () => Promise.reject(new Error('cut')) }),
    });
    const other = await startIssuer(cut);
    const answer = await fetch(`${other.url}/revocations/snapshot`);
    expect(answer.status).toBe(503);
    await other.close();
    await cut.close();
  });

  test('leaves its heartbeats out on a node whose store does not answer, before that is known to fail', async () => {
    const gate = Promise.withResolvers<void>();
    let isStuck = false;
    const stuck = await site.node({
      wrap: (state) => ({
        ...state,
        async get(key) {
          if (isStuck) await gate.promise;
          return state.get(key);
        },
      }),
    });
    const other = await startIssuer(stuck);
    const [line = ''] = (await (await fetch(`${other.url}/revocations/snapshot`)).text()).split(
      '\n',
    );
    const { cursor } = decodeJwt(line);
    const answer = await fetch(`${other.url}/revocations?after=${String(cursor)}`, {
      headers: { accept: 'text/event-stream' },
    });
    let heardMs = 0;
    void answer.body?.pipeTo(
      new WritableStream({ write: () => void (heardMs = performance.now()) }),
    );
    await expect.poll(() => heardMs).toBeGreaterThan(0);
    const stalls = startStallWatch();
    const stuckMs = performance.now();
    isStuck = true;
    await expect.poll(() => performance.now() - Math.max(heardMs, stuckMs)).toBeGreaterThan(600);
    stalls.stop();
    // Half of `staleAfter`, and a heartbeat.
    expect(heardMs - stuckMs - stalls.between(stuckMs, heardMs)).toBeLessThan(1000);
    gate.resolve();
    const silentMs = performance.now();
    await expect.poll(() => heardMs).toBeGreaterThan(silentMs);
    await other.close();
    await stuck.close();
  });

  test('holds no handle in clear', async () => {
    const { cursor } = await snapshot();
    await node.revocation.revoke({ kind: 'account', accountId: 'alice-in-clear' }, details);
    const jws = await (await ask(`?after=${cursor}`)).text();
    const text = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString();
    expect(text).not.toContain('alice-in-clear');
  });
});
