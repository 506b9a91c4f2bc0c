import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import express from 'express';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireToken } from '../../verifier/src/adapters/express.ts';
import { createVerifier, type Verifier } from '../../verifier/src/index.ts';
import { createDpopKey } from '../integration/verifier/dpop-key.ts';
import {
  CLIENT_AUTH,
  createTestAuthority,
  derOf,
  selfSigned,
  SERVER_AUTH,
  thumbprintOf,
  type Issued,
} from '../support/certificates.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { startNginx, type Nginx } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { createOpenidClient } from '../support/relying-parties/openid-client.ts';
import { throughNode, type Way } from '../support/relying-parties/through-node.ts';
import { createUserAgent } from '../support/relying-parties/user-agent.ts';

const API = 'https://orders.example.com';
const CALLBACK = 'https://app.example/callback';
const SECRET = 'a-secret-of-the-api-0123456789abcdefghij';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const HEADER = 'X-Client-Cert';
/** The one address whose header is believed. */
const PROXY = '127.0.0.2';
const ASKED = { grant_type: 'client_credentials', resource: API, scope: 'read' };
const now = Math.floor(Date.now() / 1000);

const authority = createTestAuthority('Clients');
const machine = authority.issue({ uses: [CLIENT_AUTH], names: [['dns', 'machine.example']] });
const ownMade = selfSigned({ subject: [['CN', 'self']] });
const someones = selfSigned({ subject: [['CN', 'app']] });

let folder: string;
let latchkey: Latchkey;
let way: Way;
let mtlsPort: number;
let nginx: Nginx;
let ca: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-mtls-'));
  await writeFile(join(folder, 'clients.crt'), authority.cert);
  await writeFile(join(folder, 'clients.crl'), authority.revocationList([]));
  const port = await freePort();
  mtlsPort = await freePort();
  latchkey = await startLatchkey({
    port,
    issuer: `https://localhost:${port}`,
    settings: {
      http: { tls: { from: 'dev-ca' }, trustedProxies: [PROXY] },
      apis: [{ identifier: API, name: 'Orders', scopes: { read: 'Read' } }],
      protocol: {
        tokenExchange: { enabled: true },
        mtls: {
          enabled: true,
          listener: { port: mtlsPort },
          header: { name: HEADER, format: 'pem' },
          authoritiesFile: join(folder, 'clients.crt'),
          revocationListsFile: join(folder, 'clients.crl'),
          reloadEvery: '1s',
        },
      },
      clients: CLIENTS,
    },
  });
  ca = await readFile(join(latchkey.folder, 'keys/dev-authority.crt'), 'utf8');
  way = throughNode(port, ca);
  const shown = selfSigned({ names: [['dns', 'localhost']] });
  nginx = await startNginx({
    tls: shown,
    upstreams: { id: port },
    locations: `
ssl_verify_client optional_no_ca;
location / {
  proxy_pass https://id;
  proxy_bind ${PROXY};
  proxy_set_header Host localhost:${port};
  proxy_set_header ${HEADER} $ssl_client_escaped_cert;
}`,
  });
});

afterAll(async () => {
  await nginx?.stop();
  await way?.close();
  await latchkey?.stop();
  await latchkey?.clean();
  await rm(folder, { recursive: true, force: true });
});

const byCertificate = { tokenEndpointAuthMethod: 'tls_client_auth', type: 'machine' };
const CLIENTS = [
  {
    id: 'machine',
    ...byCertificate,
    tlsClientAuthSubjectDn: 'CN=client,O=Example',
    tlsClientCertificateBoundAccessTokens: true,
  },
  {
    id: 'bank',
    profile: 'fapi2',
    redirectUris: [CALLBACK],
    tokenEndpointAuthMethod: 'tls_client_auth',
    tlsClientAuthSanDns: 'machine.example',
    tlsClientCertificateBoundAccessTokens: true,
    idTokenSignedResponseAlg: 'ES256',
  },
  { id: 'by-dns', ...byCertificate, tlsClientAuthSanDns: 'machine.example' },
  {
    id: 'self',
    type: 'machine',
    tokenEndpointAuthMethod: 'self_signed_tls_client_auth',
    jwks: { keys: [jwkOf(ownMade)] },
  },
  {
    id: 'app',
    type: 'native',
    redirectUris: [CALLBACK],
    tlsClientCertificateBoundAccessTokens: true,
  },
  {
    id: 'gateway',
    type: 'machine',
    secretInClear: SECRET,
    grantTypes: [EXCHANGE],
    tokenExchange: { subjects: ['app'], audiences: [API] },
  },
  { id: 'orders', type: 'machine', secretInClear: SECRET, introspects: [API] },
];

function jwkOf({ cert, privateKey }: Issued): object {
  const { kty, crv, x, y } = privateKey.export({ format: 'jwk' });
  return { kty, crv, x, y, x5c: [derOf(cert).toString('base64')] };
}

interface Call {
  readonly path?: string;
  readonly form?: Record<string, string>;
  readonly headers?: Record<string, string | string[]>;
  readonly shows?: Pick<Issued, 'cert' | 'key'> | undefined;
  /** The listener that asks for certificates, when left out. */
  readonly port?: number;
  readonly from?: string;
}

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
}

/** One request over a connection of its own. */
function call({
  path = '/token',
  form,
  headers,
  shows,
  port = mtlsPort,
  from,
}: Call): Promise<Answered> {
  const host = `localhost:${port === mtlsPort ? mtlsPort : latchkey.port}`;
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: form ? 'POST' : 'GET',
        ca,
        servername: 'localhost',
        // Of nginx the certificate is its own.
        rejectUnauthorized: port === mtlsPort || port === latchkey.port,
        agent: false,
        ...(from !== undefined && { localAddress: from }),
        ...(shows && { cert: shows.cert, key: shows.key }),
        headers: {
          host,
          ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.includes('json') === true;
          const body = isJson && text !== '' ? (JSON.parse(text) as Answered['body']) : {};
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
        });
      },
    );
    sent.on('error', reject);
    sent.end(form && new URLSearchParams(form).toString());
  });
}

const tokenOf = ({ body }: Answered): string => String(body['access_token']);
const bindingOf = (token: string): unknown => decodeJwt(token)['cnf'];
const bindingTo = ({ cert }: Issued): object => ({ 'x5t#S256': thumbprintOf(cert) });
const escaped = ({ cert }: Issued): Record<string, string> => ({
  [HEADER]: encodeURIComponent(cert),
});
const asMachine = (more: Partial<Call> = {}): Promise<Answered> =>
  call({ form: { ...ASKED, client_id: 'machine' }, shows: machine, ...more });

/** The client `id` as openid-client has it, with the certificate of `machine`; whoever asks closes the agent. */
async function discover(
  id: string,
  metadata: Partial<client.ClientMetadata> = {},
): Promise<{ readonly configuration: client.Configuration; readonly agent: Agent }> {
  const agent = new Agent({ connect: { ca, cert: machine.cert, key: machine.key } });
  const send = (url: unknown, init: unknown): unknown =>
    undiciFetch(url as string, { ...(init as object), dispatcher: agent });
  const configuration = await client.discovery(
    new URL(latchkey.issuer),
    id,
    { use_mtls_endpoint_aliases: true, ...metadata },
    client.TlsClientAuth(),
    { [client.customFetch]: send as client.CustomFetch },
  );
  return { configuration, agent };
}

describe('a client with a certificate, at the listener that asks for it', () => {
  test('is found by openid-client at the aliases of discovery, and gets a token bound to it', async () => {
    const { configuration, agent } = await discover('machine');
    const metadata = configuration.serverMetadata();
    expect(metadata.mtls_endpoint_aliases?.token_endpoint).toBe(
      `https://localhost:${mtlsPort}/token`,
    );
    expect(metadata.token_endpoint_auth_methods_supported).toContain('tls_client_auth');
    expect(metadata.tls_client_certificate_bound_access_tokens).toBe(true);
    const { grant_type: _, ...asked } = ASKED;
    const tokens = await client.clientCredentialsGrant(configuration, asked);
    expect(tokens.token_type).toBe('bearer');
    expect(bindingOf(tokens.access_token)).toEqual(bindingTo(machine));
    await agent.close();
  });

  test('meets FAPI 2.0 by it, from the pushed request to a refresh token that stays', async () => {
    const { configuration, agent } = await discover('bank', {
      id_token_signed_response_alg: 'ES256',
    });
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = await client.buildAuthorizationUrlWithPAR(configuration, {
      redirect_uri: CALLBACK,
      scope: 'openid offline_access read',
      resource: API,
      prompt: 'consent',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const { url: back } = await createUserAgent(latchkey.issuer, way.fetch).authorize(url);
    const tokens = await client.authorizationCodeGrant(configuration, back, { pkceCodeVerifier });
    const refreshToken = tokens.refresh_token ?? '';
    const next = await client.refreshTokenGrant(configuration, refreshToken, { resource: API });
    expect(next.refresh_token).toBe(refreshToken);
    expect(bindingOf(next.access_token)).toEqual(bindingTo(machine));
    await agent.close();
  });

  test.each<[string, Issued | undefined]>([
    ['without one', undefined],
    ['with one of its own making', selfSigned()],
    ['with one of an authority of the same name', createTestAuthority('Clients').issue()],
    ['with one that is over', authority.issue({ notAfter: now - 60 })],
    ['with one that is not good yet', authority.issue({ notBefore: now + 600 })],
    ['with one for servers', authority.issue({ uses: [SERVER_AUTH] })],
    ['with one of another subject', authority.issue({ subject: [['CN', 'client']] })],
  ])('%s is nobody', async (_, shows) => {
    const { status, body } = await asMachine({ shows });
    expect(status).toBe(401);
    expect(body['error']).toBe('invalid_client');
  });

  test('is known by another of its names, where that is registered', async () => {
    const form = { ...ASKED, client_id: 'by-dns' };
    const named = await call({ form, shows: machine });
    expect(named.status).toBe(200);
    expect(bindingOf(tokenOf(named))).toBeUndefined();
    expect((await call({ form, shows: authority.issue() })).status).toBe(401);
  });

  test('is known by the one that it registered, if no authority stands for it', async () => {
    const form = { ...ASKED, client_id: 'self' };
    expect((await call({ form, shows: ownMade })).status).toBe(200);
    expect((await call({ form, shows: machine })).status).toBe(401);
    const copy = selfSigned({ subject: [['CN', 'self']], key: ownMade.privateKey });
    expect((await call({ form, shows: copy })).status).toBe(401);
  });

  test('may bind its tokens to a key in its place, at the address that it called', async () => {
    const key = await createDpopKey();
    const url = `https://localhost:${mtlsPort}/token`;
    const dpop = await key.prove({ method: 'POST', url });
    const form = { ...ASKED, client_id: 'by-dns' };
    const answer = await call({ form, shows: machine, headers: { dpop } });
    expect(answer.status).toBe(200);
    expect(bindingOf(tokenOf(answer))).toEqual({ jkt: key.jkt });
  });

  test('is the same client on a connection that is resumed', async () => {
    const options = { host: '127.0.0.1', port: mtlsPort, servername: 'localhost', ca };
    const first = connect({ ...options, cert: machine.cert, key: machine.key });
    const ticket = once(first, 'session');
    await once(first, 'secureConnect');
    first.write(`GET /livez HTTP/1.1\r\nHost: localhost:${mtlsPort}\r\n\r\n`);
    const [session] = (await ticket) as [Buffer];
    first.destroy();
    const resumed = connect({ ...options, session, cert: machine.cert, key: machine.key });
    await once(resumed, 'secureConnect');
    expect(resumed.isSessionReused()).toBe(true);
    const body = new URLSearchParams({ ...ASKED, client_id: 'machine' }).toString();
    const head = [
      'POST /token HTTP/1.1',
      `Host: localhost:${mtlsPort}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      'Connection: close',
    ];
    expect(await exchange(resumed, `${head.join('\r\n')}\r\n\r\n${body}`)).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });

  test('is nobody from when the list of its authority names it', async () => {
    const lost = authority.issue();
    expect((await asMachine({ shows: lost })).status).toBe(200);
    await writeFile(join(folder, 'clients.crl'), authority.revocationList([lost]));
    await expect.poll(async () => (await asMachine({ shows: lost })).status).toBe(401);
    expect((await asMachine()).status).toBe(200);
  });

  test('finds no page there, and nobody is asked for a certificate elsewhere', async () => {
    for (const path of ['/account', '/authorize?client_id=app', '/interaction/x', '/logout'])
      expect((await call({ path, shows: machine })).status).toBe(421);
    expect((await asMachine({ port: latchkey.port })).status).toBe(401);
  });
});

function exchange(socket: TLSSocket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString()));
    socket.on('error', reject);
    socket.write(text);
  });
}

describe('a certificate behind a proxy', () => {
  const throughNginx = (more: Partial<Call> = {}): Promise<Answered> =>
    asMachine({ port: Number(new URL(nginx.origin).port), ...more });

  test('is handed on by nginx', async () => {
    const answer = await throughNginx();
    expect(answer.status).toBe(200);
    expect(bindingOf(tokenOf(answer))).toEqual(bindingTo(machine));
    expect((await throughNginx({ shows: undefined })).status).toBe(401);
  });

  test('cannot be smuggled past nginx', async () => {
    const headers = escaped(machine);
    expect((await throughNginx({ shows: undefined, headers })).status).toBe(401);
    expect((await throughNginx({ shows: someones, headers })).status).toBe(401);
  });

  test.each<[string, Partial<Call>, number]>([
    ['of a stranger counts for nothing', { shows: undefined, headers: escaped(machine) }, 401],
    ['of the proxy counts', { shows: undefined, headers: escaped(machine), from: PROXY }, 200],
    [
      'that is there twice is refused',
      {
        shows: undefined,
        headers: { [HEADER]: [escaped(someones)[HEADER] ?? '', escaped(machine)[HEADER] ?? ''] },
        from: PROXY,
      },
      400,
    ],
    [
      'that holds two is refused',
      {
        shows: undefined,
        headers: { [HEADER]: encodeURIComponent(someones.cert + machine.cert) },
        from: PROXY,
      },
      400,
    ],
    [
      'that is none is refused',
      { shows: undefined, headers: { [HEADER]: 'CN=client' }, from: PROXY },
      400,
    ],
    [
      'as Apache writes none is none',
      { shows: undefined, headers: { [HEADER]: '(null)' }, from: PROXY },
      401,
    ],
  ])('in a header %s', async (_, more, status) => {
    expect((await asMachine({ port: latchkey.port, ...more })).status).toBe(status);
  });

  test('is not taken where clients show their own', async () => {
    const headers = escaped(machine);
    expect((await asMachine({ shows: someones, headers })).status).toBe(401);
    expect((await asMachine({ shows: machine, headers: escaped(someones) })).status).toBe(200);
    expect((await asMachine({ shows: machine, headers, from: PROXY })).status).toBe(400);
  });
});

describe('the tokens of a person, bound to the certificate of an app without a secret', () => {
  let accessToken: string;
  let refreshToken: string;

  beforeAll(async () => {
    const app = await createOpenidClient({
      issuer: latchkey.issuer,
      id: 'app',
      redirectUri: CALLBACK,
      authentication: client.None(),
      fetch: way.fetch,
    });
    const agent = createUserAgent(latchkey.issuer, way.fetch);
    const codeForm = async (): Promise<Record<string, string>> => {
      const { url, checks } = await app.authorize(agent);
      return {
        grant_type: 'authorization_code',
        client_id: 'app',
        code: url.searchParams.get('code') ?? '',
        redirect_uri: CALLBACK,
        code_verifier: checks.pkceCodeVerifier ?? '',
      };
    };
    expect((await call({ form: await codeForm(), port: latchkey.port })).status).toBe(400);
    const redeemed = await call({ form: await codeForm(), shows: someones });
    accessToken = tokenOf(redeemed);
    refreshToken = String(redeemed.body['refresh_token']);
    expect(bindingOf(accessToken)).toEqual(bindingTo(someones));
  });

  const refresh = (shows: Issued | undefined, port = mtlsPort): Promise<Answered> =>
    call({
      form: { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'app' },
      shows,
      port,
    });

  test('are refreshed with it alone, and stay bound', async () => {
    expect((await refresh(undefined)).status).toBe(400);
    expect((await refresh(machine)).status).toBe(400);
    expect((await refresh(undefined, latchkey.port)).status).toBe(400);
    for (let round = 0; round < 2; round += 1) {
      const next = await refresh(someones);
      expect(next.status).toBe(200);
      expect(bindingOf(tokenOf(next))).toEqual(bindingTo(someones));
      refreshToken = String(next.body['refresh_token']);
    }
  });

  test('are exchanged with it alone, for tokens that are bound to it', async () => {
    const form = {
      grant_type: EXCHANGE,
      subject_token: accessToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      client_id: 'gateway',
      client_secret: SECRET,
    };
    const exchanged = await call({ form, shows: someones });
    expect(bindingOf(tokenOf(exchanged))).toEqual(bindingTo(someones));
    for (const shows of [machine, undefined])
      expect((await call({ form, shows })).body['error']).toBe('invalid_request');
    expect((await call({ form, port: latchkey.port })).body['error']).toBe('invalid_request');
  });

  test('tell userinfo with it alone', async () => {
    const tell = (more: Partial<Call>): Promise<Answered> =>
      call({ path: '/userinfo', headers: { authorization: `Bearer ${accessToken}` }, ...more });
    expect((await tell({ shows: someones })).body['email']).toBe('alice@example.com');
    expect((await tell({ shows: machine })).status).toBe(401);
    expect((await tell({})).status).toBe(401);
    expect((await tell({ port: latchkey.port })).status).toBe(401);
  });
});

describe('an API that has clients show certificates', () => {
  let verifier: Verifier;
  let api: Server;
  let apiPort: number;

  beforeAll(async () => {
    verifier = createVerifier({
      issuer: latchkey.issuer,
      audience: API,
      revocation: { whenSilent: 'refuse' },
      credentials: { clientId: 'orders', clientSecret: SECRET },
      fetch: way.fetch,
    });
    const app = express();
    app.get('/orders', requireToken(verifier, { scopes: ['read'] }), (_, response) => {
      response.json({ orders: [] });
    });
    const own = selfSigned({ names: [['dns', 'localhost']] });
    api = createServer({ ...own, requestCert: true, rejectUnauthorized: false }, app);
    await once(api.listen(0, '127.0.0.1'), 'listening');
    apiPort = (api.address() as AddressInfo).port;
  });
  afterAll(async () => {
    api?.closeAllConnections();
    api?.close();
    verifier?.close();
  });

  test('takes a bound token over a connection with its certificate, until it is revoked', async () => {
    const token = tokenOf(await asMachine());
    const authorization = `Bearer ${token}`;
    const ask = async (shows?: Issued): Promise<number> =>
      (await call({ path: '/orders', port: apiPort, headers: { authorization }, shows })).status;
    await expect.poll(() => ask(machine)).toBe(200);
    expect(await ask(someones)).toBe(401);
    expect(await ask()).toBe(401);

    const basic = { authorization: `Basic ${btoa(`orders:${SECRET}`)}` };
    const introspect = async (): Promise<Record<string, unknown>> => {
      const asked = { path: '/introspect', form: { token }, headers: basic };
      return (await call({ ...asked, port: latchkey.port })).body;
    };
    expect(await introspect()).toMatchObject({ active: true, cnf: bindingTo(machine) });

    await call({ path: '/revoke', form: { token, client_id: 'machine' }, shows: machine });
    expect(await introspect()).toEqual({ active: false });
    await expect.poll(() => ask(machine)).toBe(401);
  });
});
