import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startNode, type Node } from '../../../src/start-node.ts';
import { randomId } from '../../../src/runtime/random.ts';
import { createVerifier, type Verifier } from '../../../verifier/src/index.ts';
import {
  makeInstallation,
  type CommandAnswer,
  type Installation,
} from '../../support/command-line.ts';
import { freePort } from '../../support/ports.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import {
  createOpenidClient,
  type OpenidClient,
  type Tokens,
} from '../../support/relying-parties/openid-client.ts';
import { asks, createUserAgent, type UserAgent } from '../../support/relying-parties/user-agent.ts';
import { verdictOn } from '../../support/verdict.ts';

const API = 'https://api.example.com';
const CALLBACK = 'https://app.example/callback';
const SECRET = randomId(32);

let installation: Installation;
let node: Node;
let issuer: string;
let app: OpenidClient;
let agent: UserAgent;
let tokens: Tokens;
let verifier: Verifier;

beforeAll(async () => {
  const port = await freePort();
  issuer = `http://127.0.0.1:${port}`;
  installation = await makeInstallation(() => ({
    issuer,
    http: { listen: { host: '127.0.0.1', port }, metrics: { port: 0 }, drainDelay: '0s' },
    people: [{ username: 'alice', email: 'alice@example.com', password: 'latchkey-dev' }],
    clients: [
      {
        id: 'app',
        name: 'App',
        secretInClear: SECRET,
        redirectUris: [CALLBACK],
        // Its ID tokens name the session.
        backchannelLogoutUri: 'http://127.0.0.1:9/logout',
        backchannelLogoutSessionRequired: true,
      },
      { id: 'orders-api', type: 'machine', secretInClear: SECRET },
    ],
    apis: [{ identifier: API, name: 'Orders', scopes: { read: 'Read' } }],
  }));
  const { logger } = createRecordingLogger();
  const signal = new AbortController().signal;
  node = await startNode(installation.settings, { logger, signal });
  app = await createOpenidClient({
    issuer,
    id: 'app',
    redirectUri: CALLBACK,
    authentication: client.ClientSecretBasic(SECRET),
  });
  verifier = createVerifier({
    issuer,
    audience: API,
    credentials: { clientId: 'orders-api', clientSecret: SECRET },
    name: 'orders@10.0.3.7',
    revocation: { whenSilent: 'refuse' },
  });
});

afterAll(async () => {
  verifier?.close();
  await node?.close();
  await installation[Symbol.asyncDispose]();
});

beforeEach(async () => {
  agent = createUserAgent(issuer);
  tokens = await app.signIn(agent, { resource: API, scope: 'openid offline_access read' });
  await verdictOn(verifier, tokens.access_token);
});

function revoke(args: readonly string[], input?: string): Promise<CommandAnswer> {
  return installation.latchkey(['revoke', ...args], input);
}

const claim = (name: string): string => String(decodeJwt(tokens.access_token)[name]);
const sidOf = (token = ''): string => String(decodeJwt(token)['sid']);
const refresh = (): Promise<unknown> =>
  client.refreshTokenGrant(app.configuration, tokens.refresh_token ?? '');
const isActive = async (token: string): Promise<boolean> =>
  (await client.tokenIntrospection(app.configuration, token)).active;
const isSignedIn = async (): Promise<boolean> => {
  const { url } = await app.request();
  return !asks(await agent.open(url), 'password');
};

/** The verifier refuses it, and so does the node. */
async function expectRefused(): Promise<void> {
  await expect
    .poll(() => verifier.verify(tokens.access_token).catch(({ code }) => code))
    .toBe('ERR_TOKEN_REVOKED');
  expect(await isActive(tokens.access_token)).toBe(false);
}

test('a token falls by its jti, and nothing else falls with it', async () => {
  expect(await revoke(['token', '--', claim('jti')])).toMatchObject({ code: 0, err: '' });
  await expectRefused();
  await expect(refresh()).resolves.toHaveProperty('access_token');
  expect(await isSignedIn()).toBe(true);
});

test('a token falls by itself on standard input', async () => {
  expect(await revoke(['token'], `${tokens.access_token}\n`)).toMatchObject({ code: 0, err: '' });
  await expectRefused();
});

test('a refresh token on standard input falls with its grant', async () => {
  expect((await revoke(['token'], tokens.refresh_token)).code).toBe(0);
  await expectRefused();
  await expect(refresh()).rejects.toMatchObject({ error: 'invalid_grant' });
});

test.each([
  ['an ID token', () => tokens.id_token ?? ''],
  ['nonsense', () => 'x.y.z'],
])('%s is no token to be taken back', async (_, token) => {
  const { code, err } = await revoke(['token'], token());
  expect([code, err]).toEqual([1, expect.stringMatching(/^ERR_NOTHING_TO_REVOKE: /)]);
});

test('a grant falls with its refresh token; the session stays, and begins another grant', async () => {
  expect((await revoke(['grant', '--', claim('gid')])).code).toBe(0);
  await expectRefused();
  await expect(refresh()).rejects.toMatchObject({ error: 'invalid_grant' });
  const again = await app.signIn(agent, { resource: API, scope: 'openid read' });
  await expect(verdictOn(verifier, again.access_token)).resolves.toHaveProperty('sub');
  expect(decodeJwt(again.access_token)['gid']).not.toBe(claim('gid'));
});

test('what an app got for a person falls in all sessions, and the person is asked again', async () => {
  const other = await app.signIn(createUserAgent(issuer), { scope: 'openid offline_access' });
  const names = ['--person', 'alice', '--client', 'app'];
  const { receipts } = JSON.parse((await revoke(['grant', ...names, '--json'])).out);
  expect(receipts.length).toBeGreaterThanOrEqual(2);
  await expectRefused();
  await expect(refresh()).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(await isActive(other.refresh_token ?? '')).toBe(false);
  expect((await agent.open((await app.request()).url)).html).toContain('class="asked"');
});

test('a session ends in its browser, and what ends with it; what was given for offline stays', async () => {
  const bound = await app.signIn(agent, { resource: API, scope: 'openid read' });
  const { sid } = decodeJwt(bound.access_token);
  expect((await revoke(['session', '--', String(sid)])).code).toBe(0);
  await expect
    .poll(() => verifier.verify(bound.access_token).catch(({ code }) => code))
    .toBe('ERR_TOKEN_REVOKED');
  expect(await isSignedIn()).toBe(false);
  await expect(verdictOn(verifier, tokens.access_token)).resolves.toHaveProperty('sub');
});

test.each([
  ['the `sid` of an ID token and a person', () => sidOf(tokens.id_token), ['--person', 'alice']],
  ['the `sid` of an access token', (bound: Tokens) => sidOf(bound.access_token), []],
])('a session ends by %s', async (_, sid, more) => {
  const bound = await app.signIn(agent, { resource: API, scope: 'openid read' });
  expect((await revoke(['session', ...more, '--', sid(bound)])).code).toBe(0);
  expect(await isSignedIn()).toBe(false);
});

test.each([
  ['an ID token', () => tokens.id_token],
  ['a refresh token', () => tokens.refresh_token],
  ['an access token that ends with it', (bound: Tokens) => bound.access_token],
])('a session ends by %s on standard input', async (_, token) => {
  const bound = await app.signIn(agent, { resource: API, scope: 'openid read' });
  expect((await revoke(['session'], `${token(bound)}\n`)).code).toBe(0);
  expect(await isSignedIn()).toBe(false);
});

test('a session that nobody knows is not said to have ended, and why is told', async () => {
  const { code, err } = await revoke(['session', '--', sidOf(tokens.id_token)]);
  expect(code).toBe(1);
  expect(err).toMatch(/^ERR_NOTHING_TO_REVOKE: no such session is known; .* add --person$/);
  // A token for offline access ends with no session.
  expect((await revoke(['session'], tokens.access_token)).code).toBe(1);
  expect(await isSignedIn()).toBe(true);
});

test('everything of a person falls, who may sign in again', async () => {
  expect((await revoke(['person', 'alice@example.com', '--reason', 'lost phone'])).code).toBe(0);
  await expectRefused();
  await expect(refresh()).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(await isSignedIn()).toBe(false);
  const again = await app.signIn(agent, { resource: API, scope: 'openid read' });
  await expect(verdictOn(verifier, again.access_token)).resolves.toHaveProperty('sub');
});

test('everything of a client falls, and people stay signed in', async () => {
  expect((await revoke(['client', 'app'])).code).toBe(0);
  await expectRefused();
  await expect(refresh()).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(await isSignedIn()).toBe(true);
});

test('everything falls that was issued before, once that is confirmed', async () => {
  expect(await revoke(['before'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^ERR_UNFIT_OPTIONS: /),
  });
  await verdictOn(verifier, tokens.access_token);
  expect((await revoke(['before', '--yes'])).code).toBe(0);
  await expectRefused();
  await expect(refresh()).rejects.toMatchObject({ error: 'invalid_grant' });
  expect(await isSignedIn()).toBe(false);
});

test.each([
  [['person', 'nobody'], 'ERR_NO_SUCH_PERSON'],
  [['client', 'nobody'], 'ERR_NO_SUCH_CLIENT'],
  [['grant'], 'ERR_UNFIT_OPTIONS'],
  [['grant', 'x', '--person', 'alice'], 'ERR_UNFIT_OPTIONS'],
  [['grant', '--person', 'alice', '--client', 'orders-api'], 'ERR_NOTHING_TO_REVOKE'],
])('%j is refused with %s', async (args, fault) => {
  const { code, err } = await revoke(args);
  expect([code, err.split(':')[0]]).toEqual([1, fault]);
});

describe('the receipt', () => {
  test('tells the number, the epoch and when it was durable', async () => {
    const before = verifier.status().number;
    const { receipts } = JSON.parse((await revoke(['token', '--json', '--', randomId()])).out);
    expect(receipts).toEqual([
      { number: before + 1, epoch: verifier.status().epoch, durableAt: expect.any(Number) },
    ]);
    expect((await revoke(['token', '--', randomId()])).out).toMatch(
      /^number {3}\d+\nepoch {4}1-[\w-]+\ndurable {2}20\d\d-/,
    );
  });

  test('when watched, waits for every node and follower', async () => {
    const { out, code } = await revoke(['token', '--watch', '--json', '--', randomId()]);
    expect(code).toBe(0);
    const { receipts, followers } = JSON.parse(out);
    const { number } = receipts[0];
    expect(followers).toEqual([
      expect.objectContaining({ kind: 'node', client: null, number }),
      expect.objectContaining({ kind: 'lists', client: null, number }),
      expect.objectContaining({ kind: 'stream', client: 'orders-api', number }),
    ]);
    for (const { followedAfterMs } of followers) expect(followedAfterMs).toBeLessThan(5000);
  });

  test('when watched by a person, ends with a table', async () => {
    const { out } = await revoke(['token', '--watch', '--', randomId()]);
    expect(out).toMatch(
      /WHO +CLIENT +KIND +NUMBER +HOW FAR\n.* node +\d+ +applied after \d+ ms\n {2}status lists +lists /,
    );
    expect(out).toMatch(/ {2}orders@10\.0\.3\.7 +orders-api +stream +\d+ +sent after \d+ ms$/);
  });
});
