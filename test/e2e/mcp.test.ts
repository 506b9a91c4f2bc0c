import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { settingsSchema } from '../../src/settings.ts';
import { openHttpsHost, type HttpsHost } from '../support/https-host.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';
import { createUserAgent } from '../support/relying-parties/user-agent.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BLOCK = /^```(?<language>\w+)[^\n]*\n(?<code>[\s\S]*?)^```$/gm;
const GUIDE = await readFile(join(ROOT, 'docs/guides/mcp.md'), 'utf8');
const API = 'https://api.example.com';
const SECRET = 'a-secret-of-a-test-0123456789abcdef';
const CALLBACK = 'http://127.0.0.1:45678/callback';

let folder: string;
let web: HttpsHost;
let latchkey: Latchkey;
let server: string;
const asked: string[] = [];
let guided: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-web-'));
  web = await openHttpsHost(folder, ({ url = '', headers: { host = '' } }, response) => {
    asked.push(`${host}${url}`);
    if (url === '/moved.json') response.writeHead(302, { location: '/client.json' }).end();
    else sendDocument(response, `https://${host}${url}`);
  });
  const hosts = [`localhost:${web.port}`, `127.0.0.1:${web.port}`];
  const [port, serverPort] = [await freePort(), await freePort()];
  server = `http://127.0.0.1:${serverPort}/mcp`;
  latchkey = await startLatchkey({
    port,
    environment: { NODE_EXTRA_CA_CERTS: web.authorityFile },
    settings: {
      http: { outbound: { allow: ['localhost'] } },
      protocol: { clientIdMetadata: { enabled: true, hosts } },
      registration: { mode: 'open' },
      apis: [
        { identifier: API, name: 'The API', scopes: { read: 'Read' } },
        { identifier: server, name: 'Notes', scopes: { 'notes:read': 'Read your notes' } },
        {
          identifier: `http://127.0.0.1:${port}/behind/us`,
          name: 'Behind us',
          scopes: { read: 'Read' },
          publishMetadata: true,
        },
      ],
      clients: [
        { id: 'notes-server', type: 'machine', secretInClear: SECRET, introspects: [server] },
      ],
    },
  });
  guided = await startGuided(serverPort);
});

afterAll(async () => {
  guided?.kill('SIGKILL');
  await latchkey?.stop();
  await latchkey?.clean();
  await web?.close();
  await rm(folder, { recursive: true });
});

/** The server of the guide, as somebody would run it who follows that. */
async function startGuided(port: number): Promise<ChildProcess> {
  const installed = join(folder, 'node_modules/latchkey-verifier');
  await run(process.execPath, [join(ROOT, 'verifier/build.mjs'), join(installed, 'dist')]);
  const description = await readFile(join(ROOT, 'verifier/package.json'));
  await writeFile(join(installed, 'package.json'), description);
  for (const name of ['jose', 'express']) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), path);
  }
  // The port first: any of those in the URLs may have its digits in it.
  const program = blockOf('js')
    .replaceAll('3000', String(port))
    .replaceAll('https://id.example.com', latchkey.issuer)
    .replaceAll('https://mcp.example.com/mcp', server);
  await writeFile(join(folder, 'server.mjs'), program);
  const child = spawn(process.execPath, ['server.mjs'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], CLIENT_SECRET: SECRET },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await vi.waitFor(() => call(), { timeout: 60_000, interval: 50 });
  return child;
}

function blockOf(language: string): string {
  const found = [...GUIDE.matchAll(BLOCK)].find(({ groups }) => groups?.['language'] === language);
  return found?.groups?.['code'] ?? '';
}

/** One message of the protocol to the server. */
function call(token?: string): Promise<Response> {
  return fetch(server, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list' }),
  });
}

function sendDocument(response: ServerResponse, id: string): void {
  const document = {
    client_id: id,
    client_name: 'An agent',
    client_uri: 'https://bank.example.com/',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  };
  response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
}

async function requestOf(
  path: string,
  host = 'localhost',
): Promise<{ readonly configuration: oidc.Configuration; readonly url: URL; verifier: string }> {
  const id = `https://${host}:${web.port}${path}`;
  const configuration = await oidc.discovery(new URL(latchkey.issuer), id, {}, oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  });
  const verifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: CALLBACK,
    scope: 'openid read',
    resource: API,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return { configuration, url, verifier };
}

describe('a client whose id is the URL of a document', () => {
  test('gets tokens from whoever allows it, after they were shown the host it comes from', async () => {
    const { configuration, url, verifier } = await requestOf('/client.json');
    expect(configuration.serverMetadata()['client_id_metadata_document_supported']).toBe(true);
    const agent = createUserAgent(latchkey.issuer);
    const login = { login: 'alice@example.com', password: 'latchkey-dev' };
    const consent = await agent.submit(await agent.open(url), login);
    expect(consent.html).toContain(`<strong>localhost:${web.port}</strong>`);
    expect(consent.html).not.toContain('bank.example.com');
    const { url: answer } = await agent.submit(consent);
    const tokens = await oidc.authorizationCodeGrant(configuration, answer, {
      pkceCodeVerifier: verifier,
    });
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      aud: [API, `${latchkey.issuer}/userinfo`],
      client_id: `https://localhost:${web.port}/client.json`,
    });
    expect(asked).toStrictEqual([`localhost:${web.port}/client.json`]);
  });

  test('is not looked for at an address inside, nor where another page leads', async () => {
    const agent = createUserAgent(latchkey.issuer);
    const before = asked.length;
    const inside = await requestOf('/client.json', '127.0.0.1');
    expect((await agent.open(inside.url)).status).toBe(400);
    expect(asked).toHaveLength(before);
    const moved = await requestOf('/moved.json');
    expect((await agent.open(moved.url)).status).toBe(400);
    expect(asked.slice(before)).toStrictEqual([`localhost:${web.port}/moved.json`]);
  });
});

const PLAIN = { [oauth.allowInsecureRequests]: true };

/** From the URL of the server to whoever gives tokens for it. */
async function discover(): Promise<{
  readonly resource: oauth.ResourceServer;
  readonly authorization: oauth.AuthorizationServer;
}> {
  const refused = await call();
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toContain('scope="notes:read"');
  const [, metadata = ''] =
    /resource_metadata="([^"]*)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
  const resource = await oauth.processResourceDiscoveryResponse(
    new URL(server),
    await fetch(metadata),
  );
  const issuer = new URL(resource.authorization_servers?.[0] ?? '');
  const options = { ...PLAIN, algorithm: 'oauth2' } as const;
  const authorization = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, options),
  );
  return { resource, authorization };
}

async function tokenFor(
  client: oauth.Client,
  { resource, authorization }: Awaited<ReturnType<typeof discover>>,
): Promise<oauth.TokenEndpointResponse> {
  const verifier = oauth.generateRandomCodeVerifier();
  const url = new URL(authorization.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: CALLBACK,
    resource: resource.resource,
    scope: (resource.scopes_supported ?? []).join(' '),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const answer = (await createUserAgent(latchkey.issuer).authorize(url)).url;
  const response = await oauth.authorizationCodeGrantRequest(
    authorization,
    client,
    oauth.None(),
    oauth.validateAuthResponse(authorization, client, answer, oauth.expectNoState),
    CALLBACK,
    verifier,
    { ...PLAIN, additionalParameters: { resource: resource.resource } },
  );
  return oauth.processAuthorizationCodeResponse(authorization, client, response);
}

/** Both ways for a client to say who it is. */
const WAYS: readonly [string, (found: oauth.AuthorizationServer) => Promise<oauth.Client>][] = [
  [
    'the URL of a document',
    async (found) => {
      expect(found['client_id_metadata_document_supported']).toBe(true);
      return { client_id: `https://localhost:${web.port}/agent.json` };
    },
  ],
  [
    'registration',
    async (found) => {
      const metadata = {
        client_name: 'An agent',
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'none',
        scope: 'notes:read',
      };
      const asking = await oauth.dynamicClientRegistrationRequest(found, metadata, PLAIN);
      return oauth.processDynamicClientRegistrationResponse(asking);
    },
  ],
];

describe('an MCP server as in the guide', () => {
  test('has settings that the provider takes', () => {
    const settings: object = parse(blockOf('yaml'));
    const read = settingsSchema.parse({ issuer: 'https://id.example.com', ...settings });
    expect(read.clients[0]?.introspects).toStrictEqual([read.apis[0]?.identifier]);
  });

  test.each(WAYS)(
    'is reached by a client that knows its URL alone, and says who it is by %s',
    async (_, identify) => {
      const found = await discover();
      expect(found.resource).toMatchObject({ resource: server, resource_name: 'Notes' });
      const client = await identify(found.authorization);
      const { access_token: token } = await tokenFor(client, found);
      expect(decodeJwt(token)).toMatchObject({ aud: server, client_id: client.client_id });
      const answer = await call(token);
      expect(await answer.json()).toMatchObject({
        id: 7,
        result: { method: 'tools/list', of: decodeJwt(token).sub },
      });
      const command = ['revoke', 'client', client.client_id, '--config', latchkey.configFile];
      const environment = { ...process.env, NODE_EXTRA_CA_CERTS: web.authorityFile };
      await run(process.execPath, [join(ROOT, 'latchkey.mjs'), ...command], {
        cwd: latchkey.folder,
        env: environment,
      });
      await expect.poll(async () => (await call(token)).status).toBe(401);
    },
  );

  test('refuses a token for another API', async () => {
    const found = await discover();
    const client = { client_id: `https://localhost:${web.port}/agent.json` };
    const resource = { ...found.resource, resource: API, scopes_supported: ['read'] };
    const { access_token: token } = await tokenFor(client, { ...found, resource });
    expect((await call(token)).status).toBe(401);
  });
});

test('what clients must know of an API behind the same host is published by the provider', async () => {
  const behind = new URL('/behind/us', latchkey.issuer);
  const response = await oauth.resourceDiscoveryRequest(behind, PLAIN);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(await oauth.processResourceDiscoveryResponse(behind, response)).toStrictEqual({
    resource: behind.href,
    resource_name: 'Behind us',
    authorization_servers: [latchkey.issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: ['read'],
    dpop_signing_alg_values_supported: ['ES256', 'PS256', 'EdDSA'],
  });
  const elsewhere = new URL('/.well-known/oauth-protected-resource/mcp', latchkey.issuer);
  expect((await fetch(elsewhere)).status).toBe(404);
});
