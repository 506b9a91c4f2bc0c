import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JWK } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { createElsewhere, type Elsewhere } from '../support/relying-parties/elsewhere.ts';
import {
  createOpenidClient,
  type OpenidClient,
  type Tokens,
} from '../support/relying-parties/openid-client.ts';
import { takingTurns, throughNode, type Way } from '../support/relying-parties/through-node.ts';
import {
  ALICE,
  asks,
  BOB,
  createUserAgent,
  headingOf,
  type UserAgent,
} from '../support/relying-parties/user-agent.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
const SECRET = randomBytes(32).toString('base64url');
const CALLBACK = 'https://app.example/callback';
const API = 'https://api.example.com';
/** Whoever is in engineering is in staff, which may read at the API. */
const RIGHTS = {
  apis: [
    {
      identifier: API,
      name: 'API',
      scopes: { read: 'Read' },
      claims: { permissions: 'permissions' },
    },
  ],
  groups: [{ name: 'engineering' }, { name: 'staff', groups: ['engineering'] }],
  roles: [{ name: 'reader', api: API, permissions: ['read'], groups: ['staff'] }],
  claims: { custom: [{ claim: 'groups', attribute: 'groups', in: ['id_token'] }] },
};
const PARALLEL = 64;
const ROUNDS = rounds(2, 50);

interface KeySet {
  readonly keys: (JWK & { readonly kid: string })[];
}

/** An answer to a program, of which texts alone are read here. */
type Body = Readonly<Record<string, string | undefined>>;

/** Of the ID token. */
const kidOf = ({ id_token: idToken = '' }: Tokens): string | undefined =>
  decodeProtectedHeader(idToken).kid;

/** Servers that the nodes share, beside their folder. */
interface Stores {
  readonly settings: object;
  close(): Promise<void>;
}

async function openEmbedded(): Promise<Stores> {
  return { settings: {}, close: () => Promise.resolve() };
}

async function openServers(): Promise<Stores> {
  const [redis, postgres]: [TestRedis, TestPostgres] = await Promise.all([
    startRedis(),
    startPostgres(),
  ]);
  const storage = {
    // A machine that all tests share answers late at times; what is tested here is not how that is told.
    state: { engine: 'redis', redis: { url: redis.url, commandTimeoutMs: 10_000 } },
    records: { engine: 'postgres', postgres: { url: await postgres.createDatabase() } },
  };
  return {
    settings: { storage },
    async close() {
      await redis.stop();
      await postgres.stop();
    },
  };
}

/** Two processes of one installation. */
interface House {
  readonly issuer: string;
  readonly nodes: readonly Latchkey[];
  readonly ways: readonly Way[];
  /** The app as it goes to the first node and to the second. */
  readonly apps: readonly OpenidClient[];
  readonly elsewhere: Elsewhere;
  agent(): UserAgent;
  close(): Promise<void>;
}

/** Starts both at once, on an empty folder if it is the first time. */
async function openHouse(options: {
  readonly folder: string;
  readonly ports: readonly number[];
  readonly settings: object;
}): Promise<House> {
  const { folder, ports } = options;
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const elsewhere = await createElsewhere({ issuer, secret: SECRET, redirectUri: CALLBACK });
  const { protocol, clients } = elsewhere.settings;
  const settings = {
    protocol,
    log: { level: 'info' },
    http: { outbound: { allow: ['127.0.0.1'] } },
    clients: [
      { id: 'app', name: 'App', secretInClear: SECRET, redirectUris: [CALLBACK] },
      ...clients,
    ],
    ...RIGHTS,
    ...options.settings,
  };
  const nodes = await Promise.all(
    ports.map((port) =>
      startLatchkey({
        folder,
        port,
        issuer,
        settings,
        environment: { LATCHKEY_AUDIT_NODE: `node-${port}` },
      }),
    ),
  );
  const ways = ports.map((port) => throughNode(port));
  const apps = await Promise.all(
    ways.map((way) =>
      createOpenidClient({
        issuer,
        id: 'app',
        redirectUri: CALLBACK,
        authentication: client.ClientSecretBasic(SECRET),
        fetch: way.fetch,
      }),
    ),
  );
  return {
    issuer,
    nodes,
    ways,
    apps,
    elsewhere,
    agent: () => createUserAgent(issuer, takingTurns(ways)),
    async close() {
      elsewhere.close();
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all(ways.map((way) => way.close()));
    },
  };
}

describe.each([
  ['the embedded file', openEmbedded],
  ['Redis and PostgreSQL', openServers],
])('two nodes over %s', (_engine, openStores) => {
  let stores: Stores;
  let folder: string;
  let ports: readonly number[];
  let house: House;

  const open = async (settings: object): Promise<void> => {
    house = await openHouse({ folder, ports, settings: { ...stores.settings, ...settings } });
  };

  beforeAll(async () => {
    stores = await openStores();
    folder = await mkdtemp(join(tmpdir(), 'latchkey-nodes-'));
    ports = [await freePort(), await freePort()];
    await open({});
  }, 90_000);

  afterAll(async () => {
    await house?.close();
    await house?.nodes[0]?.clean();
    await stores?.close();
  });

  /** The app at node 0 or 1. */
  const at = (node: number): OpenidClient => {
    const app = house.apps[node % house.apps.length];
    if (!app) throw new TypeError('there are two nodes');
    return app;
  };
  const refreshAt = (node: number, token: string): ReturnType<typeof client.refreshTokenGrant> =>
    client.refreshTokenGrant(at(node).configuration, token);
  const isActiveAt = async (node: number, token: string): Promise<boolean> =>
    (await client.tokenIntrospection(at(node).configuration, token)).active;
  /** Sends one request 64 times at once, by turns to both nodes; gives what succeeded and how the others failed. */
  async function crowd<T>(
    send: (node: number) => Promise<T>,
  ): Promise<{ readonly won: readonly T[]; readonly refusals: ReadonlySet<string> }> {
    const results = await Promise.allSettled(
      Array.from({ length: PARALLEL }, (_, index) => send(index)),
    );
    const reasons = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    return {
      won: results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
      refusals: new Set(reasons.map(({ error, message }) => String(error ?? message))),
    };
  }

  /** Runs a command line on the installation, beside the nodes. */
  async function command(line: string): Promise<void> {
    const [node] = house.nodes;
    const words = [...line.split(' '), '--config', node?.configFile ?? ''];
    await run(process.execPath, [COMMAND, ...words]);
  }

  async function keySetAt(node: number): Promise<KeySet> {
    const response = await house.ways[node]?.fetch(`${house.issuer}/.well-known/jwks.json`);
    return (await response?.json()) as KeySet;
  }

  test('started at once on nothing, publish one key set', async () => {
    const keySet = await keySetAt(0);
    expect(keySet.keys.map(({ use, alg }) => `${use} ${alg}`).toSorted()).toEqual([
      'enc ECDH-ES',
      'enc RSA-OAEP-256',
      'sig ES256',
      'sig RS256',
    ]);
    expect(await keySetAt(1)).toEqual(keySet);
  });

  test('answer for no other host', async () => {
    const [, second] = ports;
    expect(
      (await fetch(`http://127.0.0.1:${second}/.well-known/openid-configuration`)).status,
    ).toBe(421);
  });

  test('share a sign-in: every other request of it goes to the other node', async () => {
    const answer = await at(0).authorize(house.agent());
    const tokens = await at(1).redeem(answer);
    await expect(
      client.fetchUserInfo(at(0).configuration, tokens.access_token, tokens.claims()?.sub ?? ''),
    ).resolves.toHaveProperty('email', 'alice@example.com');
  });

  test('share a session, and its end', async () => {
    const agent = house.agent();
    await at(0).signIn(agent);
    await agent.submit(await agent.open('/logout'));
    for (const node of [0, 1]) {
      const { url } = await at(node).request();
      expect(asks(await agent.open(url), 'password')).toBe(true);
    }
  });

  test('see within a second what the other took back', async () => {
    for (const node of [0, 1]) {
      const { access_token: token } = await at(node).signIn(house.agent());
      expect(await isActiveAt(node + 1, token)).toBe(true);
      await client.tokenRevocation(at(node).configuration, token);
      const revokedAt = performance.now();
      await expect
        .poll(() => isActiveAt(node + 1, token), { interval: 5, timeout: 1000 })
        .toBe(false);
      expect(performance.now() - revokedAt).toBeLessThan(1000);
    }
  });

  test('end a sign-in that waits for consent when everything of the person is taken back', async () => {
    const { access_token: token } = await at(0).signIn(house.agent());
    const agent = house.agent();
    const { url } = await at(0).request({ prompt: 'consent' });
    const consent = await agent.submit(await agent.open(url), { ...ALICE });
    expect(headingOf(consent)).toBe('Allow access?');
    await command('revoke person alice');
    // Each of them has a second to hear of it.
    for (const node of [0, 1])
      await expect.poll(() => isActiveAt(node, token), { timeout: 1000 }).toBe(false);
    await expect
      .poll(async () => asks(await agent.open(consent.url.href), 'password'), { timeout: 1000 })
      .toBe(true);
    expect(asks(await agent.submit(consent), 'password')).toBe(true);
  });

  test('take up a key that the command line put in their ring, and know the old one still', async () => {
    const before = await at(0).signIn(house.agent());
    const oldKid = kidOf(before);
    await command('keys rotate --algorithm RS256 --now --immediately');
    for (const index of [0, 1]) {
      await expect
        .poll(async () => kidOf(await at(index).signIn(house.agent())), { timeout: 5000 })
        .not.toBe(oldKid);
      expect((await keySetAt(index)).keys.map(({ kid }) => kid)).toContain(oldKid);
    }
    expect(await keySetAt(1)).toEqual(await keySetAt(0));
  });

  test('tell what somebody is and may do, and from the next refresh on what they are no more', async () => {
    await command('group add engineering --person bob@example.com');
    const request = { resource: API, scope: 'openid offline_access read' };
    const tokens = await at(0).signIn(house.agent(), request, BOB);
    expect(tokens.claims()).toMatchObject({ groups: ['engineering', 'staff'] });
    expect(decodeJwt(tokens.access_token)).toMatchObject({ permissions: ['read'] });
    await command('group remove engineering --person bob@example.com');
    const next = await refreshAt(1, tokens.refresh_token ?? '');
    expect(next.claims()).not.toHaveProperty('groups');
    expect(decodeJwt(next.access_token)).toMatchObject({ aud: [API, expect.anything()] });
    expect(decodeJwt(next.access_token)).not.toHaveProperty('permissions');
  });

  /** A request of one of the other clients at node 0 or 1. */
  async function post(
    node: number,
    path: string,
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly body: Body; readonly headers: Headers }> {
    const { client_id: id = '' } = form;
    const proves = id === 'tv' ? {} : { authorization: `Basic ${btoa(`${id}:${SECRET}`)}` };
    const response = await house.ways[node]?.fetch(`${house.issuer}${path}`, {
      method: 'POST',
      headers: { ...proves, ...headers },
      body: new URLSearchParams(form),
    });
    if (!response) throw new TypeError('there are two nodes');
    return { body: (await response.json()) as Body, headers: response.headers };
  }

  /** The key of the key set to encrypt to, as a node shows it. */
  async function encryptionKeyAt(node: number): Promise<JWK & { readonly kid: string }> {
    const { keys } = await keySetAt(node);
    const found = keys.find(({ use, alg }) => use === 'enc' && alg === 'ECDH-ES');
    if (!found) throw new Error('the key set has no key to encrypt to');
    return found;
  }

  /** Pushes an encrypted request at one node, and goes on with it at whatever node. */
  async function pushEncrypted(node: number, key: JWK): Promise<string> {
    const { url, checks } = await at(node).request({ scope: 'openid' });
    const { client_id: _, response_type: __, ...asked } = Object.fromEntries(url.searchParams);
    const request = await house.elsewhere.request(asked, key);
    const pushed = await post(node, '/par', { client_id: 'shop', request });
    const uri = pushed.body['request_uri'] ?? '';
    const query = new URLSearchParams({ client_id: 'shop', request_uri: uri });
    const { url: answer } = await house
      .agent()
      .authorize(`${house.issuer}/authorize?${query.toString()}`);
    const { body } = await post(1 - node, '/token', {
      client_id: 'shop',
      grant_type: 'authorization_code',
      code: answer.searchParams.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: checks.pkceCodeVerifier ?? '',
    });
    return body['scope'] ?? '';
  }

  test('read requests that were encrypted to a key of the other, before and after it turned', async () => {
    const [before, same] = [await encryptionKeyAt(0), await encryptionKeyAt(1)];
    expect(same).toEqual(before);
    for (const node of [0, 1]) expect(await pushEncrypted(node, before)).toBe('openid');
    await command('keys rotate --algorithm ECDH-ES --now --immediately');
    for (const node of [0, 1])
      await expect
        .poll(async () => (await encryptionKeyAt(node)).kid, { timeout: 5000 })
        .not.toBe(before.kid);
    const next = await encryptionKeyAt(1);
    for (const node of [0, 1])
      for (const key of [before, next]) expect(await pushEncrypted(node, key)).toBe('openid');
  });

  test('sign answers that are verified by the key set of the other (JARM)', async () => {
    const { url } = await at(0).authorize(house.agent(), { response_mode: 'query.jwt' });
    const keys = createLocalJWKSet(await keySetAt(1));
    const answer = url.searchParams.get('response') ?? '';
    const { payload } = await jwtVerify(answer, keys, { issuer: house.issuer, audience: 'app' });
    expect(payload).toHaveProperty('code');
  });

  test('take a nonce for DPoP proofs that the other gave', async () => {
    const form = { client_id: 'machine', grant_type: 'client_credentials', resource: API };
    const ask = async (node: number, nonce?: string): ReturnType<typeof post> => {
      const dpop = await house.elsewhere.proof(`${house.issuer}/token`, nonce);
      return await post(node, '/token', form, { dpop });
    };
    const refused = await ask(0);
    expect(refused.body).toMatchObject({ error: 'use_dpop_nonce' });
    const given = refused.headers.get('dpop-nonce') ?? '';
    expect((await ask(1, given)).body).toMatchObject({ token_type: 'DPoP' });
  });

  test('let a device in at the one that asked at the other', async () => {
    const { body } = await post(0, '/device/authorize', { client_id: 'tv', scope: 'openid' });
    const poll = async (node: number): Promise<Body> => {
      const grant = 'urn:ietf:params:oauth:grant-type:device_code';
      const code = body['device_code'] ?? '';
      return (await post(node, '/token', { client_id: 'tv', grant_type: grant, device_code: code }))
        .body;
    };
    expect(await poll(0)).toMatchObject({ error: 'authorization_pending' });
    const agent = house.agent();
    const entry = await agent.open(body['verification_uri_complete'] ?? '');
    const confirm = await agent.submit(entry, { user_code: body['user_code'] ?? '' });
    const consent = await agent.submit(await agent.submit(confirm), { ...ALICE });
    expect(headingOf(await agent.submit(consent))).toBe('Your device is connected');
    // Who asks again within the interval is told to slow down.
    await expect.poll(() => poll(1), { interval: 1000, timeout: 5000 }).toHaveProperty('id_token');
    expect(await poll(0)).toMatchObject({ error: 'invalid_grant' });
  });

  test('tell a program once of a request to sign in, though it was down, and let the person answer at either', async () => {
    const { elsewhere, issuer, nodes } = house;
    const asked = await post(0, '/bc-authorize', {
      client_id: 'counter',
      scope: 'openid',
      login_hint: ALICE.login,
    });
    const count = (event: string): number =>
      nodes.map((node) => node.output().split(`"${event}"`).length - 1).reduce((a, b) => a + b);
    await expect.poll(() => count('hook.postponed'), { timeout: 5000 }).toBeGreaterThan(0);
    await elsewhere.listen();
    await expect.poll(() => count('hook.taken'), { timeout: 10_000 }).toBe(1);
    const [told = '', ...more] = elsewhere.events;
    expect(more).toEqual([]);
    const keys = createLocalJWKSet(await keySetAt(1));
    const { payload } = await jwtVerify(told, keys, { issuer, typ: 'secevent+jwt' });
    expect(payload).toHaveProperty(
      ['events', 'urn:latchkey:event:sign-in-request', 'client_id'],
      'counter',
    );

    const agent = house.agent();
    const waiting = await agent.submit(await agent.open('/account/requests'), { ...ALICE });
    expect(headingOf(waiting)).toBe('Requests');
    await agent.submit(waiting);
    const form = {
      client_id: 'counter',
      grant_type: 'urn:openid:params:grant-type:ciba',
      auth_req_id: asked.body['auth_req_id'] ?? '',
    };
    expect((await post(1, '/token', form)).body).toHaveProperty('id_token');
    expect((await post(0, '/token', form)).body).toMatchObject({ error: 'invalid_grant' });
  });

  test('pay once for a code that both are given 64 times at once, and what was paid stays alive', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const answer = await at(0).authorize(house.agent());
      const { won, refusals } = await crowd((node) => at(node).redeem(answer));
      expect(refusals).toEqual(new Set(['invalid_grant']));
      expect(won).toHaveLength(1);
      for (const node of [0, 1]) {
        expect(await isActiveAt(node, won[0]?.access_token ?? '')).toBe(true);
      }
      await expect(refreshAt(1, won[0]?.refresh_token ?? '')).resolves.toHaveProperty(
        'access_token',
      );
    }
  });

  test('leave one live successor of a refresh token that both are given 64 times at once', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { refresh_token: used = '' } = await at(0).signIn(house.agent());
      const { won, refusals } = await crowd((node) => refreshAt(node, used));
      expect(won.length).toBeGreaterThan(0);
      for (const refusal of refusals) expect(refusal).toBe('invalid_grant');
      const successors = [...new Set(won.map((tokens) => tokens.refresh_token ?? ''))];
      const alive = await Promise.all(successors.map((token, node) => isActiveAt(node, token)));
      const living = successors.filter((_, index) => alive[index]);
      expect(living).toHaveLength(1);
      await expect(refreshAt(round, living[0] ?? '')).resolves.toHaveProperty('refresh_token');
    }
  });

  describe('without a retry window', () => {
    beforeAll(async () => {
      await house.close();
      await open({ tokens: { refreshRetryWindow: '0s' } });
    }, 60_000);

    test('pay once for a refresh token that both are given 64 times at once', async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { refresh_token: used = '' } = await at(0).signIn(house.agent());
        const { won, refusals } = await crowd((node) => refreshAt(node, used));
        expect(refusals).toEqual(new Set(['invalid_grant']));
        expect(won).toHaveLength(1);
        await expect(refreshAt(1, won[0]?.refresh_token ?? '')).resolves.toHaveProperty(
          'access_token',
        );
      }
    });
  });
});
