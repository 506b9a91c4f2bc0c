import { hash } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authorize, basic, type BenchClient, redeem } from '../../bench/browser-flow.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { createVisitor, type Visitor } from './support/visitor.ts';
import { openWorld, type World } from './support/world.ts';

const PASSWORD = `planted-password-${randomBytes(9).toString('hex')}`;
const CLIENT: BenchClient = {
  id: 'planted',
  secret: randomBytes(32).toString('base64url'),
  redirectUri: 'https://app.example/callback',
};
const INITIAL_ACCESS_TOKEN = randomBytes(32).toString('base64url');
const PERSON = { login: 'planted@example.com', password: PASSWORD };
const FORMS =
  /\b(?:password|code|code_verifier|refresh_token|token|client_secret|csrf|xsrf)=([^&\s"]+)/gu;
const FIELDS =
  /"(?:access_token|refresh_token|id_token|client_secret|registration_access_token)":"([^"]+)"/gu;
const HEADERS = /^(?:authorization: \w+ |cookie: |set-cookie: )(.*)$/gimu;
const COOKIES = /[\w.-]+=([\w.~+/=-]{8,})/gu;
const HIDDEN = /name="csrf" value="([^"]+)"|value="([^"]+)" name="csrf"/gu;

let world: World;
let tap: TcpProxy;
let visitor: Visitor;
/** All that went over the wire between browsers, clients and the node. */
let heard = '';

beforeAll(async () => {
  const passwordHash = await hash(PASSWORD);
  world = await openWorld({
    state: 'redis',
    settings: (folder) => ({
      profile: 'production',
      log: { level: 'debug' },
      // As dear as by default.
      signIn: { argon2: { memoryKib: 19_456, iterations: 2 } },
      people: [{ email: PERSON.login, emailVerified: true, passwordHash }],
      clients: [
        {
          id: CLIENT.id,
          type: 'web',
          name: 'Planted',
          secret: { file: join(folder, 'client-secret') },
          redirectUris: [CLIENT.redirectUri],
        },
      ],
      registration: { mode: 'token', initialAccessToken: { file: join(folder, 'initial-token') } },
    }),
    async prepare(folder) {
      await writeFile(join(folder, 'client-secret'), CLIENT.secret, { mode: 0o600 });
      await writeFile(join(folder, 'initial-token'), INITIAL_ACCESS_TOKEN, { mode: 0o600 });
    },
  });
  const listen = (bytes: string): string => {
    heard += bytes;
    return bytes;
  };
  tap = await startTcpProxy({ port: world.ports[0] ?? 0 }, { request: listen, reply: listen });
  visitor = createVisitor({
    issuer: world.issuer,
    ports: [tap.port],
    node: () => 0,
    ledger: world.ledger,
    isBrowser: false,
  });
});
afterAll(async () => {
  await visitor.close();
  await tap.close();
  await world.close();
});

/** Whatever anyone could do with `token`, rightly or not. */
async function useEverywhere(token: string): Promise<void> {
  const bearer = { authorization: `Bearer ${token}` };
  await visitor.request('/userinfo', { headers: bearer });
  await visitor.request(`/userinfo?access_token=${token}`);
  await visitor.request('/register/planted', { headers: bearer });
  await visitor.request(`/authorize?client_id=planted&id_token_hint=${token}&login_hint=${token}`);
  await visitor.request(`/logout?id_token_hint=${token}`);
  for (const path of ['/introspect', '/revoke', '/token']) {
    const form = { token, grant_type: 'refresh_token', refresh_token: token, code: token };
    await visitor.request(path, { method: 'POST', headers: basic(CLIENT), form });
    await visitor.request(path, { method: 'POST', headers: bearer, form });
  }
}

async function signInAndUse(): Promise<void> {
  const authorized = await authorize(visitor, { client: CLIENT, ...PERSON });
  const answer = await redeem(visitor, CLIENT, authorized);
  await redeem(visitor, { ...CLIENT, secret: `${CLIENT.secret}x` }, authorized);
  const tokens = JSON.parse(answer.body) as Record<string, string>;
  for (const name of ['access_token', 'id_token', 'refresh_token']) {
    await useEverywhere(tokens[name] ?? '');
    await useEverywhere(`${tokens[name]}x`);
  }
}

function secretsHeard(): ReadonlySet<string> {
  const found = [PASSWORD, CLIENT.secret, INITIAL_ACCESS_TOKEN];
  for (const pattern of [FORMS, FIELDS, HIDDEN]) {
    for (const [, ...groups] of heard.matchAll(pattern)) found.push(...groups.filter(Boolean));
  }
  for (const [, header = ''] of heard.matchAll(HEADERS)) {
    const credentials = header.trim();
    if (!credentials.includes('=') || credentials.startsWith('ey')) found.push(credentials);
    for (const [, cookie = ''] of credentials.matchAll(COOKIES)) found.push(cookie);
  }
  return new Set(found.flatMap((one) => [one, decodeURIComponent(one)]));
}

test('no secret is in any line that a node writes at level debug, whatever happens', async () => {
  await signInAndUse();
  await expect(
    authorize(visitor, { client: CLIENT, ...PERSON, password: `${PASSWORD}-wrong` }),
  ).rejects.toThrow('401');
  await visitor.request('/register', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${INITIAL_ACCESS_TOKEN}`,
    },
    json: { redirect_uris: ['https://registered.example/callback'] },
  });
  const authorized = await authorize(visitor, { client: CLIENT, ...PERSON });
  await world.redis.kill();
  await redeem(visitor, CLIENT, authorized);
  await useEverywhere(randomBytes(32).toString('base64url'));
  await delay(500);
  await world.redis.restart();
  await expect.poll(() => signInAndUse().then(() => 'done', String)).toBe('done');
  await world.nodes[0]?.stop();

  const written = world.nodes[0]?.output() ?? '';
  expect(written).toContain('"event":"http.request"');
  expect(written).toContain('"level":"debug"');
  const secrets = [...secretsHeard()].filter(({ length }) => length >= 8);
  expect(secrets.length).toBeGreaterThan(60);
  const found = secrets.filter((secret) => written.includes(secret));
  expect(found).toEqual([]);
  // Not by a part of it either: a signature, or the second half of an opaque token.
  const parts = secrets.flatMap((secret) => secret.split('.').filter(({ length }) => length >= 20));
  expect(parts.filter((part) => written.includes(part))).toEqual([]);
});
