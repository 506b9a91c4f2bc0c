import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Revoked } from '../../../src/revocation/revocation.ts';
import {
  IssuerUnavailable,
  RevocationUnknown,
  TokenInvalid,
  TokenRevoked,
  type SilencePolicy,
  type Verifier,
  type VerifierOptions,
} from '../../../verifier/src/index.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { rounds } from '../../support/counts.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { timeUntil } from '../../support/time-until.ts';
import { verdictOn } from '../../support/verdict.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { API, startIssuer, type TestIssuer } from './fixture.ts';

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

const revoke = (what: Revoked) => node.revocation.revoke(what, details);

/** Milliseconds until the token is refused as revoked. */
function untilRefused(verifier: Verifier, token: string): Promise<number> {
  return timeUntil(async () => {
    const failed = await verifier.verify(token).catch((error: unknown) => error);
    return failed instanceof TokenRevoked;
  });
}

const kinds: readonly (readonly [string, Revoked])[] = [
  ['token', { kind: 'token', jti: 'j-1', expiresAt: 4e9 }],
  ['grant', { kind: 'grant', grantId: 'g-1' }],
  ['session', { kind: 'session', sessionUid: 's-1' }],
  ['account', { kind: 'account', accountId: 'alice' }],
  ['client', { kind: 'client', clientId: 'web' }],
  ['instant', { kind: 'before' }],
];

/** What a token may have been exchanged for, and its handle in `from`. */
const kindsOfOrigin: readonly (readonly [string, Revoked, string])[] = [
  ['token', { kind: 'token', jti: 'j-0', expiresAt: 4e9 }, 'token:j-0'],
  ['grant', { kind: 'grant', grantId: 'g-0' }, 'grant:g-0'],
  ['session', { kind: 'session', sessionUid: 's-0' }, 'session:s-0'],
  ['account', { kind: 'account', accountId: 'carol' }, 'account:carol'],
  ['client', { kind: 'client', clientId: 'app' }, 'client:app'],
];

describe('a token', () => {
  test('of the issuer, for this API, is accepted, and its claims are given', async () => {
    const token = await issuer.issue({ scope: 'read write', gid: 'g', sid: 's' });
    expect(await verdictOn(issuer.verifier(), token)).toMatchObject({
      sub: 'alice',
      clientId: 'web',
      scopes: ['read', 'write'],
      grantId: 'g',
      sessionId: 's',
    });
  });

  test.each(kinds)('is refused within a second of the revocation of its %s', async (_, what) => {
    const verifier = issuer.verifier();
    const claims = { jti: 'j-1', gid: 'g-1', sid: 's-1' };
    const token = await issuer.issue(claims);
    await verdictOn(verifier, token);
    await revoke(what);
    expect(await untilRefused(verifier, token)).toBeLessThan(1000);
    // What is issued afterwards, for the same person and client, in the same second, is good.
    const later = await issuer.issue({ ...claims, jti: 'j-2' });
    await expect(verdictOn(verifier, later)).resolves.toBeDefined();
  });

  test.each(kindsOfOrigin)(
    'got in exchange for another is refused within a second of the revocation of the %s of that',
    async (_, what, handle) => {
      const verifier = issuer.verifier();
      const from = ['token:j-0', 'grant:g-0', 'session:s-0', 'account:carol', 'client:app'];
      expect(from).toContain(handle);
      const [exchanged, other] = [await issuer.issue({ from }), await issuer.issue()];
      await verdictOn(verifier, exchanged);
      await revoke(what);
      expect(await untilRefused(verifier, exchanged)).toBeLessThan(1000);
      await verdictOn(verifier, other);
      // Of what was revoked before it was got, it says nothing: it would not have been given out.
      await verdictOn(verifier, await issuer.issue({ from }));
    },
  );

  test('revoked before the verifier started is refused from the first request on', async () => {
    const token = await issuer.issue({ gid: 'g-2' });
    await revoke({ kind: 'grant', grantId: 'g-2' });
    await expect(verdictOn(issuer.verifier(), token)).rejects.toThrow(TokenRevoked);
  });

  test('revoked after the snapshot was made that a starting verifier is given is refused all the same', async () => {
    for (let n = 0; n < rounds(5, 50); n += 1) {
      const token = await issuer.issue({ gid: `shared-${n}` });
      // Makes the snapshot that the next one is given, too.
      await verdictOn(issuer.verifier(), token);
      await revoke({ kind: 'grant', grantId: `shared-${n}` });
      await expect(verdictOn(issuer.verifier(), token)).rejects.toThrow(TokenRevoked);
    }
  });

  test('is refused in the time of a heartbeat, one after the other, under load', async () => {
    const verifiers = [issuer.verifier(), issuer.verifier(), issuer.verifier()];
    const latencies: number[] = [];
    for (let n = 0; n < rounds(30, 1000); n += 1) {
      const token = await issuer.issue({ jti: `load-${n}` });
      await Promise.all(verifiers.map((verifier) => verdictOn(verifier, token)));
      await revoke({ kind: 'token', jti: `load-${n}`, expiresAt: 4e9 });
      latencies.push(...(await Promise.all(verifiers.map((one) => untilRefused(one, token)))));
    }
    const p99 = latencies.toSorted((a, b) => a - b)[Math.ceil(latencies.length * 0.99) - 1];
    expect(p99).toBeLessThan(1000);
  });
});

describe('what is not an access token of the issuer for this API', () => {
  test.each([
    ['for another API', { aud: 'https://other.example.com' }, {}],
    ['of another issuer', { iss: 'https://other.example.com' }, {}],
    ['expired', { exp: 1_000_000_000 }, {}],
    ['not valid yet', { nbf: 4_000_000_000 }, {}],
    ['an ID token', {}, { typ: 'JWT' }],
    ['a token without a type', {}, { typ: undefined }],
    ['without a client', { client_id: undefined }, {}],
    ['without an id', { jti: undefined }, {}],
    ['bound to a key that was not proven', { cnf: { jkt: 'x' } }, {}],
  ])('%s is refused', async (_, claims, header) => {
    const token = await issuer.issue(claims, header);
    await expect(verdictOn(issuer.verifier(), token)).rejects.toThrow(TokenInvalid);
  });

  test('a token without a mark is refused where revocations are followed', async () => {
    const token = await issuer.issue({ rev: undefined });
    await expect(verdictOn(issuer.verifier(), token)).rejects.toThrow(TokenInvalid);
    await expect(issuer.verifier({ revocation: false }).verify(token)).resolves.toBeDefined();
  });

  test('a token signed by a key of its own is refused', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const forged = await new SignJWT({ sub: 'alice', aud: API, iss: issuer.url })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', jwk: { kty: 'EC' } })
      .setExpirationTime('1h')
      .sign(privateKey);
    await expect(verdictOn(issuer.verifier(), forged)).rejects.toThrow(TokenInvalid);
  });

  test('a token by a key that is there to encrypt to is refused', async () => {
    issuer.keys = issuer.keys.map((key) => ({ ...key, use: 'enc' }));
    await expect(verdictOn(issuer.verifier(), await issuer.issue())).rejects.toThrow(TokenInvalid);
  });

  test.each(['', 'opaque', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.'])(
    '`%s` is refused',
    async (text) => {
      await expect(verdictOn(issuer.verifier(), text)).rejects.toThrow(TokenInvalid);
    },
  );

  test('an unsigned token is refused', async () => {
    const [, payload] = (await issuer.issue()).split('.');
    const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    await expect(verdictOn(issuer.verifier(), `${header}.${payload}.`)).rejects.toThrow(
      TokenInvalid,
    );
  });

  test('no word of the feed passes for a token', async () => {
    const jws = await issuer.sign({ sub: 'alice', aud: API }, 'latchkey-revocations+jwt');
    await expect(verdictOn(issuer.verifier(), jws)).rejects.toThrow(TokenInvalid);
  });
});

describe('options', () => {
  test.each([
    ['a shared secret', { algorithms: ['HS256'] }],
    ['no signature', { algorithms: ['none'] }],
    ['an issuer in clear', { issuer: 'http://id.example.com' }],
    ['no audience', { audience: [] }],
    ['introspection without credentials', { revocation: { whenSilent: 'introspect' } }],
  ] as const)('that ask for %s are refused at the start', (_, options) => {
    expect(() => issuer.verifier(options)).toThrow(TypeError);
  });

  test('credentials are used for the feed', async () => {
    await issuer.close();
    issuer = await startIssuer(node, { public: false });
    const credentials = { clientId: 'api:one', clientSecret: 'a b%' };
    const verifier = issuer.verifier({ credentials });
    await expect(verdictOn(verifier, await issuer.issue())).resolves.toBeDefined();
    const expected = `Basic ${btoa('api%3Aone:a+b%25')}`;
    expect(issuer.authorizations.at(-1)).toBe(expected);
  });
});

describe('a feed that is cut', () => {
  let proxy: TcpProxy;

  afterEach(() => proxy.close());

  /** A verifier whose feed comes through a wire that can be cut. */
  async function connected(
    whenSilent: SilencePolicy,
    options: Partial<VerifierOptions> = {},
  ): Promise<Verifier> {
    proxy = await startTcpProxy({ port: issuer.port });
    const url = `http://127.0.0.1:${proxy.port}/revocations`;
    const revocation = { whenSilent, url };
    const verifier = issuer.verifier({ ...options, revocation });
    await verdictOn(verifier, await issuer.issue());
    return verifier;
  }

  const untilSilent = (verifier: Verifier) =>
    expect.poll(() => verifier.status().feed).toBe('silent');
  const untilFollowing = (verifier: Verifier) =>
    expect.poll(() => verifier.status().feed).toBe('following');

  test('with the policy "refuse": nothing is accepted until the feed speaks again', async () => {
    const verifier = await connected('refuse');
    const token = await issuer.issue({ gid: 'cut-1' });
    proxy.blackHole();
    await untilSilent(verifier);
    await expect(verifier.verify(token)).rejects.toThrow(RevocationUnknown);
    await revoke({ kind: 'grant', grantId: 'cut-1' });
    await proxy.heal();
    await untilFollowing(verifier);
    await expect(verifier.verify(token)).rejects.toThrow(TokenRevoked);
    await expect(verdictOn(verifier, await issuer.issue())).resolves.toBeDefined();
  });

  test('with the policy "introspect": the issuer decides on each token', async () => {
    const credentials = { clientId: 'api', clientSecret: 'x' };
    const verifier = await connected('introspect', { credentials });
    const token = await issuer.issue();
    proxy.blackHole();
    await untilSilent(verifier);
    await expect(verifier.verify(token)).resolves.toBeDefined();
    issuer.isActive = false;
    await expect(verifier.verify(token)).rejects.toThrow(TokenRevoked);
    issuer.isActive = 'down';
    await expect(verifier.verify(token)).rejects.toThrow(IssuerUnavailable);
  });

  test('with the policy "acceptForSeconds": tokens are accepted so long, those known to be revoked never', async () => {
    const verifier = await connected({ acceptForSeconds: 3 });
    const [token, revoked] = [await issuer.issue(), await issuer.issue({ gid: 'cut-2' })];
    await revoke({ kind: 'grant', grantId: 'cut-2' });
    await untilRefused(verifier, revoked);
    proxy.blackHole();
    await untilSilent(verifier);
    await expect(verifier.verify(token)).resolves.toBeDefined();
    await expect(verifier.verify(revoked)).rejects.toThrow(TokenRevoked);
    await expect
      .poll(() => verifier.verify(token).catch((error: unknown) => error))
      .toBeInstanceOf(RevocationUnknown);
    await expect(verifier.verify(revoked)).rejects.toThrow(TokenRevoked);
  });

  test('is noticed within a second, and heard again within a second of being there again', async () => {
    const verifier = await connected('refuse');
    const token = await issuer.issue();
    for (let n = 0; n < rounds(2, 20); n += 1) {
      proxy.blackHole();
      expect(await timeUntil(() => verifier.status().feed === 'silent')).toBeLessThan(1500);
      await expect(verifier.verify(token)).rejects.toThrow(RevocationUnknown);
      proxy.cut();
      await proxy.heal();
      expect(await timeUntil(() => verifier.status().feed === 'following')).toBeLessThan(1000);
    }
  });

  test('and connected again goes on where it was, and misses nothing', async () => {
    const verifier = await connected('refuse');
    for (let n = 0; n < rounds(5, 50); n += 1) {
      const token = await issuer.issue({ jti: `again-${n}` });
      proxy.cut();
      await revoke({ kind: 'token', jti: `again-${n}`, expiresAt: 4e9 });
      expect(await untilRefused(verifier, token)).toBeLessThan(1000);
    }
    expect(verifier.status().disconnects).toBeGreaterThan(0);
  });
});

describe('a wall clock that is wrong', () => {
  const clockOf = (time: { aheadMs: number }) => ({
    wallMs: () => new Date().getTime() + time.aheadMs,
    monotonicMs: () => performance.now(),
  });

  test.each([-300_000, 300_000])('by %i ms changes nothing', async (aheadMs) => {
    const verifier = issuer.verifier({ clock: clockOf({ aheadMs }) });
    const fresh = { nbf: systemClock.now() };
    await expect(verdictOn(verifier, await issuer.issue(fresh))).resolves.toBeDefined();
    await expect.poll(() => Math.abs(verifier.status().clockAheadMs - aheadMs)).toBeLessThan(1000);
    const late = { ...fresh, exp: systemClock.now() + 60 };
    await expect(verdictOn(verifier, await issuer.issue(late))).resolves.toBeDefined();
    const expired = await issuer.issue({ exp: systemClock.now() - 60 });
    await expect(verdictOn(verifier, expired)).rejects.toThrow(TokenInvalid);
    const early = await issuer.issue({ nbf: systemClock.now() + 60 });
    await expect(verdictOn(verifier, early)).rejects.toThrow(TokenInvalid);
    const token = await issuer.issue({ gid: `skewed ${aheadMs}` });
    await expect(verdictOn(verifier, token)).resolves.toBeDefined();
    await revoke({ kind: 'grant', grantId: `skewed ${aheadMs}` });
    expect(await untilRefused(verifier, token)).toBeLessThan(1000);
  });

  test.each([-300_000, 300_000])('and is set by %i ms makes a request wait at most', async (by) => {
    const time = { aheadMs: 0 };
    const verifier = issuer.verifier({ clock: clockOf(time) });
    const token = await issuer.issue({ gid: `set ${by}` });
    await expect(verdictOn(verifier, token)).resolves.toBeDefined();
    time.aheadMs = by;
    await expect(verifier.verify(token)).resolves.toBeDefined();
    await revoke({ kind: 'grant', grantId: `set ${by}` });
    expect(await untilRefused(verifier, token)).toBeLessThan(1000);
  });
});

describe('a log that begins a new epoch', () => {
  test('makes every older token invalid at the verifier, and no newer one', async () => {
    const verifier = issuer.verifier();
    const token = await issuer.issue();
    await verdictOn(verifier, token);
    const epoch = verifier.status().epoch;
    await node.state.delete('test:revocation:epoch');
    expect(await untilRefused(verifier, token)).toBeLessThan(3000);
    expect(verifier.status().epoch).not.toBe(epoch);
    await expect(verdictOn(verifier, await issuer.issue())).resolves.toBeDefined();
  });
});

describe('a feed that cannot be trusted', () => {
  test.each([
    ['of another issuer', { iss: 'https://other.example.com' }, undefined],
    ['that is something else of the issuer', {}, 'at+jwt'],
  ])('%s is not believed, and the verifier falls silent', async (_, lie, otherType) => {
    const verifier = issuer.verifier();
    const token = await issuer.issue();
    await verdictOn(verifier, token);
    const { sign } = issuer;
    issuer.sign = (payload, typ) => sign({ ...payload, ...lie }, otherType ?? typ);
    await expect
      .poll(() => verifier.verify(token).catch((error: unknown) => error))
      .toBeInstanceOf(RevocationUnknown);
  });

  test('with a hole makes the verifier take a snapshot, which misses nothing', async () => {
    const snapshots: number[] = [];
    const verifier = issuer.verifier({
      onEvent: (event) => event.kind === 'snapshot' && snapshots.push(event.entries),
    });
    const token = await issuer.issue({ gid: 'hole' });
    await verdictOn(verifier, token);
    const { sign } = issuer;
    issuer.sign = (payload, typ) =>
      sign('after' in payload ? { ...payload, after: 4e9 } : payload, typ);
    await revoke({ kind: 'grant', grantId: 'hole' });
    // As long as no stretch fits there are only snapshots, which are shared, and asked for less and less often.
    await expect
      .poll(() => verifier.verify(token).catch((error: unknown) => error))
      .toBeInstanceOf(TokenRevoked);
    expect(snapshots.length).toBeGreaterThan(1);
  });
});

describe('status', () => {
  test('tells how the feed fares', async () => {
    const verifier = issuer.verifier();
    expect(verifier.status().feed).toBe('starting');
    await verdictOn(verifier, await issuer.issue());
    const { number } = await revoke({ kind: 'grant', grantId: 'status' });
    const disconnects: unknown = expect.any(Number);
    await expect
      .poll(() => verifier.status())
      .toMatchObject({ feed: 'following', number, disconnects });
    expect(issuer.verifier({ revocation: false }).status().feed).toBe('off');
  });
});
