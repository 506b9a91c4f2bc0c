import { createPrivateKey, generateKeyPairSync, hash, X509Certificate } from 'node:crypto';
import { get } from 'node:https';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { issueCertificate } from '../../../src/http/x509.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import {
  admit,
  fetchTokenRequest,
  nodeTokenRequest,
  ProofInvalid,
  TokenInvalid,
  TokenRevoked,
  type Admission,
  type Requirements,
  type Verifier,
} from '../../../verifier/src/index.ts';
import { details, openEmbeddedSite, type Node, type Site } from '../revocation/fixture.ts';
import { createDpopKey, type DpopKey } from './dpop-key.ts';
import { API, startIssuer, type TestIssuer } from './fixture.ts';

let site: Site;
let node: Node;
let issuer: TestIssuer;
let verifier: Verifier;

beforeAll(async () => {
  site = await openEmbeddedSite();
  node = await site.node();
});
afterAll(() => site.close());
beforeEach(async () => {
  issuer = await startIssuer(node);
  verifier = issuer.verifier();
  await expect.poll(() => verifier.status().feed).toBe('following');
});
afterEach(() => issuer.close());

/** What becomes of a request to `/orders` with these headers, as soon as the verifier can tell. */
async function ask(
  headers: Record<string, string>,
  requirements?: Requirements,
  url = `${API}/orders?page=2`,
): Promise<Admission> {
  for (;;) {
    const request = fetchTokenRequest(new Request(url, { headers }));
    const admission = await admit(verifier, request, requirements);
    if (admission.kind !== 'refused' || admission.refusal.status !== 503) return admission;
  }
}

const challengeOf = (admission: Admission): string | undefined =>
  admission.kind === 'refused' ? admission.refusal.headers['www-authenticate'] : undefined;

describe('a token that is bound by DPoP', () => {
  let key: DpopKey;
  let token: string;

  beforeEach(async () => {
    key = await createDpopKey();
    token = await issuer.issue({ cnf: { jkt: key.jkt } });
  });

  const withProof = (dpop: string, bound = token): Record<string, string> => ({
    authorization: `DPoP ${bound}`,
    dpop,
  });
  const url = `${API}/orders`;

  test('is accepted with a proof for the request, and the claims are given', async () => {
    const admission = await ask(withProof(await key.prove({ token, url })));
    expect(admission).toMatchObject({ kind: 'admitted', claims: { sub: 'alice' } });
  });

  test.each([
    ['a default port', 'https://api.example.com:443/orders'],
    ['another case of the host', 'https://API.example.com/orders'],
    ['a query, which does not count', 'https://api.example.com/orders?page=3#top'],
  ])('is accepted with the URL spelled with %s', async (_, spelled) => {
    const admission = await ask(withProof(await key.prove({ token, url: spelled })));
    expect(admission.kind).toBe('admitted');
  });

  test.each([
    ['another method', { payload: { htm: 'POST' } }],
    ['another path', { payload: { htu: `${API}/other` } }],
    ['another host', { payload: { htu: 'https://evil.example/orders' } }],
    ['no URL', { payload: { htu: 'orders' } }],
    ['another token', { payload: { ath: hash('sha256', 'other', 'base64url') } }],
    ['no token', { payload: { ath: undefined } }],
    ['an hour ago', { payload: { iat: systemClock.now() - 3600 } }],
    ['an hour from now', { payload: { iat: systemClock.now() + 3600 } }],
    ['no time', { payload: { iat: undefined } }],
    ['no use of its own', { payload: { jti: undefined } }],
    ['another purpose', { header: { typ: 'JWT' } }],
  ])('is refused with a proof for %s', async (_, lies) => {
    const admission = await ask(withProof(await key.prove({ token, url }, lies)));
    expect(challengeOf(admission)).toBe(
      'DPoP error="invalid_dpop_proof", algs="ES256 RS256 PS256 EdDSA"',
    );
  });

  test.each([
    ['no proof', () => ({ authorization: `DPoP ${token}` })],
    ['something else', () => withProof('proof')],
    ['a proof that is endless', () => withProof('a'.repeat(10_000))],
  ])('is refused with %s', async (_, headers) => {
    expect(challengeOf(await ask(headers()))).toContain('invalid_dpop_proof');
  });

  test('is refused with two proofs', async () => {
    const proofs = [await key.prove({ token, url }), await key.prove({ token, url })];
    expect(challengeOf(await ask(withProof(proofs.join(', '))))).toContain('invalid_dpop_proof');
  });

  test('is refused with the proof of a thief, by a key of the thief', async () => {
    const thief = await createDpopKey();
    const admission = await ask(withProof(await thief.prove({ token, url })));
    expect(challengeOf(admission)).toContain('error="invalid_token"');
  });

  test('is refused with a proof that was used before', async () => {
    const headers = withProof(await key.prove({ token, url }));
    const both = await Promise.all([ask(headers), ask(headers)]);
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(['admitted', 'refused']);
    expect((await ask(headers)).kind).toBe('refused');
  });

  test('is refused as a bearer token, and where nothing is said of how it came', async () => {
    const bearer = { authorization: `Bearer ${token}` };
    expect(challengeOf(await ask(bearer))).toBe('Bearer error="invalid_token"');
    await expect(verifier.verify(token)).rejects.toThrow(ProofInvalid);
  });

  test('does not make another token, that is bound to nothing, pass for a bound one', async () => {
    const free = await issuer.issue();
    const headers = withProof(await key.prove({ token: free, url }), free);
    expect(challengeOf(await ask(headers))).toContain('error="invalid_token"');
  });

  test('is believed for the address of the API, and not for the Host of the request', async () => {
    const elsewhere = 'https://evil.example/orders';
    const stolen = await key.prove({ token, url: elsewhere });
    expect((await ask(withProof(stolen), {}, elsewhere)).kind).toBe('refused');
  });

  test('is refused once it is revoked, proof or not', async () => {
    const jti = 'bound-and-revoked';
    token = await issuer.issue({ jti, cnf: { jkt: key.jkt } });
    expect((await ask(withProof(await key.prove({ token, url })))).kind).toBe('admitted');
    await node.revocation.revoke({ kind: 'token', jti, expiresAt: 4e9 }, details);
    await expect
      .poll(async () => (await ask(withProof(await key.prove({ token, url })))).kind)
      .toBe('refused');
  });

  test('behind a gateway that takes away a part of the path is for the URL that the client sees', async () => {
    verifier = issuer.verifier({ baseUrl: 'https://gateway.example/api/' });
    const proof = await key.prove({ token, url: 'https://gateway.example/api/orders' });
    expect((await ask(withProof(proof))).kind).toBe('admitted');
  });

  test('can be required', async () => {
    const free = { authorization: `Bearer ${await issuer.issue()}` };
    expect((await ask(free)).kind).toBe('admitted');
    expect((await ask(free, { isBound: true })).kind).toBe('refused');
    const proof = await key.prove({ token, url });
    expect((await ask(withProof(proof), { isBound: true })).kind).toBe('admitted');
  });
});

describe('a token that is bound to a certificate', () => {
  const client = selfSigned('client');
  const other = selfSigned('other');
  const thumbprint = hash('sha256', new X509Certificate(client.cert).raw, 'base64url');
  let server: Server;
  let headers: Record<string, string>;

  beforeEach(async () => {
    server = createServer(
      { ...selfSigned('localhost'), requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        void admit(verifier, nodeTokenRequest(request)).then(({ kind }) => response.end(kind));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const token = await issuer.issue({ cnf: { 'x5t#S256': thumbprint } });
    headers = { authorization: `Bearer ${token}` };
  });
  afterEach(() => server.close());

  const connect = (identity: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const target = { port, host: '127.0.0.1', path: '/orders', agent: false };
      get({ ...target, headers, rejectUnauthorized: false, ...identity }, (response) => {
        response.once('data', (text: Buffer) => resolve(String(text)));
      }).on('error', reject);
    });

  test('is accepted over a connection with it, and refused without or with another', async () => {
    expect(await connect(client)).toBe('admitted');
    expect(await connect(other)).toBe('refused');
    expect(await connect({})).toBe('refused');
  });

  const der = new X509Certificate(client.cert).raw.toString('base64');
  test.each([
    ['as RFC 9440 says', `:${der}:`],
    ['as nginx does', encodeURIComponent(client.cert)],
  ])('is accepted with it in the header of a proxy, %s', async (_, value) => {
    verifier = issuer.verifier({ certificateHeader: 'Client-Cert' });
    expect((await ask({ ...headers, 'client-cert': value })).kind).toBe('admitted');
    expect((await ask(headers)).kind).toBe('refused');
    const another = `:${new X509Certificate(other.cert).raw.toString('base64')}:`;
    expect((await ask({ ...headers, 'client-cert': another })).kind).toBe('refused');
  });

  test('is refused with the header of a proxy where none is said to be in front', async () => {
    expect((await ask({ ...headers, 'client-cert': `:${der}:` })).kind).toBe('refused');
  });
});

describe('a token that is bound in a way that is not known', () => {
  test.each([[{ jwk: {} }], [{}], ['text'], [null]])('%j is refused', async (cnf) => {
    const token = await issuer.issue({ cnf: cnf as object });
    const admission = await ask({ authorization: `Bearer ${token}` });
    expect(challengeOf(admission)).toBe('Bearer error="invalid_token"');
    await expect(verifier.verify(token)).rejects.toThrow(TokenInvalid);
  });
});

describe('a token that was verified before', () => {
  test('is not verified again, and is refused all the same once revoked', async () => {
    const token = await issuer.issue({ gid: 'seen' });
    for (let n = 0; n < 100; n += 1) await verifier.verify(token);
    await node.revocation.revoke({ kind: 'grant', grantId: 'seen' }, details);
    await expect
      .poll(() => verifier.verify(token).catch((error: unknown) => error))
      .toBeInstanceOf(TokenRevoked);
  });

  test('is refused when its time has come', async () => {
    const time = { aheadMs: 0 };
    const clock = {
      wallMs: () => new Date().getTime() + time.aheadMs,
      monotonicMs: () => performance.now(),
    };
    const timed = issuer.verifier({ revocation: false, clock });
    const token = await issuer.issue();
    await timed.verify(token);
    time.aheadMs = 3_600_000;
    await expect(timed.verify(token)).rejects.toThrow(TokenInvalid);
  });

  test('is refused when its key was withdrawn, once the keys were fetched anew', async () => {
    const timed = issuer.verifier({ revocation: false, keysCooldownSeconds: 0 });
    const token = await issuer.issue();
    await timed.verify(token);
    issuer.keys = [];
    // A token of another key makes the verifier fetch the keys.
    const stranger = await issuer.issue({}, { kid: 'unknown' });
    await expect(timed.verify(stranger)).rejects.toThrow(TokenInvalid);
    await expect(timed.verify(token)).rejects.toThrow(TokenInvalid);
  });
});

function selfSigned(name: string): { readonly cert: string; readonly key: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const now = systemClock.now();
  const cert = issueCertificate({
    subject: name,
    subjectKey: createPrivateKey(key),
    issuer: name,
    issuerKey: createPrivateKey(key),
    notBefore: now - 60,
    notAfter: now + 3600,
    hosts: [name],
  });
  return { cert, key };
}
