import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, exportJWK, generateKeyPair, importJWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../../src/audit/audit.ts';
import type { HookEvent } from '../../../src/hooks/hooks.ts';
import { openHooks, type HooksOptions, type OpenedHooks } from '../../../src/hooks/open-hooks.ts';
import type { SignEvent } from '../../../src/hooks/security-event.ts';
import { createRequestCalls } from '../../../src/notices/request-calls.ts';
import { createEmbeddedPlace, type EmbeddedPlace } from '../../support/embedded-file.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';

const ISSUER = 'https://id.example.com';
const keys = await generateKeyPair('ES256');
const publicKey = await importJWK(await exportJWK(keys.publicKey), 'ES256');
const sign: SignEvent = (payload, typ) =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ })
    .sign(keys.privateKey);

let place: EmbeddedPlace;
/** On which the nodes sleep, and nothing else does. */
let pauses: FakeClock;
let receiver: Server;
let url: string;
let received: { readonly type: string; readonly jwt: string }[];
/** What the receiver answers, one after the other; then 202. */
let answers: number[];
let counted: string[];
let audited: AuditEvent[];
let nodes: OpenedHooks[];

beforeEach(async () => {
  [received, answers, counted, audited, nodes] = [[], [], [], [], []];
  place = await createEmbeddedPlace();
  pauses = createFakeClock();
  await (await place.open()).records.migrate();
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const jwt = Buffer.concat(chunks).toString('utf8');
      received.push({ type: request.headers['content-type'] ?? '', jwt });
      response.writeHead(answers.shift() ?? 202).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  url = `http://127.0.0.1:${port}/events`;
});
afterEach(async () => {
  for (const node of nodes) await node.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  await place.close();
});

async function openNode(changes: Partial<HooksOptions> = {}): Promise<OpenedHooks> {
  const { logger } = place;
  const clock = { ...place.clock, sleep: pauses.sleep };
  const { records, state } = await place.open();
  const node = await openHooks({
    records,
    state,
    clock,
    logger,
    sign,
    issuer: ISSUER,
    outboundFetch: fetch,
    audit: {
      record: async (event) => void audited.push(event),
      note: () => undefined,
      flush: async () => undefined,
      close: async () => undefined,
    },
    count: (result) => void counted.push(result),
    ...changes,
  });
  nodes.push(node);
  return node;
}

const event = (): HookEvent => ({
  url,
  type: 'urn:latchkey:event:test',
  accountId: 'alice',
  claims: { what: 'happened' },
  holdsUntil: place.clock.now() + 300,
});

/** Lets a second pass, in which every node looks once and is done with what it finds. */
async function nextLook(): Promise<number> {
  await allSleep();
  place.clock.advance(1);
  pauses.advance(1);
  await allSleep();
  return received.length;
}

async function allSleep(): Promise<void> {
  await expect.poll(() => pauses.sleeping()).toBe(nodes.length);
}

async function jtisOf(): Promise<readonly (string | undefined)[]> {
  const tokens = received.map(({ jwt }) => jwtVerify(jwt, publicKey));
  return (await Promise.all(tokens)).map(({ payload }) => payload.jti);
}

describe('a call to a program of the operator', () => {
  test('is a signed Security Event Token (RFC 8417), pushed once (RFC 8935), whichever nodes look', async () => {
    const [node] = [await openNode(), await openNode(), await openNode()];
    await node.call(event());
    await expect.poll(nextLook).toBe(1);
    const [{ type, jwt } = { type: '', jwt: '' }] = received;
    expect(type).toBe('application/secevent+jwt');
    const { payload } = await jwtVerify(jwt, publicKey, {
      typ: 'secevent+jwt',
      issuer: ISSUER,
      audience: url,
      currentDate: new Date(place.clock.nowMs()),
    });
    expect(payload).toMatchObject({
      sub_id: { format: 'iss_sub', iss: ISSUER, sub: 'alice' },
      events: { 'urn:latchkey:event:test': { what: 'happened' } },
    });
    expect(payload.exp).toBeUndefined();
    await nextLook();
    await nextLook();
    expect(received).toHaveLength(1);
    expect([counted, audited]).toEqual([['taken'], []]);
  });

  test('is tried again with growing pauses while the receiver is in trouble, and says so', async () => {
    answers = [503, 429];
    const node = await openNode();
    await node.call(event());
    await expect.poll(() => received.length).toBe(1);
    await expect.poll(() => node.health().remarks.join()).toMatch(/HTTP_503/);
    await expect.poll(nextLook).toBe(2);
    const second = place.clock.now();
    await expect.poll(nextLook).toBe(3);
    expect(place.clock.now() - second).toBeGreaterThanOrEqual(2);
    expect(new Set(await jtisOf()).size).toBe(1);
    await expect.poll(() => counted).toEqual(['postponed', 'postponed', 'taken']);
    expect(node.health().remarks).toEqual([]);
  });

  test('outlives the node that took it', async () => {
    answers = [500];
    const node = await openNode();
    await node.call(event());
    await expect.poll(() => counted).toEqual(['postponed']);
    await node.close();
    nodes = [];
    await openNode();
    await expect.poll(nextLook).toBe(2);
    expect(new Set(await jtisOf()).size).toBe(1);
  });

  test.each([
    ['refuses it', 400, 1, 'HTTP_400'],
    ['is in trouble for longer than it holds', 500, undefined, 'EXPIRED'],
  ] as const)('is given up, on record, when the receiver %s', async (_, status, tries, code) => {
    answers = Array<number>(100).fill(status);
    const node = await openNode();
    await node.call({ ...event(), holdsUntil: place.clock.now() + 10 });
    await expect
      .poll(async () => {
        await nextLook();
        return audited;
      })
      .toMatchObject([{ type: 'hook.given_up', event: 'urn:latchkey:event:test', code }]);
    if (tries !== undefined) expect(received).toHaveLength(tries);
    expect(counted.at(-1)).toBe('given_up');
    const before = received.length;
    await nextLook();
    expect(received).toHaveLength(before);
  });

  test('waits while no key may sign', async () => {
    let isDown = true;
    const node = await openNode({
      sign: (payload, typ) => {
        if (isDown) throw new Error('no key may sign now');
        return sign(payload, typ);
      },
    });
    await node.call(event());
    await expect.poll(() => counted).toEqual(['postponed']);
    expect(received).toEqual([]);
    isDown = false;
    await expect.poll(nextLook).toBe(1);
  });
});

test('a request to sign in says who asks, why, until when, and where it is answered', async () => {
  const node = await openNode();
  const tell = createRequestCalls({ url, issuer: ISSUER, hooks: node, clock: place.clock });
  const now = place.clock.now();
  await tell({
    accountId: 'alice',
    clientId: 'counter',
    clientName: 'The Counter',
    message: 'Counter 3',
    lifetimeSeconds: 120,
    languages: ['de', 'en'],
  });
  await expect.poll(nextLook).toBe(1);
  const { payload } = await jwtVerify(received[0]?.jwt ?? '', publicKey);
  expect(payload['events']).toEqual({
    'urn:latchkey:event:sign-in-request': {
      client_id: 'counter',
      client_name: 'The Counter',
      binding_message: 'Counter 3',
      ui_locales: 'de en',
      answer_uri: `${ISSUER}/account/requests`,
      expires_at: now + 120,
    },
  });
});
