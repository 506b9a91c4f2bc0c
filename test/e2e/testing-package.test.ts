import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLatchkey, type TestLatchkey } from '../../src/testing/start-latchkey.ts';
import { launchBrowser } from '../support/browser.ts';

const API = 'https://api.example.com';

let idp: TestLatchkey;
beforeAll(async () => {
  idp = await startLatchkey();
});
afterAll(() => idp?.close());

test('a token of the test kit verifies as an API verifies it, until its time has come', async () => {
  const token = await idp.token({ client: 'app', person: 'alice', api: API });
  const keys = createRemoteJWKSet(new URL(`${idp.issuer}/.well-known/jwks.json`));
  const verify = async (currentDate: Date): Promise<object> =>
    jwtVerify(token, keys, { issuer: idp.issuer, audience: API, currentDate });
  await expect(verify(await idp.clock.now())).resolves.toBeDefined();
  const machine = Date.now();
  await idp.clock.advance('16m');
  await expect(verify(await idp.clock.now())).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
  expect(Date.now() - machine).toBeLessThan(60_000);
  await expect(idp.clock.set(new Date(0))).rejects.toMatchObject({ code: 'ERR_ORDER_REFUSED' });
});

test('a person of the seed signs in on the page of a browser', async () => {
  const app = createServer((_, response) => response.end('back at the app')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const address = app.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const url = new URL(`${idp.issuer}/authorize`);
    url.search = new URLSearchParams({
      client_id: 'app',
      response_type: 'code',
      scope: 'openid email',
      // In the dev profile every port of a loopback URI is good.
      redirect_uri: `http://127.0.0.1:${port}/callback`,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString();
    await page.goto(url.href);
    await idp.signIn(page, 'alice');
    expect(new URL(page.url()).searchParams.get('code')).not.toBeNull();
  } finally {
    await browser.close();
    app.close();
  }
}, 60_000);

test('a fault that the test kit plans is met once, and another is forgotten', async () => {
  const jwks = `${idp.issuer}/.well-known/jwks.json`;
  await idp.faults.plan({ path: '/.well-known/jwks.json', status: 503 });
  expect((await fetch(jwks)).status).toBe(503);
  await idp.faults.plan({ path: '/.well-known/jwks.json', status: 503 });
  await idp.faults.clear();
  expect((await fetch(jwks)).status).toBe(200);
});

test('a seed that is not good says what is wrong', async () => {
  await expect(
    startLatchkey({ seed: { clients: [{ id: 'app', type: 'spaceship' }] } }),
  ).rejects.toThrow(/clients\[0\]\.type/);
});
