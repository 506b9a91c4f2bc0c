import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorize, basic, PATHS, readTokens, redeem } from '../../bench/browser-flow.ts';
import type { Answer } from '../../bench/lane.ts';
import { type Latchkey, type Settings, startLatchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { PATIENT_REDIS, startRedis, type TestRedis } from '../support/redis.ts';
import { createLedger } from './support/ledger.ts';
import { createVisitor, type Visitor } from './support/visitor.ts';

const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
const PERSON = { login: 'alice@example.com', password: 'latchkey-dev' };
const APP = {
  id: 'app',
  secret: 'app-secret-of-the-signing-key-tests-0123456789',
  redirectUri: 'https://app.example/callback',
};
const NODES = [0, 1] as const;

let folder: string;
let redis: TestRedis;
let ports: readonly number[];
let metricsPorts: readonly number[];
let issuer: string;
const nodes: Latchkey[] = [];
const visitors: Visitor[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-keys-'));
  redis = await startRedis();
  ports = [await freePort(), await freePort()];
  metricsPorts = [await freePort(), await freePort()];
  issuer = `http://127.0.0.1:${ports[0]}`;
  for (const node of NODES) await start(node);
});

afterAll(async () => {
  await Promise.all(visitors.map((visitor) => visitor.close()));
  await Promise.all(nodes.map((node) => node.kill()));
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(node: number, signingKeys: Settings = {}): Promise<void> {
  nodes[node] = await startLatchkey({
    folder,
    port: ports[node] ?? 0,
    issuer,
    settings: {
      http: { metrics: { enabled: true, port: metricsPorts[node] } },
      storage: { state: { engine: 'redis', redis: { url: redis.url, ...PATIENT_REDIS } } },
      clients: [
        {
          id: APP.id,
          type: 'web',
          name: 'App',
          secretInClear: APP.secret,
          redirectUris: [APP.redirectUri],
          idTokenSignedResponseAlg: 'ES256',
        },
      ],
      signingKeys,
    },
  });
}

function visitorAt(node: number): Visitor {
  const ledger = createLedger();
  const visitor = createVisitor({ issuer, ports, ledger, node: () => node, isBrowser: false });
  visitors.push(visitor);
  return visitor;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command beside the running nodes, as an operator would. */
function latchkey(
  args: readonly string[],
  configFile = nodes[0]?.configFile ?? '',
): Promise<Ended> {
  return new Promise((resolve) => {
    const words = [COMMAND, '--config', configFile, ...args];
    const child = execFile(process.execPath, words, { cwd: folder }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

interface Served {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function ask(port: number | undefined, path: string, headers = {}): Promise<Served> {
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    headers: { host: new URL(issuer).host, ...headers },
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

const keySetAt = (node: number, headers = {}): Promise<Served> =>
  ask(ports[node], PATHS.jwks, headers);

async function keysAt(node: number): Promise<readonly JWK[]> {
  const { text } = await keySetAt(node);
  return (JSON.parse(text) as { keys: JWK[] }).keys;
}

async function kidsAt(node: number): Promise<readonly string[]> {
  return (await keysAt(node)).map(({ kid = '' }) => kid);
}

const metricsAt = async (node: number): Promise<string> =>
  (await ask(metricsPorts[node], '/metrics')).text;

function introspectAt(node: number, token: string): Promise<Answer> {
  const form = { token };
  return visitorAt(node).request(PATHS.introspect, { method: 'POST', headers: basic(APP), form });
}

function userinfoAt(node: number, token: string): Promise<Answer> {
  return visitorAt(node).request(PATHS.userinfo, { headers: { authorization: `Bearer ${token}` } });
}

function refreshAt(node: number, token: string): Promise<Answer> {
  const form = { grant_type: 'refresh_token', refresh_token: token };
  return visitorAt(node).request(PATHS.token, { method: 'POST', headers: basic(APP), form });
}

describe('the key set of two nodes', () => {
  test('is one, may be kept for as long as the setting says, and is not sent twice', async () => {
    const [first, second] = [await keySetAt(0), await keySetAt(1)];
    expect(second.text).toBe(first.text);
    for (const { headers } of [first, second]) {
      expect(headers['cache-control']).toBe('public, max-age=900');
      expect(headers['content-type']).toBe('application/jwk-set+json; charset=utf-8');
      expect(headers['etag']).toBe(first.headers['etag']);
    }
    const again = await keySetAt(1, { 'if-none-match': first.headers['etag'] });
    expect(again).toMatchObject({ status: 304, text: '' });
    expect(again.headers['cache-control']).toBe('public, max-age=900');
    expect(await keySetAt(0, { 'if-none-match': '"another"' })).toMatchObject({ status: 200 });
  });

  test('names each key by its thumbprint (RFC 7638) and holds no private member', async () => {
    for (const key of await keysAt(0)) {
      expect(key.kid).toBe(await calculateJwkThumbprint(key));
      const members = key.kty === 'RSA' ? ['e', 'n'] : ['crv', 'x', 'y'];
      expect(Object.keys(key).toSorted()).toEqual(
        ['alg', 'kid', 'kty', 'use', ...members].toSorted(),
      );
    }
  });

  test('is drawn by the CLI in 80 columns', async () => {
    const { out } = await latchkey(['keys', 'list']);
    for (const kid of await kidsAt(0)) expect(out).toContain(kid.slice(0, 10));
    expect(out).toMatch(/^RS256 .*signs 29 d 23 h more$/mu);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('a key of the operator', () => {
  test.each([
    ['PEM', 'pem'],
    ['JWK', 'jwk'],
  ] as const)('as %s is published by both nodes', async (_name, format) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const material =
      format === 'pem'
        ? privateKey.export({ format, type: 'pkcs8' })
        : JSON.stringify(privateKey.export({ format }));
    const file = join(folder, `own.${format}`);
    await writeFile(file, material, { mode: 0o600 });
    const { etag } = (await keySetAt(0)).headers;
    const told = await latchkey(['keys', 'import', file, '--algorithm', 'RS256', '--json']);
    const { kid } = JSON.parse(told.out) as { kid: string };
    expect(kid).toBe(await calculateJwkThumbprint(privateKey.export({ format: 'jwk' }) as JWK));
    for (const node of NODES) {
      await expect.poll(() => kidsAt(node)).toContain(kid);
      expect((await keySetAt(node)).headers['etag']).not.toBe(etag);
    }
  });
});

describe('a key that leaked', () => {
  test('is taken back: what it signed is refused on both nodes, who is signed in stays so', async () => {
    const browser = visitorAt(0);
    const authorized = await authorize(browser, { client: APP, ...PERSON });
    const tokens = readTokens(await redeem(browser, APP, authorized));
    const { kid = '' } = decodeProtectedHeader(tokens.access_token);
    for (const node of NODES) {
      expect(JSON.parse((await introspectAt(node, tokens.access_token)).body)).toMatchObject({
        active: true,
      });
      expect(await userinfoAt(node, tokens.access_token)).toMatchObject({ status: 200 });
    }

    const hinted = await visitorAt(1).request(`/logout?id_token_hint=${tokens.id_token}`);
    expect(hinted.status).toBe(200);

    const told = await latchkey([
      'keys',
      'revoke',
      '--reason',
      'laptop stolen',
      '--',
      kid.slice(0, 10),
    ]);
    expect(told.out).toContain(`ES256: the key ${kid} has left the key set of every node.`);
    for (const node of NODES) {
      await expect.poll(() => kidsAt(node)).not.toContain(kid);
      expect(JSON.parse((await introspectAt(node, tokens.access_token)).body)).toEqual({
        active: false,
      });
      expect(await userinfoAt(node, tokens.access_token)).toMatchObject({ status: 401 });
      const signOut = `/logout?id_token_hint=${tokens.id_token}`;
      expect((await visitorAt(node).request(signOut)).status).toBe(400);
      expect(await metricsAt(node)).toContain(
        'latchkey_signing_keys{algorithm="ES256",phase="revoked"} 1',
      );
    }

    const fresh = readTokens(await refreshAt(1, tokens.refresh_token ?? ''));
    expect(decodeProtectedHeader(fresh.access_token).kid).not.toBe(kid);
    for (const node of NODES) {
      expect(await userinfoAt(node, fresh.access_token)).toMatchObject({ status: 200 });
    }
    const silent = await browser.request(silently(authorized));
    expect(silent.location).toMatch(/^https:\/\/app\.example\/callback\?code=/u);

    const { out: record } = await latchkey(['audit', 'list', '--json']);
    expect(record).toContain('"key.revoked"');
    expect(record).toContain('laptop stolen');
  });
});

/** An authorization request for which nobody is asked anything. */
function silently({ verifier: challenge }: { readonly verifier: string }): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: APP.id,
    redirect_uri: APP.redirectUri,
    scope: 'openid email',
    prompt: 'none',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  return `${PATHS.authorize}?${query.toString()}`;
}

describe('nodes that are cut off from Redis', () => {
  test('publish, issue nothing and say why; then they read the rings again and sign', async () => {
    const before = await keySetAt(0);
    const browser = visitorAt(0);
    const authorized = await authorize(browser, { client: APP, ...PERSON });
    await redis.kill();
    const readiness = async (): Promise<unknown> => {
      const answers = await Promise.all(NODES.map((node) => ask(ports[node], '/readyz')));
      return answers.map(({ text }): unknown => JSON.parse(text));
    };
    const remark = expect.stringMatching(
      /^the signing keys could not be read from the state for \d+ s: nothing is signed, the known keys stay published$/u,
    ) as string;
    await expect.poll(readiness).toMatchObject(
      NODES.map(() => ({
        ready: false,
        checks: { signingKeys: { ok: false, remarks: [remark] } },
      })),
    );
    for (const node of NODES) {
      const now = await keySetAt(node);
      expect(now).toMatchObject({ status: 200, text: before.text });
      const [, maxAge] = /max-age=(\d+)$/u.exec(String(now.headers['cache-control'])) ?? [];
      expect(Number(maxAge)).toBeLessThan(900);
      expect(await metricsAt(node)).toContain('latchkey_healthy{part="signingKeys"} 0');
      const refused = await redeem(visitorAt(node), APP, authorized);
      expect(refused.status).toBe(503);
    }

    await redis.restart();
    await expect.poll(readiness).toMatchObject(NODES.map(() => ({ ready: true })));
    // That it was redeemed may be what the Redis lost.
    expect((await redeem(visitorAt(1), APP, authorized)).status).toBe(400);
    const again = await authorize(browser, { client: APP, ...PERSON });
    expect((await redeem(visitorAt(1), APP, again)).status).toBe(200);
    expect((await keySetAt(1)).headers['cache-control']).toBe('public, max-age=900');
  });
});

describe('an algorithm that is added while nodes are restarted one after another', () => {
  test('has one ring for all, known to nodes that are not told yet, and signs once all can know it', async () => {
    await nodes[1]?.stop();
    await start(1, { algorithms: ['RS256', 'ES256', 'EdDSA'] });
    const edKeys = async (node: number): Promise<readonly string[]> =>
      (await keysAt(node)).flatMap(({ alg, kid = '' }) => (alg === 'EdDSA' ? [kid] : []));
    const [kid] = await edKeys(1);
    expect(kid).toBeDefined();
    await expect.poll(() => edKeys(0)).toEqual([kid]);
    expect((await keySetAt(0)).text).toBe((await keySetAt(1)).text);
    const { text } = await ask(ports[1], '/readyz');
    expect(JSON.parse(text)).toMatchObject({
      ready: true,
      checks: { signingKeys: { remarks: [expect.stringMatching(/^EdDSA signs from .*Z on/u)] } },
    });

    await nodes[0]?.stop();
    await start(0, { algorithms: ['RS256', 'ES256', 'EdDSA'] });
    for (const node of NODES) expect(await edKeys(node)).toEqual([kid]);
  });
});

describe('settings that would break a promise', () => {
  test('are refused by latchkey check, each at its place and with the reason', async () => {
    const file = join(folder, 'broken.yaml');
    const signingKeys = { publishAhead: '16m', verifyFor: '1h', hintsFor: '1d' };
    await writeFile(file, JSON.stringify({ profile: 'dev', issuer, signingKeys }, null, 2));
    const { code, err } = await latchkey(['check'], file);
    expect(code).toBe(1);
    expect(err.split('\n').slice(0, 4)).toEqual([
      'ERR_INVALID_CONFIG: the configuration has 3 mistakes:',
      `  ${file}:5:21 signingKeys.publishAhead: must be at least 965s: verifiers keep a key set for jwksMaxAge (900s), clocks differ by clockTolerance (60s), nodes hear of a key within 5s`,
      `  ${file}:6:18 signingKeys.verifyFor: must be at least 3690s: the longest token lives 3600s, plus clockTolerance (60s) and 30s for requests under way`,
      `  ${file}:7:17 signingKeys.hintsFor: must be at least 1206090s: with verifyFor it must cover the longest session (1209600s), plus clockTolerance (60s) and 30s for requests under way`,
    ]);
  });
});
