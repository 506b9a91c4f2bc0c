import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash as argon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { Command } from 'commander';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importFiles } from '../../../src/auth0/import/import-files.ts';
import { registerImportCommands } from '../../../src/cli/import.ts';
import { CALLBACK, SPA, STANDARD_API } from './tenant-node.ts';
import { openManagedNode, type ManagedNode } from './management-client.ts';

const CONNECTION_ID = 'con_0000000000000001';
const SALT = Buffer.from('sixteen bytes ok');
const passwordOf = (name: string): string => `the password of ${name}`;
const plain = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/u, '');

let node: ManagedNode;
let folder: string;

beforeAll(async () => {
  node = await openManagedNode({
    clients: [{ clientId: SPA, appType: 'spa', callbacks: [CALLBACK] }],
  });
  folder = await mkdtemp(join(tmpdir(), 'latchkey-import-'));
});

afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

/** A person of each kind of hash that Auth0 takes and that a password can be held against here. */
async function hashed(prefix: string): Promise<readonly Record<string, unknown>[]> {
  const user = (name: string, fields: object): Record<string, unknown> => ({
    user_id: `${prefix}${name}`,
    email: `${prefix}${name}@import.example`,
    email_verified: true,
    ...fields,
  });
  const password = (name: string): string => passwordOf(`${prefix}${name}`);
  const custom = (algorithm: string, value: string, more: object = {}): object => ({
    custom_password_hash: { algorithm, hash: { value }, ...more },
  });
  const salt = { value: SALT.toString('hex'), encoding: 'hex' };
  return [
    user('bcrypt', { password_hash: await bcrypt(password('bcrypt'), 4) }),
    user('argon2', custom('argon2', await argon2(password('argon2'), { memoryCost: 7168 }))),
    user(
      'pbkdf2',
      custom(
        'pbkdf2',
        `$pbkdf2-sha512$i=1000,l=64$${plain(SALT)}$${plain(pbkdf2Sync(password('pbkdf2'), SALT, 1000, 64, 'sha512'))}`,
      ),
    ),
    user(
      'scrypt',
      custom('scrypt', scryptSync(password('scrypt'), SALT, 64, { N: 1024 }).toString('base64'), {
        salt,
        keylen: 64,
        cost: 1024,
      }),
    ),
    user(
      'sha256',
      custom('sha256', createHash('sha256').update(password('sha256')).update(SALT).digest('hex'), {
        salt: { ...salt, position: 'suffix' },
      }),
    ),
  ];
}

async function expectSignIn(userId: string): Promise<void> {
  const who = { login: `${userId}@import.example`, password: passwordOf(userId) };
  const { body } = await node.signIn({}, who);
  expect(decodeJwt(String(body['id_token'])).sub).toBe(`auth0|${userId}`);
}

/** What `latchkey import auth0` prints, and how it ends. */
async function run(...args: readonly string[]): Promise<{
  readonly report: Record<string, unknown>;
  readonly told: readonly string[];
  readonly error: unknown;
}> {
  const printed: string[] = [];
  const told: string[] = [];
  const program = new Command().exitOverride();
  registerImportCommands(
    program,
    async () => ({
      ...(await node.openRooms()),
      isDev: true,
      print: (text) => void printed.push(text),
      printError: (text) => void told.push(text),
    }),
    { importAuth0: importFiles },
  );
  const error: unknown = await program
    .parseAsync(['import', 'auth0', ...args, '--json'], { from: 'user' })
    .then(() => undefined)
    .catch((caught: unknown) => caught);
  return { report: JSON.parse(printed[0] ?? '{}') as Record<string, unknown>, told, error };
}

describe('latchkey import auth0', () => {
  test('carries people with their passwords and their sub, roles, and tells what it leaves out', async () => {
    const lines = [
      ...(await hashed('cli-')),
      {
        _id: { $oid: '60425dc43519d90068f82973' },
        email: 'oid@import.example',
        passwordHash: await bcrypt('the password of oid', 4),
        password_set_date: { $date: '2021-03-05T16:32:31.033Z' },
        tenant: 'dev',
        connection: 'Username-Password-Authentication',
        _tmp_is_unique: true,
        user_metadata: { theme: 'dark' },
        app_metadata: { plan: 'gold' },
        phone_number: '+15551230001',
        phone_verified: true,
        blocked: true,
        logins_count: 4,
        created_at: '2021-03-05T16:32:31.033Z',
      },
      { user_id: 'google-oauth2|1', email: 'g@import.example' },
      {
        email: 'hmac@import.example',
        custom_password_hash: { algorithm: 'hmac', hash: { value: 'x' } },
      },
      { email: 'app@import.example', mfa_factors: [{ totp: { secret: 'NOT BASE32' } }] },
      { email: 'sms@import.example', mfa_factors: [{ phone: { value: '+1' } }] },
    ];
    await writeFile(
      join(folder, 'users.ndjson'),
      lines.map((one) => JSON.stringify(one)).join('\n'),
    );
    const permission = { resource_server_identifier: STANDARD_API, permission_name: 'read:all' };
    const gone = { resource_server_identifier: 'https://gone.example', permission_name: 'x' };
    const roles = [{ id: 'rol_1', name: 'Shop Keeper', permissions: [permission, gone] }];
    await writeFile(join(folder, 'roles.json'), JSON.stringify({ roles, total: 1 }));
    await writeFile(join(folder, 'clients.json'), JSON.stringify([{ client_id: 'a' }]));

    const tried = await run(folder, '--dry-run');
    expect(tried.report).toMatchObject({ dryRun: true, users: { made: 7, refused: 3 } });
    expect((await node.manage('GET', '/users-by-email?email=oid@import.example')).list).toEqual([]);

    const { report, told, error } = await run(folder);
    expect(report).toEqual({
      dryRun: false,
      users: { made: 7, present: 0, refused: 3 },
      roles: { made: 1, present: 0, refused: 0 },
      lost: {
        clients: 1,
        logins_count: 1,
        'mfa_factors.phone': 1,
        password_set_date: 1,
        'permissions of https://gone.example': 1,
      },
    });
    expect(told.join('\n')).toMatch(/google-oauth2\|1.*hmac.*base32/su);
    expect(error).toMatchObject({ code: 'ERR_IMPORT_INCOMPLETE' });

    for (const name of ['bcrypt', 'argon2', 'pbkdf2', 'scrypt', 'sha256'])
      await expectSignIn(`cli-${name}`);
    const path = `/users/${encodeURIComponent('auth0|60425dc43519d90068f82973')}`;
    expect((await node.manage('GET', path)).body).toMatchObject({
      blocked: true,
      created_at: '2021-03-05T16:32:31.000Z',
      user_metadata: { theme: 'dark' },
      app_metadata: { plan: 'gold' },
      phone_number: '+15551230001',
      phone_verified: true,
    });
    const { list } = await node.manage('GET', '/roles?name_filter=shop');
    const permitted = await node.manage('GET', `/roles/${list[0]?.id}/permissions`);
    expect(permitted.list).toMatchObject([permission]);

    const again = await run(folder);
    expect(again.report).toMatchObject({
      users: { made: 0, present: 7, refused: 3 },
      roles: { made: 0, present: 1 },
    });
  });

  test('says which line is none', async () => {
    const file = join(folder, 'broken.txt');
    await writeFile(file, '{"email":"a@import.example"}\n{nothing');
    expect((await run(file)).error).toMatchObject({
      code: 'ERR_EXPORT_UNCLEAR',
      message: expect.stringContaining('line 2'),
    });
    expect((await run(join(folder, 'none'))).error).toMatchObject({ code: 'ERR_UNREADABLE_FILE' });
  });
});

describe('jobs', () => {
  async function importFile(users: unknown, fields: Record<string, string> = {}) {
    const form = new FormData();
    form.set('users', new Blob([JSON.stringify(users)], { type: 'text/json' }), 'users.json');
    for (const [name, value] of Object.entries({ connection_id: CONNECTION_ID, ...fields }))
      form.set(name, value);
    return await node.manage('POST', '/jobs/users-imports', form);
  }

  test('import a file of users, and tell who was not carried without their secrets', async () => {
    const users = [
      ...(await hashed('job-')),
      { email: 'ann@example.com', password_hash: await bcrypt('whatever', 4) },
      {
        email: 'md4@import.example',
        custom_password_hash: { algorithm: 'md4', hash: { value: 'secret' } },
      },
    ];
    const begun = await importFile(users, { external_id: 'mine' });
    expect(begun).toMatchObject({
      status: 202,
      body: { type: 'users_import', status: 'pending', external_id: 'mine' },
    });
    const path = `/jobs/${begun.body.id}`;
    expect((await node.manage('GET', path)).body).toMatchObject({
      status: 'completed',
      connection_id: CONNECTION_ID,
      summary: { failed: 2, updated: 0, inserted: 5, total: 7 },
    });
    const { list } = await node.manage('GET', `${path}/errors`);
    expect(list).toEqual([
      {
        user: { email: 'ann@example.com' },
        errors: [{ code: 'DUPLICATED_USER', message: 'user already exists', path: '' }],
      },
      {
        user: { email: 'md4@import.example' },
        errors: [
          {
            code: 'INVALID_FORMAT',
            message: expect.stringContaining('md4'),
            path: 'custom_password_hash',
          },
        ],
      },
    ]);
    for (const name of ['bcrypt', 'argon2', 'pbkdf2', 'scrypt', 'sha256'])
      await expectSignIn(`job-${name}`);
  });

  test('with upsert bring those who are there up to date', async () => {
    const users = [{ email: 'ben@example.com', name: 'Ben B.', app_metadata: { plan: 'gold' } }];
    const begun = await importFile(users, { upsert: 'true' });
    expect((await node.manage('GET', `/jobs/${begun.body.id}`)).body).toMatchObject({
      summary: { updated: 1, inserted: 0 },
    });
    expect((await node.manage('GET', `/jobs/${begun.body.id}/errors`)).status).toBe(204);
    const { list } = await node.manage('GET', '/users-by-email?email=ben@example.com');
    expect(list).toMatchObject([{ name: 'Ben B.', app_metadata: { plan: 'gold' } }]);
  });

  test('are refused when the file is none, too large or of another connection', async () => {
    expect((await importFile({ users: [] })).status).toBe(400);
    expect((await importFile([], { connection_id: 'con_other' })).status).toBe(400);
    expect(await importFile([{ email: 'x'.repeat(500_001) }])).toMatchObject({
      status: 413,
      body: { message: 'users: a file of more than 500000 bytes' },
    });
    expect((await node.manage('POST', '/jobs/users-imports', { users: [] })).status).toBe(400);
    expect(await node.manage('GET', '/jobs/job_x')).toMatchObject({
      status: 404,
      body: { errorCode: 'inexistent_job' },
    });
  });
});

describe('tickets', () => {
  test('for a new password lead to our page', async () => {
    const made = await node.manage('POST', '/tickets/password-change', {
      email: 'cat@example.com',
    });
    expect(made.status).toBe(201);
    const ticket = String(made.body['ticket']);
    expect(ticket).toContain(`${node.issuer}/recover/link/`);
    const { status, html } = await node.visitor().get(new URL(ticket).pathname);
    expect({ status, isForm: html.includes('<form') }).toEqual({ status: 200, isForm: true });
    expect((await node.manage('POST', '/tickets/password-change', {})).status).toBe(400);
    const nobody = { user_id: 'auth0|nobody' };
    expect((await node.manage('POST', '/tickets/password-change', nobody)).status).toBe(404);
  });

  test('for an address lead to the page of the tenant where it is confirmed', async () => {
    const [mia] = (await node.manage('GET', '/users-by-email?email=mia@example.com')).list;
    const asked = { user_id: String(mia?.['user_id']) };
    const made = await node.manage('POST', '/tickets/email-verification', asked);
    expect(made.status).toBe(201);
    const page = await fetch(String(made.body['ticket']));
    expect({ status: page.status, text: await page.text() }).toMatchObject({
      status: 200,
      text: expect.stringContaining('mia@example.com'),
    });
    const nobody = { user_id: 'auth0|nobody' };
    expect((await node.manage('POST', '/tickets/email-verification', nobody)).status).toBe(404);
  });
});
