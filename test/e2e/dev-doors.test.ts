import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { createOpenidClient, type OpenidClient } from '../support/relying-parties/openid-client.ts';
import { createUserAgent } from '../support/relying-parties/user-agent.ts';

const SECRET = randomBytes(32).toString('base64url');

let latchkey: Latchkey;
let web: OpenidClient;

beforeAll(async () => {
  latchkey = await startLatchkey({
    settings: {
      clients: [
        {
          id: 'web',
          name: 'The shop',
          type: 'web',
          secretInClear: SECRET,
          redirectUris: ['http://127.0.0.1:1/callback'],
        },
      ],
    },
  });
  web = await createOpenidClient({
    issuer: latchkey.issuer,
    id: 'web',
    redirectUri: 'http://127.0.0.1:1/callback',
    authentication: client.ClientSecretBasic(SECRET),
    metadata: { [client.clockTolerance]: 40 * 365 * 86_400 },
  });
}, 60_000);

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
});

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function order(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Told> {
  const response = await fetch(`${latchkey.issuer}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const signIn = (): ReturnType<OpenidClient['signIn']> =>
  web.signIn(createUserAgent(latchkey.issuer));
const isActive = async (token: string): Promise<boolean> =>
  (await client.tokenIntrospection(web.configuration, token)).active;

describe('the clock', () => {
  test('put forward takes access tokens along, and leaves refresh tokens their longer life', async () => {
    const tokens = await signIn();
    expect(await isActive(tokens.access_token)).toBe(true);
    const { status, body } = await order('/dev/clock', { advance: '16m' });
    expect(status).toBe(200);
    expect(body['aheadSeconds']).toBe(960);
    expect(await isActive(tokens.access_token)).toBe(false);
    const again = await client.refreshTokenGrant(web.configuration, tokens.refresh_token ?? '');
    expect(await isActive(again.access_token)).toBe(true);
  });

  test('put forward ends authorization codes and browser sessions', async () => {
    const agent = createUserAgent(latchkey.issuer);
    const answer = await web.authorize(agent);
    await order('/dev/clock', { advance: '11m' });
    await expect(web.redeem(answer)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect((await web.authorize(agent)).url.searchParams.get('code')).not.toBeNull();
    await order('/dev/clock', { advance: '60d' });
    const { url } = await web.authorize(agent, { prompt: 'none' });
    expect(url.searchParams.get('error')).toBe('login_required');
  });

  test('put forward by months turns the keys, and what is signed then verifies', async () => {
    const before = await signIn();
    for (const _ of [1, 2]) await order('/dev/clock', { advance: '100d' });
    expect((await fetch(`${latchkey.issuer}/readyz`)).status).toBe(200);
    const after = await signIn();
    const kid = (token = ''): string | undefined => decodeProtectedHeader(token).kid;
    expect(kid(after.id_token)).not.toBe(kid(before.id_token));
    const keys = createRemoteJWKSet(new URL(`${latchkey.issuer}/.well-known/jwks.json`));
    const { seconds } = await read('/dev/clock');
    const currentDate = new Date(Number(seconds) * 1000);
    await expect(jwtVerify(after.id_token ?? '', keys, { currentDate })).resolves.toBeDefined();
  });

  test('is set to an instant, and refuses in words to go back', async () => {
    const { now } = await read('/dev/clock');
    const later = new Date(Date.parse(String(now)) + 3_600_000).toISOString();
    const { body } = await order('/dev/clock', { set: later });
    expect(Math.abs(Date.parse(String(body['now'])) - Date.parse(later))).toBeLessThan(5000);
    const back = await order('/dev/clock', { set: '2001-01-01T00:00:00Z' });
    expect(back).toMatchObject({
      status: 400,
      body: { error_description: expect.stringContaining('does not go back') },
    });
    expect(await order('/dev/clock', { advance: 'a while' })).toMatchObject({ status: 400 });
    expect(await order('/dev/clock', { advance: '9999d' })).toMatchObject({ status: 400 });
  });
});

async function read(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${latchkey.issuer}${path}`);
  return (await response.json()) as Record<string, unknown>;
}

describe('orders', () => {
  test('are taken as JSON, and from no page of another origin', async () => {
    const clock = '/dev/clock';
    const body = { advance: '1s' };
    expect(await order(clock, body, { origin: latchkey.issuer })).toMatchObject({ status: 200 });
    const foreign: readonly Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign)
      expect(await order(clock, body, headers)).toMatchObject({ status: 403 });
    expect(await order(clock, body, { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
    });
  });

  test('are not taken under a name that is not ours (DNS rebinding)', async () => {
    expect(await statusUnder('evil.example')).toBe(421);
  });
});

function statusUnder(host: string): Promise<number | undefined> {
  const { port } = latchkey;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/dev/clock', headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}
