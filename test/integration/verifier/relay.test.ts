import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RevocationUnknown, TokenRevoked, type Verifier } from '../../../verifier/src/index.ts';
import { createRelay, type Relay, type RelayOptions } from '../../../verifier/src/relay.ts';
import { rounds } from '../../support/counts.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { timeUntil } from '../../support/time-until.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { startIssuer, type TestIssuer } from './fixture.ts';

let site: Site;
let node: Node;
let issuer: TestIssuer;
let wire: TcpProxy;
let relay: Relay;
let server: Server;

beforeAll(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
});
afterAll(() => site.close());
beforeEach(async () => {
  issuer = await startIssuer(node);
  wire = await startTcpProxy({ port: issuer.port });
});
afterEach(async () => {
  relay.close();
  server.closeAllConnections();
  server.close();
  await wire.close();
  await issuer.close();
});

/** A relay whose feed comes through a wire that can be cut; gives the address for verifiers. */
async function start(options: Partial<RelayOptions> = {}): Promise<string> {
  const url = `http://127.0.0.1:${wire.port}/revocations`;
  relay = createRelay({ issuer: issuer.url, url, ...options });
  server = createServer((request, response) => {
    if (!relay.handle(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await expect.poll(() => relay.status().feed).toBe('following');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/revocations`;
}

const behind = (url: string): Verifier =>
  issuer.verifier({ revocation: { whenSilent: 'refuse', url } });

const outcome = (verifier: Verifier, token: string): Promise<unknown> =>
  verifier.verify(token).then(
    () => 'accepted',
    (error: unknown) => error,
  );

/** A machine that stands still for a second makes a verifier silent, which says so. */
const untilAccepted = (verifier: Verifier, token: string): Promise<void> =>
  expect.poll(() => outcome(verifier, token)).toBe('accepted');

const revokeGrant = (grantId: string): Promise<unknown> =>
  node.revocation.revoke({ kind: 'grant', grantId }, details);

describe('verifiers behind a relay', () => {
  test('refuse what is revoked within a second, and the issuer has one follower', async () => {
    const url = await start();
    const verifiers = Array.from({ length: 5 }, () => behind(url));
    const token = await issuer.issue({ gid: 'relayed' });
    for (const verifier of verifiers) await untilAccepted(verifier, token);
    await expect.poll(() => relay.status().followers).toBe(5);
    await revokeGrant('relayed');
    const tookMs = await timeUntil(async () => {
      const outcomes = await Promise.all(verifiers.map((verifier) => outcome(verifier, token)));
      return outcomes.every((one) => one instanceof TokenRevoked);
    });
    expect(tookMs).toBeLessThan(1000);
    const direct = (): number => issuer.followers().filter(({ via }) => via === undefined).length;
    await expect.poll(direct).toBe(1);
  });

  test('know what was revoked before they came, by the snapshot and what came behind it', async () => {
    const early = await issuer.issue({ gid: 'early' });
    await revokeGrant('early');
    const url = await start();
    for (let n = 0; n < rounds(5, 50); n += 1) {
      const late = await issuer.issue({ gid: `late-${n}` });
      await revokeGrant(`late-${n}`);
      const verifier = behind(url);
      await expect.poll(() => outcome(verifier, late)).toBeInstanceOf(TokenRevoked);
      expect(await outcome(verifier, early)).toBeInstanceOf(TokenRevoked);
      verifier.close();
    }
  });

  test('fall silent when the relay hears nothing, and those that start then as well', async () => {
    const url = await start();
    const verifier = behind(url);
    const token = await issuer.issue({ gid: 'silent' });
    await untilAccepted(verifier, token);
    wire.blackHole();
    await expect.poll(() => verifier.status().feed).toBe('silent');
    await expect.poll(() => relay.status().feed).toBe('silent');
    expect(await outcome(verifier, token)).toBeInstanceOf(RevocationUnknown);
    expect(await outcome(behind(url), token)).toBeInstanceOf(RevocationUnknown);
    await revokeGrant('silent');
    await wire.heal();
    await expect.poll(() => outcome(verifier, token)).toBeInstanceOf(TokenRevoked);
  });

  test('miss nothing of a new epoch', async () => {
    const verifier = behind(await start());
    const token = await issuer.issue();
    await untilAccepted(verifier, token);
    await node.state.delete('test:revocation:epoch');
    await expect.poll(() => outcome(verifier, token)).toBeInstanceOf(TokenRevoked);
    await expect.poll(async () => outcome(verifier, await issuer.issue())).toBe('accepted');
  });
});

describe('a relay', () => {
  test('tells the issuer how far its own followers are, each by its name', async () => {
    const credentials = { clientId: 'orders-api', clientSecret: 'x' };
    const url = await start({ name: 'relay-1', credentials });
    const revocation = { whenSilent: 'refuse', url } as const;
    for (const name of ['shop@a', 'shop@b']) issuer.verifier({ name, revocation });
    const direct = issuer.verifier({ name: 'orders@c' });
    const all = (number: number) => [
      expect.objectContaining({ name: 'relay-1', number }),
      expect.objectContaining({ name: 'orders@c', number }),
      expect.objectContaining({ name: 'shop@a', via: 'relay-1', number }),
      expect.objectContaining({ name: 'shop@b', via: 'relay-1', number }),
    ];
    const told = (number: number) =>
      expect.poll(issuer.followers).toEqual(expect.arrayContaining(all(number)));
    const { number } = node.revocation.health();
    await told(number);
    await revokeGrant('told');
    await told(number + 1);
    expect(issuer.followers()).toHaveLength(4);
    direct.close();
    await expect.poll(issuer.followers).toHaveLength(3);
  });

  test('answers only those that it was told to', async () => {
    const authorize: RelayOptions['authorize'] = ({ headers }) => headers['x-team'] === 'orders';
    const url = await start({ authorize });
    expect((await fetch(`${url}/snapshot`)).status).toBe(401);
    const answer = await fetch(`${url}/snapshot`, { headers: { 'x-team': 'orders' } });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/^[\w.-]+$/m);
  });

  test('sends followers that it cannot continue to the snapshot, and leaves other requests alone', async () => {
    const url = await start();
    expect((await fetch(`${url}?after=1-other.5.x`)).status).toBe(410);
    expect((await fetch(url)).status).toBe(410);
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });
});
