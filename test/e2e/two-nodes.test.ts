import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rounds } from '../support/counts.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
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
  readonly keys: readonly { readonly kid: string }[];
}

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
  const settings = {
    clients: [{ id: 'app', name: 'App', secretInClear: SECRET, redirectUris: [CALLBACK] }],
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
    agent: () => createUserAgent(issuer, takingTurns(ways)),
    async close() {
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
    expect(keySet.keys).toHaveLength(2);
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
    const agent = house.agent();
    const { url } = await at(0).request({ prompt: 'consent' });
    const consent = await agent.submit(await agent.open(url), { ...ALICE });
    expect(headingOf(consent)).toBe('Allow access?');
    await command('revoke person alice');
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
