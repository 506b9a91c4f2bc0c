import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { createUserMetadata } from '../../src/auth0/user-metadata.ts';
import { createProgram, runProgram } from '../../src/cli/program.ts';
import { importFiles } from '../../src/cognito/import/import-files.ts';
import type { Rooms } from '../../src/compose.ts';
import { readConfig } from '../../src/config/read-config.ts';
import { banner } from '../../src/dev/banner.ts';
import { type Settings, settingsSchema } from '../../src/settings.ts';
import { freePort } from '../support/ports.ts';
import { createBrowser } from '../support/provider-browser.ts';
import { openTenantNode, type TenantNode } from './auth0/tenant-node.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type Section = { readonly [name: string]: Json };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const guides = new Map<string, string>();
let folder: string;
let node: TenantNode;
let rooms: Rooms;
let endpoint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-guides-'));
  for (const name of ['auth0', 'cognito'])
    guides.set(name, await readFile(join(ROOT, `docs/guides/replace-${name}.md`), 'utf8'));
  await layOut();
  const { auth0, cognito, ...settings } = printedSettings();
  const port = await freePort();
  endpoint = `http://localhost:${port}`;
  node = await openTenantNode(tenantOf(auth0), {
    roles: [],
    ...settings,
    cognito: { ...(cognito as Section), endpoint, listen: { port } },
  });
  rooms = await node.openRooms();
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rooms?.close();
  await node?.close();
  await rm(folder, { recursive: true });
});

/** The blocks of a guide that are marked as `language`. */
function blocks(guide: string, language: string): readonly string[] {
  const text = guides.get(guide) ?? '';
  const found = text.matchAll(/^```(?<language>\w*)\n(?<code>[^]*?)^```$/gmu);
  return [...found].flatMap(({ groups }) =>
    groups?.['language'] === language ? [groups['code'] ?? ''] : [],
  );
}

/** Files that the guides speak of, where this test may have them. */
async function layOut(): Promise<void> {
  const [action = ''] = blocks('auth0', 'js');
  const path = /^\/\/ (?<path>\S+)/u.exec(action)?.groups?.['path'] ?? '';
  await mkdir(join(folder, 'actions'));
  await mkdir(join(folder, 'triggers'));
  await writeFile(join(folder, path), action);
  await writeFile(join(folder, 'cognito-operator'), 'of-an-operator-of-a-test', { mode: 0o600 });
  vi.stubEnv('SLACK_KEY', 'of-a-channel-of-a-test');
}

/** All that the guides print, as one configuration: lists are joined by what their items are called. */
function printedSettings(): Section {
  const printed = ['auth0', 'cognito'].flatMap((guide) => blocks(guide, 'yaml'));
  return printed.map((yaml) => parse(here(yaml)) as Section).reduce(joined, {});
}

/** On this machine. */
function here(text: string): string {
  return text
    .replaceAll('folder: actions', `folder: ${join(folder, 'actions')}`)
    .replaceAll('/etc/latchkey/', `${folder}/`)
    .replaceAll('/run/secrets/', `${folder}/`);
}

function joined(one: Section, other: Section): Section {
  const added = Object.entries(other).map(([name, value]) => [name, joinedJson(one[name], value)]);
  return { ...one, ...Object.fromEntries(added) };
}

function joinedJson(one: Json | undefined, other: Json): Json {
  if (Array.isArray(one) && Array.isArray(other)) return joinedList(one, other);
  return isSection(one) && isSection(other) ? joined(one, other) : other;
}

function joinedList(one: readonly Json[], other: readonly Json[]): readonly Json[] {
  const rest = new Set(other);
  const kept = one.map((item) => {
    const same = other.find(
      (next) => isSection(item) && isSection(next) && nameOf(item) === nameOf(next),
    );
    if (same !== undefined) rest.delete(same);
    return same === undefined ? item : joinedJson(item, same);
  });
  return [...kept, ...rest];
}

function isSection(value: Json | undefined): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf({ id, name, clientId, identifier }: Section): Json | undefined {
  return id ?? name ?? clientId ?? identifier;
}

/** The printed tenant, at an origin of this machine. */
function tenantOf(auth0: Json | undefined): object {
  const { tenants } = auth0 as { readonly tenants: readonly [Section] };
  const { issuer: _, listen: __, ...tenant } = tenants[0];
  return tenant;
}

describe('docs/guides/replace-auth0.md', () => {
  test('is a whole configuration with the other guide, as it is printed', () => {
    const production = { issuer: 'https://id.example.com', ...printedSettings() };
    const settings = readConfig('guides', JSON.stringify(production), settingsSchema);
    expect(settings.auth0.tenants[0]?.issuer).toBe('https://auth.example.com/');
    expect(settings.cognito.pools[0]?.id).toBe('eu-central-1_Prod00001');
  });

  test('gives the application that it prints tokens, with the claims of its action', async () => {
    const account = await rooms.accounts.findByLogin('ann');
    const by = { by: 'test', origin: { address: 'test' } };
    await createUserMetadata(rooms).merge(account?.id ?? '', { app: { plan: 'gold' } }, by);
    const answer = await signIn('ann');
    expect(decodeJwt(String(answer['id_token']))).toMatchObject({
      sub: `auth0|${account?.id}`,
      'https://app.example.com/plan': 'gold',
    });
    expect(decodeJwt(String(answer['access_token']))).toMatchObject({
      scope: 'openid read:messages',
    });
    const banned = await rooms.accounts.findByLogin('ben');
    await createUserMetadata(rooms).merge(banned?.id ?? '', { app: { banned: true } }, by);
    expect(await signIn('ben')).toEqual({ error: 'This account is closed' });
  });

  test('prints what the banner of npm start says', async () => {
    const dev = readConfig(
      'dev.yaml',
      await readFile(join(ROOT, 'config/dev.yaml'), 'utf8'),
      settingsSchema,
    );
    const told = banner(dev, { port: 4000, authorityFile: undefined });
    const lines = blocks('auth0', '').find((block) => block.startsWith('AUTH0_DOMAIN='));
    for (const line of (lines ?? 'none').trim().split('\n')) expect(told).toContain(line);
    const [, pasted] = /^export (\S+)/u.exec(blocks('cognito', 'sh')[0] ?? '') ?? [];
    expect(told).toContain(pasted);
    for (const word of ['us-east-1_Dev00001', '2samplepublicclient0000001', 'latchkey-dev'])
      expect(blocks('cognito', 'sh')[0]).toContain(word);
  });

  test('has the command by which a tenant is https', async () => {
    const [command = ''] = blocks('auth0', '').filter((block) => block.startsWith('node '));
    const started: Settings[] = [];
    expect(await run(command.trim().split(' ').slice(2), started)).toMatchObject({ code: 0 });
    expect(started[0]?.auth0.tenants[0]).toMatchObject({
      issuer: 'https://localhost:4001/',
      listen: { port: 4001 },
      tls: { from: 'dev-ca' },
    });
  });
});

describe('docs/guides/replace-cognito.md', () => {
  test('has a pool at which people sign up', async () => {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSCognitoIdentityProviderService.SignUp',
      },
      body: JSON.stringify({
        ClientId: '3exampleclient0000000001',
        Username: 'new@example.com',
        Password: 'Correct-Horse-7-Battery',
      }),
    });
    expect(await answer.json()).toMatchObject({ UserConfirmed: false });
  });

  test('has a hosted page for its application', async () => {
    const query = new URLSearchParams({
      client_id: '3exampleclient0000000001',
      response_type: 'code',
      redirect_uri: 'https://app.example.com/callback',
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    });
    const page = createBrowser(endpoint);
    const { response } = await page.visit(`${endpoint}/login?${query.toString()}`);
    expect(await response?.text()).toContain('name="password"');
  });

  test('has the commands that bring a pool along', async () => {
    const commands = blocks('cognito', 'sh').flatMap((block) =>
      block.split('\n').filter((line) => line.startsWith('latchkey ')),
    );
    expect(commands).toHaveLength(2);
    await mkdir(join(folder, 'export'));
    const pool = { UserPool: { Id: 'eu-central-1_Other0001', Name: 'Other' } };
    await writeFile(join(folder, 'export/pool.json'), JSON.stringify(pool));
    await writeFile(join(folder, 'export/users.json'), JSON.stringify({ Users: [] }));
    for (const command of commands) {
      const words = command
        .replace(' export', ` ${join(folder, 'export')}`)
        .split(' ')
        .slice(1);
      expect(await run(words)).toMatchObject({ code: 0 });
    }
  });
});

async function signIn(login: string): Promise<Readonly<Record<string, unknown>>> {
  const client = {
    client_id: 'the-one-that-your-app-has',
    redirect_uri: 'https://app.example.com/callback',
  };
  const verifier = randomBytes(32).toString('base64url');
  const to = await node.authorize(
    {
      ...client,
      response_type: 'code',
      scope: 'openid read:messages',
      audience: 'https://api.example.com',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    },
    { login },
  );
  const code = to.searchParams.get('code');
  if (code === null) return { error: to.searchParams.get('error_description') };
  const grant = { grant_type: 'authorization_code', code, code_verifier: verifier };
  return (await node.token({ ...client, ...grant })).body;
}

/** Runs the command in this process, on the rooms of the node. */
async function run(
  words: readonly string[],
  started: Settings[] = [],
): Promise<{ readonly code: number; readonly told: string }> {
  const told: string[] = [];
  const output = {
    print: (text: string) => void told.push(text),
    printError: (text: string) => void told.push(text),
  };
  const config = join(folder, 'here.yaml');
  await writeFile(config, 'profile: dev\n');
  const program = createProgram({
    ...output,
    schema: settingsSchema,
    version: '1',
    environment: { LATCHKEY_CONFIG: config },
    input: Readable.from([]),
    importCognito: importFiles,
    openRooms: () => node.openRooms(),
    startNode: async (settings) => void started.push(settings),
  });
  return { code: await runProgram(program, [...words], output), told: told.join('\n') };
}
