import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CLIENT_AUTH, createTestAuthority } from '../support/certificates.ts';
import { startLatchkey, type Latchkey, type Settings } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [TABLE = '', PRINTED = ''] = readFileSync(join(ROOT, 'docs/protocol.md'), 'utf8').split(
  '\n## Requests that work\n',
);
const BLOCK = /^```(?<language>\w+)(?: (?<name>[\w.]+))?\n(?<code>[\s\S]*?)^```$/gm;
const SECRET = /\{ env: (\w+) \}/g;
/** A request that is led elsewhere by its host name, which no test owns; the guide's own tests run it. */
const NOT_HERE = /^open /;

interface Block {
  readonly language: string;
  readonly name?: string;
  readonly code: string;
}

interface Step {
  readonly command: string;
  /** What is printed below it. */
  readonly expected: string;
}

const sections = PRINTED.split(/^### /m)
  .slice(1)
  .map((section) => ({ title: section.slice(0, section.indexOf('\n')), blocks: blocksOf(section) }))
  .filter(({ blocks }) => stepsOf(blocks).length > 0);

/** What commands find in their environment: secrets, and members of the answers so far. */
const known: Record<string, string> = {};
const events: string[] = [];
let latchkey: Latchkey;
let settings: Settings;
let keyServer: Server;
let folder: string;
let places: readonly (readonly [string, string])[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-requests-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await writeCertificates();
  const shop = await generateKeyPair('ES256', { extractable: true });
  const partner = await generateKeyPair('ES256', { extractable: true });
  await writeFile(join(folder, 'shop.jwk'), JSON.stringify(await exportJWK(shop.privateKey)));
  keyServer = await serveKeys({
    '/shop.json': { ...(await exportJWK(shop.publicKey)), kid: 'shop-1', alg: 'ES256', use: 'sig' },
    '/partner.json': { ...(await exportJWK(partner.publicKey)), kid: 'p-1', alg: 'ES256' },
  });
  const port = await freePort();
  const mtlsPort = await freePort();
  const { port: keyPort } = keyServer.address() as AddressInfo;
  places = [
    ['https://id.example.com:4443', `https://localhost:${mtlsPort}`],
    ['https://id.example.com', `https://localhost:${port}`],
    ['https://keys.example.com', `http://127.0.0.1:${keyPort}`],
    ['port: 4443', `port: ${mtlsPort}`],
    ['client-authorities.pem', join(folder, 'client-authorities.pem')],
  ];
  const printed = blocksOf(PRINTED).filter(({ language }) => language === 'yaml');
  for (const [, name = ''] of PRINTED.matchAll(SECRET))
    known[name] = randomBytes(32).toString(name.endsWith('_KEY') ? 'base64' : 'hex');
  settings = printed
    .map(({ code }) => parse(placed(code)) as Settings)
    .reduce(joined, { http: { outbound: { allow: ['127.0.0.1'] } } });
  latchkey = await startLatchkey({
    port,
    issuer: `https://localhost:${port}`,
    settings,
    environment: known,
  });
  const authority = join(latchkey.folder, 'keys/dev-authority.crt');
  Object.assign(known, { CURL_CA_BUNDLE: authority, NODE_EXTRA_CA_CERTS: authority });
  known['challenge'] = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  known['subject_token'] = await personsToken('shop', 'https://orders.example.com');
  known['survey_token'] = await personsToken('survey');
  known['assertion'] = await new SignJWT({ email: 'alice@example.com', email_verified: true })
    .setProtectedHeader({ alg: 'ES256', kid: 'p-1' })
    .setIssuer('https://partner.example.com')
    .setAudience(latchkey.issuer)
    .setSubject('alice-there')
    .setJti('a-1')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(partner.privateKey);
});
afterAll(async () => {
  await latchkey?.kill();
  await latchkey?.clean();
  keyServer.closeAllConnections();
  keyServer.close();
  await rm(folder, { recursive: true, force: true });
});

function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(BLOCK)].map(({ groups = {} }) => groups as unknown as Block);
}

/** Each command with the comment that follows it. */
function stepsOf(blocks: readonly Block[]): readonly Step[] {
  return blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.split(/(?<=^# .*\n)(?!#)|(?<=[^\\]\n)(?!#|\s)/m))
    .map((part) => {
      const [command = '', expected = ''] = part.split(/^# /m).map((piece) => piece.trim());
      return { command, expected };
    })
    .filter(({ command }) => command !== '' && !NOT_HERE.test(command));
}

function placed(printed: string): string {
  return places.reduce((so, [name, place]) => so.replaceAll(name, place), printed);
}

/** Settings of several examples: lists are put together. */
function joined(one: Settings, other: Settings): Settings {
  const both = Object.entries(other).map(([name, value]) => [name, merged(one[name], value)]);
  return { ...one, ...Object.fromEntries(both) };
}

function merged(one: unknown, other: unknown): unknown {
  if (Array.isArray(one) && Array.isArray(other)) return [...one, ...other];
  return isSection(one) && isSection(other) ? joined(one, other) : other;
}

function isSection(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function writeCertificates(): Promise<void> {
  const authority = createTestAuthority('Clients');
  const { cert, key } = authority.issue({
    uses: [CLIENT_AUTH],
    names: [['dns', 'billing.example.com']],
  });
  const files = {
    'client-authorities.pem': authority.cert,
    'billing.crt': cert,
    'billing.key': key,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

/** Key sets by path, and a program that is told of requests. */
async function serveKeys(keys: Readonly<Record<string, object>>): Promise<Server> {
  const server = createServer((request, response) => {
    const key = keys[request.url ?? ''];
    if (request.method === 'POST') void text(request).then((body) => events.push(body));
    response.writeHead(key === undefined ? 202 : 200, { 'content-type': 'application/json' });
    response.end(key && JSON.stringify({ keys: [key] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function personsToken(client: string, api?: string): Promise<string> {
  const order = { client, person: 'alice', api };
  const answer = await shell(
    `curl -s ${latchkey.issuer}/dev/tokens -H 'Content-Type: application/json' -d '${JSON.stringify(order)}'`,
  );
  return (JSON.parse(answer) as { access_token: string }).access_token;
}

async function shell(command: string): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: folder, ...known };
  const { stdout } = await run('bash', ['-eu', '-o', 'pipefail', '-c', command], {
    cwd: folder,
    env,
  });
  return stdout.trim();
}

/** `...` stands for anything. */
function patternOf(expected: string): RegExp {
  const parts = placed(expected)
    .split('...')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** Takes what a JSON answer says by name into the environment. */
function remember(answer: string): void {
  if (!answer.startsWith('{')) return;
  for (const [name, value] of Object.entries(JSON.parse(answer) as object))
    if (typeof value === 'string') known[name] = value;
}

test.each(sections)(
  '$title: the requests of docs/protocol.md are answered as it is printed',
  async ({ blocks }) => {
    for (const { name, code } of blocks)
      if (name !== undefined) await writeFile(join(folder, name), placed(code));
    for (const { command, expected } of stepsOf(blocks)) {
      const answer = await shell(placed(command));
      expect(answer, command).toMatch(patternOf(expected));
      remember(answer);
    }
  },
);

test('every part of the protocol that has a switch is among them, FAPI 2.0 by a client', () => {
  const named = [...TABLE.matchAll(/`protocol\.(\w+)/g)].map(([, name]) => name);
  const printed = Object.keys(Object(settings['protocol']));
  const missing = named.filter((name) => !printed.includes(name ?? ''));
  expect(new Set(missing)).toEqual(new Set(['fapi2']));
});

test('the program that is named was told of the request to sign in, signed by a key of the key set', async () => {
  await expect.poll(() => events.length).toBe(1);
  const keySet = JSON.parse(await shell(`curl -s ${latchkey.issuer}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(events[0] ?? '', createLocalJWKSet(keySet), {
    typ: 'secevent+jwt',
    issuer: latchkey.issuer,
    audience: placed('https://keys.example.com/events'),
  });
  expect(payload['events']).toMatchObject({
    'urn:latchkey:event:sign-in-request': {
      client_id: 'counter',
      binding_message: 'Counter 3',
      answer_uri: `${latchkey.issuer}/account/requests`,
    },
  });
});
