import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes, X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevCertificate } from '../../src/http/dev-authority.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { launchBrowser } from '../support/browser.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { createOpenidClient } from '../support/relying-parties/openid-client.ts';
import { signInOn } from '../support/relying-parties/sign-in-on.ts';
import { throughNode, type Way } from '../support/relying-parties/through-node.ts';
import { createUserAgent } from '../support/relying-parties/user-agent.ts';

const SECRET = randomBytes(32).toString('base64url');
const CALLBACK = 'https://app.example/callback';
const CLIENTS = [{ id: 'app', name: 'App', secretInClear: SECRET, redirectUris: [CALLBACK] }];

describe('a provider with a certificate of its own authority, in the dev profile', () => {
  let latchkey: Latchkey;
  let way: Way;
  let tenant: string;
  let toTenant: Way;

  beforeAll(async () => {
    const [port, tenantPort] = [await freePort(), await freePort()];
    tenant = `https://localhost:${tenantPort}`;
    latchkey = await startLatchkey({
      port,
      issuer: `https://localhost:${port}`,
      settings: {
        http: { tls: { from: 'dev-ca' } },
        clients: CLIENTS,
        auth0: {
          tenants: [
            {
              name: 'test',
              issuer: `${tenant}/`,
              listen: { port: tenantPort },
              clients: [
                {
                  clientId: 'auth0-app',
                  clientSecretInClear: SECRET,
                  callbacks: [CALLBACK],
                  allowedLogoutUrls: ['https://app.example'],
                },
              ],
            },
          ],
        },
      },
    });
    const authority = await readFile(join(latchkey.folder, 'keys/dev-authority.crt'), 'utf8');
    way = throughNode(port, authority);
    toTenant = throughNode(tenantPort, authority);
  });

  afterAll(async () => {
    await way?.close();
    await toTenant?.close();
    await latchkey?.stop();
    await latchkey?.clean();
  });

  test('is trusted by who trusts the authority that the banner names, and by nobody else', async () => {
    await expect
      .poll(() => latchkey.output())
      .toContain(`trust ${join(latchkey.folder, 'keys/dev-authority.crt')}`);
    const url = `${latchkey.issuer}/.well-known/openid-configuration`;
    expect((await way.fetch(url)).status).toBe(200);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  test('signs people in with cookies that no other host and no plain connection can set', async () => {
    const app = await createOpenidClient({
      issuer: latchkey.issuer,
      id: 'app',
      redirectUri: CALLBACK,
      authentication: client.ClientSecretBasic(SECRET),
      fetch: way.fetch,
    });
    const agent = createUserAgent(latchkey.issuer, way.fetch);
    const { url } = await app.request();
    await agent.open(url);
    const interaction = [...agent.cookies.values()].filter(({ path }) => path !== '/');
    expect(interaction.length).toBeGreaterThan(0);
    for (const { name, line } of interaction) {
      expect(name).toMatch(/^__Secure-/);
      expect(line).toMatch(/; secure/i);
      expect(line).toMatch(/; httponly/i);
    }
    const tokens = await app.signIn(agent);
    expect(tokens.claims()?.iss).toBe(latchkey.issuer);
    const session = [...agent.cookies.values()].filter(({ path }) => path === '/');
    expect(session.map(({ name }) => name)).toContain('__Host-main-session');
    for (const { name, line } of session) {
      expect(name).toMatch(/^__Host-/);
      expect(line).toMatch(/; path=\/;/i);
      expect(line).toMatch(/; secure/i);
      expect(line).toMatch(/; httponly/i);
      expect(line).toMatch(/; samesite=lax/i);
      expect(line).not.toMatch(/; domain=/i);
    }
  });

  test('has a tenant whose session goes along into frames of other sites, and ends at /v2/logout', async () => {
    const agent = createUserAgent(tenant, toTenant.fetch);
    const query = new URLSearchParams({
      client_id: 'auth0-app',
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid',
    });
    const app = await agent.authorize(`${tenant}/authorize?${query.toString()}`);
    expect(app.url.searchParams.get('code')).not.toBeNull();
    const sessions = (): { readonly line: string }[] =>
      [...agent.cookies.values()].filter(({ name }) =>
        name.startsWith('__Host-auth0-test-session'),
      );
    expect(sessions().length).toBeGreaterThan(0);
    for (const { line } of sessions()) {
      expect(line).toMatch(/; samesite=none/i);
      expect(line).toMatch(/; secure/i);
    }
    const leave = new URLSearchParams({ client_id: 'auth0-app', returnTo: 'https://app.example' });
    const left = await agent.open(`${tenant}/v2/logout?${leave.toString()}`);
    expect(left.url.origin).toBe('https://app.example');
    expect(sessions()).toEqual([]);
  });

  test('has its cookies taken by Chromium', async () => {
    const browser = await launchBrowser();
    try {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const page = await context.newPage();
      await page.route(`${CALLBACK}**`, (route) => route.fulfill({ body: 'Back at the app' }));
      const url = new URL(`${latchkey.issuer}/authorize`);
      url.search = new URLSearchParams({
        client_id: 'app',
        response_type: 'code',
        scope: 'openid',
        redirect_uri: CALLBACK,
        prompt: 'login consent',
        code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()),
        code_challenge_method: 'S256',
      }).toString();
      await page.goto(url.href);
      await signInOn(page);
      await page.waitForURL(`${CALLBACK}**`);
      const kept = await context.cookies(latchkey.issuer);
      expect(kept.find(({ name }) => name === '__Host-main-session')).toMatchObject({
        secure: true,
        httpOnly: true,
        sameSite: 'Lax',
        path: '/',
        domain: 'localhost',
      });
    } finally {
      await browser.close();
    }
  });

  test('does not hold every other server of this machine to https', async () => {
    const answer = await way.fetch(`${latchkey.issuer}/logout`);
    expect(answer.headers.has('strict-transport-security')).toBe(false);
  });
});

describe('a provider with a certificate from files, in production', () => {
  let folder: string;
  let latchkey: Latchkey;
  let way: Way;
  let files: { readonly certificateFile: string; readonly keyFile: string };

  /** A certificate with its key, as a company's authority would give them. */
  async function writePair(name: string): Promise<typeof files> {
    const { cert, key } = await openDevCertificate(folder, 'id.example.com', systemClock);
    const [certificateFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    await writeFile(certificateFile, cert);
    await writeFile(keyFile, key, { mode: 0o600 });
    return { certificateFile, keyFile };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'latchkey-tls-'));
    files = await writePair('first');
    const port = await freePort();
    latchkey = await startLatchkey({
      port,
      issuer: `https://id.example.com:${port}`,
      settings: {
        profile: 'production',
        people: [],
        http: { tls: { from: 'files', ...files, reloadEvery: '1s' } },
      },
    });
    way = throughNode(port, await readFile(join(folder, 'dev-authority.crt'), 'utf8'));
  });

  afterAll(async () => {
    await way?.close();
    await latchkey?.stop();
    await latchkey?.clean();
    await rm(folder, { recursive: true, force: true });
  });

  test('tells browsers to come by https alone', async () => {
    const answer = await way.fetch(`${latchkey.issuer}/logout`);
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  test('shows a new certificate without a restart', async () => {
    const second = await writePair('second');
    const renewed = new X509Certificate(await readFile(second.certificateFile)).fingerprint256;
    expect(await shownAt(latchkey.port)).not.toBe(renewed);
    await copyFile(second.keyFile, files.keyFile);
    await copyFile(second.certificateFile, files.certificateFile);
    await expect.poll(() => shownAt(latchkey.port)).toBe(renewed);
    expect((await way.fetch(`${latchkey.issuer}/.well-known/jwks.json`)).status).toBe(200);
  });
});

/** The fingerprint of the certificate that a new connection is shown. */
function shownAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
