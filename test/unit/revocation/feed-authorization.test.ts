import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFeedAuthorization } from '../../../src/revocation/feed-authorization.ts';
import { basicAuthorization } from '../../../verifier/src/introspection.ts';

const authorize = createFeedAuthorization({
  find: (id) => Promise.resolve(id === 'api:one é' ? { secret: 'a b%+' } : undefined),
  verifySecret: (client, secret) => client.secret === secret,
});
const app = new Koa();
app.use(async (ctx) => {
  if (await authorize(ctx)) ctx.status = 204;
});
const handle = app.callback();
const server = createServer((request, response) => void handle(request, response));
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (authorization: string) => fetch(url, { headers: { authorization } });

describe('who may follow the feed', () => {
  test('is a client that knows its secret, however strange its characters', async () => {
    const credentials = { clientId: 'api:one é', clientSecret: 'a b%+' };
    expect((await ask(basicAuthorization(credentials))).status).toBe(204);
  });

  test.each([
    ['with a wrong secret', basicAuthorization({ clientId: 'api:one é', clientSecret: 'x' })],
    ['without a secret', basicAuthorization({ clientId: 'api:one é', clientSecret: '' })],
    ['unknown', basicAuthorization({ clientId: 'other', clientSecret: 'a b%+' })],
    ['with a token', 'Bearer x'],
    ['with nothing', ''],
    ['with no colon', `Basic ${btoa('api')}`],
    ['with broken encoding', `Basic ${btoa('%zz:%')}`],
  ])('is not one %s', async (_, authorization) => {
    const answer = await ask(authorization);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  });
});
