import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/runtime/clock.ts';
import {
  IssuerUnavailable,
  TokenInvalid,
  type Verifier,
  type VerifierOptions,
} from '../../../verifier/src/index.ts';
import { rounds } from '../../support/counts.ts';
import { verdictOn } from '../../support/verdict.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { API, startIssuer, type TestIssuer } from './fixture.ts';

const credentials = { clientId: 'api', clientSecret: 'x' };

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
  issuer.introspected = {
    client_id: 'web',
    sub: 'alice',
    aud: API,
    scope: 'read',
    exp: systemClock.now() + 900,
  };
});
afterEach(() => issuer.close());

const accepting = (options: Partial<VerifierOptions> = {}): Verifier =>
  issuer.verifier({ credentials, opaqueTokens: { cacheForSeconds: 60 }, ...options });

/** A verifier that follows the feed, which was quiet for a while. */
async function following(): Promise<Verifier> {
  const verifier = accepting();
  await verdictOn(verifier, await issuer.issue());
  await new Promise((resolve) => setTimeout(resolve, 2200));
  return verifier;
}

describe('a token that is no JWT', () => {
  test('is refused where that was not asked for', async () => {
    await expect(issuer.verifier().verify('opaque')).rejects.toThrow(TokenInvalid);
    expect(issuer.introspections).toBe(0);
  });

  test('is accepted by the word of the issuer, and its claims are given', async () => {
    const claims = await accepting().verify('opaque');
    expect(claims).toMatchObject({ sub: 'alice', clientId: 'web', scopes: ['read'] });
  });

  test.each([
    ['that is not active', { isActive: false as const }, {}],
    ['for another API', {}, { aud: 'https://other.example.com' }],
    ['for no API', {}, { aud: undefined }],
    ['of another issuer', {}, { iss: 'https://other.example.com' }],
    ['that has expired', {}, { exp: 1_000_000_000 }],
    ['that is bound to a key', {}, { cnf: { jkt: 'x' } }],
  ])('%s is refused', async (_, answer, claims) => {
    Object.assign(issuer, answer);
    issuer.introspected = { ...issuer.introspected, ...claims };
    await expect(accepting().verify('opaque')).rejects.toThrow(TokenInvalid);
  });

  test('is not known to be good or bad while the issuer does not answer', async () => {
    issuer.isActive = 'down';
    await expect(accepting().verify('opaque')).rejects.toThrow(IssuerUnavailable);
  });

  test('is asked about once, while nothing is revoked', async () => {
    const verifier = await following();
    for (let n = 0; n < 10; n += 1) await verifier.verify('opaque');
    await Promise.all(Array.from({ length: 10 }, () => verifier.verify('another')));
    expect(issuer.introspections).toBe(2);
  });

  test('and was accepted is refused from the moment that the feed tells of a revocation', async () => {
    const verifier = await following();
    await verifier.verify('opaque');
    issuer.isActive = false;
    await expect(verifier.verify('opaque')).resolves.toBeDefined();
    await node.revocation.revoke({ kind: 'account', accountId: 'alice' }, details);
    await expect
      .poll(() => verifier.verify('opaque').catch((error: unknown) => error))
      .toBeInstanceOf(TokenInvalid);
  });

  test('is asked about each time for a while after a revocation: nodes may differ', async () => {
    const verifier = await following();
    const { number } = await node.revocation.revoke({ kind: 'grant', grantId: 'x' }, details);
    await expect.poll(() => verifier.status().number).toBe(number);
    for (let n = 0; n < 3; n += 1) await verifier.verify('opaque');
    expect(issuer.introspections).toBe(3);
  });

  test('without the feed is accepted for as long as was said, and no longer', async () => {
    const time = { aheadMs: 0 };
    const clock = {
      wallMs: () => new Date().getTime(),
      monotonicMs: () => 10_000 + time.aheadMs,
    };
    const verifier = accepting({ revocation: false, clock });
    await verifier.verify('opaque');
    issuer.isActive = false;
    time.aheadMs = 59_000;
    await expect(verifier.verify('opaque')).resolves.toBeDefined();
    time.aheadMs = 60_001;
    await expect(verifier.verify('opaque')).rejects.toThrow(TokenInvalid);
  });

  test('of which there are many are remembered up to a number', async () => {
    const opaqueTokens = { cacheForSeconds: 60, cacheMax: 10 };
    const verifier = accepting({ revocation: false, opaqueTokens });
    const many = rounds(30, 300);
    for (let n = 0; n < many; n += 1) await verifier.verify(`opaque-${n}`);
    await verifier.verify(`opaque-${many - 1}`);
    expect(issuer.introspections).toBe(many);
    await verifier.verify('opaque-0');
    expect(issuer.introspections).toBe(many + 1);
  });
});

describe('an issuer from before RFC 9068', () => {
  test('is accepted with the typ that it writes, and what it calls its clients', async () => {
    const verifier = issuer.verifier({ revocation: false, typ: 'JWT' });
    const claims = { client_id: undefined, azp: 'spa', jti: undefined, roles: ['clerk'] };
    const token = await issuer.issue(claims, { typ: 'JWT' });
    expect(await verifier.verify(token)).toMatchObject({ clientId: 'spa', roles: ['clerk'] });
    await expect(verifier.verify(await issuer.issue())).rejects.toThrow(TokenInvalid);
    expect(() => issuer.verifier({ typ: false })).toThrow(TypeError);
  });
});
