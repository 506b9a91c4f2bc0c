import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDevCertificate } from '../../src/http/dev-authority.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPOSE = join(ROOT, 'config/compose');
const HOST = 'id.localhost';
const CALLBACK = 'https://shop.example/callback';
const PASSWORD = 'a horse that nobody battered';

interface Node {
  readonly process: ChildProcess;
  readonly port: number;
  output(): string;
}

let folder: string;
let redis: TestRedis;
let postgres: TestPostgres;
let proxy: Server;
let issuer: string;
let environment: Readonly<Record<string, string>>;
let nodes: readonly Node[];
let outside: Agent;

/** What `docker compose up` does, with the same files, on servers of this machine. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-compose-'));
  const mine = [process.getuid?.(), process.getgid?.()].map(String);
  await run(process.execPath, [
    join(COMPOSE, 'make-secrets.mjs'),
    join(folder, 'secrets'),
    ...mine,
  ]);
  redis = await startRedis({ args: ['--include', await redisSettings()] });
  postgres = await startPostgres();
  issuer = `https://${HOST}:${await freePort()}`;
  environment = await environmentOf();
  nodes = await Promise.all(['1', '2'].map(startNode));
  proxy = await startProxy();
  await Promise.all(nodes.map(untilReady));
});

afterAll(async () => {
  for (const { process: node } of nodes ?? []) node.kill('SIGKILL');
  proxy?.closeAllConnections();
  proxy?.close();
  await outside?.close();
  await redis?.stop();
  await postgres?.stop();
  await rm(folder, { recursive: true });
});

test('Redis has what its file says, and wants the password that was made for it', async () => {
  await expect(redis.execute('ping')).resolves.toContain('NOAUTH');
  const password = await secret('nodes/redis-password');
  for (const [name, value] of [
    ['maxmemory-policy', 'noeviction'],
    ['appendonly', 'yes'],
  ] as const) {
    expect(
      await redis.execute('--no-auth-warning', '-a', password, 'config', 'get', name),
    ).toContain(value);
  }
});

test('both nodes say the same of themselves, under one set of keys', async () => {
  const documents = ['/.well-known/openid-configuration', '/.well-known/jwks.json'];
  for (const path of documents) {
    const answers = await Promise.all(nodes.map(({ port }) => askNode(port, path)));
    expect(answers[0]).toContain(path.endsWith('jwks.json') ? '"keys"' : `"issuer":"${issuer}"`);
    expect(answers[1]).toBe(answers[0]);
  }
});

test('from empty to the first sign-in: an owner and an app by the CLI, then a browser', async () => {
  await latchkey(['person', 'create', '--email', 'ada@example.com', '--owner'], `${PASSWORD}\n`);
  const created = await latchkey([
    'client',
    'create',
    '--type',
    'web',
    '--id',
    'shop',
    '--name',
    'Shop',
    '--redirect-uri',
    CALLBACK,
    '--json',
  ]);
  const { client_secret: clientSecret } = JSON.parse(created) as { client_secret: string };
  const verifier = randomBytes(32).toString('base64url');
  const code = await signIn({ verifier, state: 'state-1' });

  const basic = Buffer.from(`shop:${clientSecret}`).toString('base64');
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    dispatcher: outside,
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: verifier,
    }),
  });
  const tokens = (await answer.json()) as { id_token: string; access_token: string };
  expect(answer.status, JSON.stringify(tokens)).toBe(200);
  const keys = await askNode(nodes[0]?.port ?? 0, '/.well-known/jwks.json');
  const keySet = createLocalJWKSet(JSON.parse(keys) as JSONWebKeySet);
  const { payload } = await jwtVerify(tokens.id_token, keySet, { issuer, audience: 'shop' });

  // Once for each node, since the proxy takes turns.
  for (const _ of nodes) {
    const userinfo = await fetch(`${issuer}/userinfo`, {
      dispatcher: outside,
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(await userinfo.json()).toMatchObject({ sub: payload.sub, email: 'ada@example.com' });
  }
});

test('what happened is on record, whole', async () => {
  expect(await latchkey(['audit', 'verify'])).toContain('The audit is whole.');
  const events = await latchkey(['audit', 'list', '--json']);
  for (const type of [
    'account.created',
    'client.created',
    'sign_in.succeeded',
    'consent.granted',
  ]) {
    expect(events).toContain(`"${type}"`);
  }
});

test('no secret is in what the nodes wrote', async () => {
  const secrets = await Promise.all(
    ['nodes/redis-password', 'nodes/postgres-password', 'nodes/master-key'].map(secret),
  );
  const written = nodes.map(({ output }) => output()).join('');
  for (const one of [...secrets, PASSWORD]) expect(written).not.toContain(one);
});

test('both nodes leave in peace', async () => {
  for (const { process: node, output } of nodes) {
    const ended = once(node, 'exit');
    node.kill('SIGTERM');
    expect(await ended, output()).toEqual([0, null]);
  }
});

function secret(path: string): Promise<string> {
  return readFile(join(folder, 'secrets', path), 'utf8');
}

/** The file that compose mounts, but for places that only a container has. */
async function redisSettings(): Promise<string> {
  const path = join(folder, 'redis.conf');
  const text = await readFile(join(COMPOSE, 'redis.conf'), 'utf8');
  const here = text
    .replace('/run/latchkey', join(folder, 'secrets'))
    .split('\n')
    .filter((line) => !/^(?:bind|dir) /.test(line));
  await writeFile(path, here.join('\n'));
  return path;
}

/** Every difference between a container and this machine, each a setting by its variable. */
async function environmentOf(): Promise<Readonly<Record<string, string>>> {
  const of = (path: string): string => join(folder, 'secrets', path);
  return {
    PATH: process.env['PATH'] ?? '',
    LATCHKEY_CONFIG: join(COMPOSE, 'latchkey.yaml'),
    LATCHKEY_ISSUER: issuer,
    LATCHKEY_HTTP_LISTEN_HOST: '127.0.0.1',
    LATCHKEY_HTTP_TRUSTED_PROXIES: '127.0.0.1',
    LATCHKEY_STORAGE_STATE_REDIS_URL: redis.url,
    LATCHKEY_STORAGE_STATE_REDIS_PASSWORD_FILE: of('nodes/redis-password'),
    LATCHKEY_STORAGE_RECORDS_POSTGRES_URL: (await postgres.createDatabase()).replace(
      'latchkey@',
      '',
    ),
    LATCHKEY_STORAGE_RECORDS_POSTGRES_PASSWORD_FILE: of('nodes/postgres-password'),
    LATCHKEY_SIGNING_KEYS_MASTER_KEY_FILE: of('nodes/master-key'),
  };
}

async function startNode(name: string): Promise<Node> {
  const port = await freePort();
  const node = spawn(process.execPath, [join(ROOT, 'latchkey.mjs'), 'start'], {
    cwd: folder,
    env: {
      ...environment,
      LATCHKEY_HTTP_LISTEN_PORT: String(port),
      LATCHKEY_AUDIT_NODE: `latchkey-${name}`,
      LATCHKEY_SIGNING_KEYS_FOLDER: join(folder, `keys-${name}`),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [node.stdout, node.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  }
  return { process: node, port, output: () => output.join('') };
}

async function untilReady({ port, process: node, output }: Node): Promise<void> {
  const deadline = performance.now() + 100_000;
  while (performance.now() < deadline && node.exitCode === null) {
    if ((await askNode(port, '/readyz').catch(() => undefined)) !== undefined) return;
    await delay(50);
  }
  throw new Error(`a node was not ready:\n${output()}`);
}

/** Asks one node, past the proxy. */
function askNode(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host: new URL(issuer).host };
    httpRequest({ host: '127.0.0.1', port, path, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) resolve(text);
        else reject(new Error(`${answer.statusCode}: ${text}`));
      });
    })
      .on('error', reject)
      .end();
  });
}

/** Does what the Caddyfile asks: speaks TLS, takes turns, says who asked. */
async function startProxy(): Promise<Server> {
  const { cert, key, authorityFile } = await openDevCertificate(folder, HOST, systemClock);
  outside = new Agent({
    connect: {
      ca: await readFile(authorityFile, 'utf8'),
      lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  });
  let turn = 0;
  const server = createServer({ cert, key }, (request, response) => {
    turn += 1;
    const { method, url: path, headers, socket } = request;
    const forwarded = httpRequest(
      {
        host: '127.0.0.1',
        port: nodes[turn % nodes.length]?.port,
        method,
        path,
        headers: {
          ...headers,
          'x-forwarded-for': socket.remoteAddress,
          'x-forwarded-proto': 'https',
          'x-forwarded-host': headers.host,
        },
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  server.listen(Number(new URL(issuer).port), '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Runs a command of the CLI on the stores of the running nodes. */
async function latchkey(args: readonly string[], input = ''): Promise<string> {
  const command = spawn(process.execPath, [join(ROOT, 'latchkey.mjs'), ...args], {
    cwd: folder,
    env: { ...environment, LATCHKEY_SIGNING_KEYS_FOLDER: join(folder, 'keys-cli') },
  });
  const output = { out: '', err: '' };
  command.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
  command.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
  command.stdin.end(input);
  const [code] = await once(command, 'close');
  if (code !== 0) throw new Error(`latchkey ${args.join(' ')} ended with ${code}:\n${output.err}`);
  return output.out;
}

/** Signs in and consents in a real browser, through the proxy; gives the code. */
async function signIn({ verifier, state }: { verifier: string; state: string }): Promise<string> {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await context.route(`${CALLBACK}**`, (route) => route.fulfill({ body: 'back at the shop' }));
    const parameters = new URLSearchParams({
      client_id: 'shop',
      response_type: 'code',
      scope: 'openid email',
      redirect_uri: CALLBACK,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    await page.goto(`${issuer}/authorize?${parameters.toString()}`);
    await page.fill('input[name=login]', 'ada@example.com');
    await page.fill('input[name=password]', PASSWORD);
    await page.click('button[name=action][value=continue]');
    await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'));
    // Asked once more, for what the shop may see.
    if (page.url().startsWith(issuer)) await page.click('button[name=action][value=continue]');
    await page.waitForURL(`${CALLBACK}**`);
    const back = new URL(page.url()).searchParams;
    expect(back.get('state')).toBe(state);
    expect(back.get('iss')).toBe(issuer);
    return back.get('code') ?? '';
  } finally {
    await browser.close();
  }
}
