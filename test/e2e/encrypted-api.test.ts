import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic } from '../support/provider-client.ts';
import { startLatchkey, type Latchkey } from '../support/latchkey.ts';
import { freePort } from '../support/ports.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/encrypted-api.ts', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../latchkey.mjs', import.meta.url));
const API = 'https://api.example.com';
const PLAIN = 'https://plain.example.com';
const SECRET = 'secret-of-a-robot-0123456789abcdef0123456789';

let latchkey: Latchkey;
let api: ChildProcess;
let url: string;
let keys: Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  keys = await generateKeyPair('RSA-OAEP-256', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'api-1', use: 'enc' }] };
  latchkey = await startLatchkey({
    settings: {
      protocol: { encryption: { enabled: true } },
      revocation: { feed: { public: true } },
      apis: [
        { identifier: API, name: 'API', encryption: { algorithm: 'RSA-OAEP-256', jwks } },
        { identifier: PLAIN, name: 'Another' },
      ],
      clients: [{ id: 'robot', type: 'machine', secretInClear: SECRET }],
    },
  });
  const file = join(latchkey.folder, 'private.jwk');
  await writeFile(file, JSON.stringify(await exportJWK(keys.privateKey)), { mode: 0o600 });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  api = spawn(process.execPath, [EXAMPLE], {
    env: { ...process.env, ISSUER: latchkey.issuer, PORT: String(port), KEY: file },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (api.stdout !== null) await once(api.stdout, 'data');
});
afterAll(async () => {
  api.kill();
  await latchkey.kill();
  await latchkey.clean();
});

async function tokenFor(resource: string): Promise<string> {
  const answer = await fetch(`${latchkey.issuer}/token`, {
    method: 'POST',
    headers: { authorization: basic('robot', SECRET) },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
  });
  const { access_token: token } = (await answer.json()) as Record<string, string>;
  return token ?? '';
}

async function statusOf(token: string): Promise<number> {
  const { status } = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return status;
}

test('an API reads what is encrypted for it, and takes nothing else', async () => {
  const token = await tokenFor(API);
  await expect.poll(() => statusOf(token)).toBe(200);
  const { plaintext } = await compactDecrypt(token, keys.privateKey);
  const inner = new TextDecoder().decode(plaintext);
  for (const other of [inner, await tokenFor(PLAIN), 'none'])
    expect(await statusOf(other)).toBe(401);
});

test('an encrypted token that was taken back is refused, by the endpoint and by the command', async () => {
  const byEndpoint = async (token: string): Promise<unknown> =>
    fetch(`${latchkey.issuer}/revoke`, {
      method: 'POST',
      headers: { authorization: basic('robot', SECRET) },
      body: new URLSearchParams({ token }),
    });
  const byCommand = async (token: string): Promise<unknown> => {
    const words = [COMMAND, 'revoke', 'token', '--config', latchkey.configFile];
    const command = spawn(process.execPath, words, { cwd: latchkey.folder, stdio: 'pipe' });
    command.stdin.end(token);
    const [said] = await Promise.all([text(command.stdout), once(command, 'exit')]);
    expect(said).toMatch(/number/);
    return said;
  };
  for (const takeBack of [byEndpoint, byCommand]) {
    const token = await tokenFor(API);
    await expect.poll(() => statusOf(token)).toBe(200);
    await takeBack(token);
    await expect.poll(() => statusOf(token)).toBe(401);
  }
});
