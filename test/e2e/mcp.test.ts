import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHttpsHost, type HttpsHost } from '../support/https-host.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { createUserAgent } from '../support/relying-parties/user-agent.ts';

const API = 'https://api.example.com';
const CALLBACK = 'http://127.0.0.1:45678/callback';

let folder: string;
let web: HttpsHost;
let latchkey: Latchkey;
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-web-'));
  web = await openHttpsHost(folder, ({ url = '', headers: { host = '' } }, response) => {
    asked.push(`${host}${url}`);
    if (url === '/moved.json') response.writeHead(302, { location: '/client.json' }).end();
    else sendDocument(response, `https://${host}${url}`);
  });
  const hosts = [`localhost:${web.port}`, `127.0.0.1:${web.port}`];
  latchkey = await startLatchkey({
    environment: { NODE_EXTRA_CA_CERTS: web.authorityFile },
    settings: {
      http: { outbound: { allow: ['localhost'] } },
      protocol: { clientIdMetadata: { enabled: true, hosts } },
      apis: [{ identifier: API, name: 'The API', scopes: { read: 'Read' } }],
    },
  });
}, 60_000);

afterAll(async () => {
  await latchkey?.stop();
  await latchkey?.clean();
  await web?.close();
  await rm(folder, { recursive: true });
});

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
