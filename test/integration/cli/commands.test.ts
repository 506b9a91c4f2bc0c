import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import {
  makeInstallation,
  openQuietRooms,
  type CommandAnswer,
  type Installation,
} from '../../support/command-line.ts';

const ORIGIN = { address: '127.0.0.1' };
const CLIENT = { id: 'declared', type: 'spa', redirectUris: ['https://a.example/cb'] };

let installation: Installation;
let node: Rooms;

/** The rooms of a running node; commands open theirs beside them, on the same file. */
beforeEach(async () => {
  installation = await makeInstallation(() => ({ clients: [CLIENT] }));
  node = await openQuietRooms(installation.settings);
});

afterEach(async () => {
  await node.close();
  await installation[Symbol.asyncDispose]();
});

function latchkey(args: readonly string[], input?: string): Promise<CommandAnswer> {
  return installation.latchkey(args, input);
}

/** What a command printed as JSON. */
async function answer(args: readonly string[], input = ''): Promise<Record<string, unknown>> {
  const { code, out, err } = await latchkey([...args, '--json'], input);
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out);
}

async function signIn(login: string, password: string): Promise<string> {
  return (await node.accounts.verifyPassword({ login, password, origin: ORIGIN })).kind;
}

test('a person that a command creates can sign in on a running node, until disabled', async () => {
  const { id } = await answer(
    ['person', 'create', '--email', 'ada@example.com'],
    'correct horse b.\n',
  );
  expect(await signIn('ada@example.com', 'correct horse b.')).toBe('verified');
  expect((await latchkey(['person', 'disable', 'ada@example.com'])).code).toBe(0);
  expect(await signIn('ada@example.com', 'correct horse b.')).toBe('refused');
  expect((await latchkey(['person', 'enable', String(id)])).code).toBe(0);
  expect(await signIn('ada@example.com', 'correct horse b.')).toBe('verified');
});

test('a password that a command sets takes the place of the old one', async () => {
  await answer(['person', 'create', '--username', 'ada'], 'correct horse b.');
  await latchkey(['person', 'set-password', 'ada'], 'another horse b.');
  expect(await signIn('ada', 'correct horse b.')).toBe('refused');
  expect(await signIn('ada', 'another horse b.')).toBe('verified');
});

test('a person is created once, and a password keeps the rules', async () => {
  await answer(['person', 'create', '--username', 'ada', '--no-password']);
  const twice = await latchkey(['person', 'create', '--username', 'ADA', '--no-password']);
  expect(twice).toMatchObject({ code: 1, err: expect.stringMatching(/^ERR_ACCOUNT_EXISTS: /) });
  const short = await latchkey(['person', 'set-password', 'ada'], 'x');
  expect(short).toMatchObject({ code: 1, err: expect.stringMatching(/^ERR_INVALID_ACCOUNT: /) });
});

test('a client that a command creates is known to a running node, with its newest secret alone', async () => {
  const uri = ['--redirect-uri', 'https://shop.example/cb'];
  const created = await answer(['client', 'create', '--type', 'web', '--id', 'shop', ...uri]);
  const rotated = await answer(['client', 'rotate-secret', 'shop']);
  await expect
    .poll(async () => {
      const client = await node.clients.find('shop');
      return client && node.clients.verifySecret(client, String(rotated['client_secret']));
    })
    .toBe(true);
  const client = await node.clients.find('shop');
  expect(client && node.clients.verifySecret(client, String(created['client_secret']))).toBe(false);
  await answer(['client', 'delete', 'shop']);
  await expect.poll(() => node.clients.find('shop')).toBeUndefined();
});

test('the old secret stays good for as long as the operator says', async () => {
  const uri = ['--redirect-uri', 'https://shop.example/cb'];
  const created = await answer(['client', 'create', '--type', 'web', '--id', 'shop', ...uri]);
  const rotated = await answer(['client', 'rotate-secret', 'shop', '--keep-old', '1h']);
  for (const { client_secret: secret } of [created, rotated]) {
    await expect
      .poll(async () => {
        const client = await node.clients.find('shop');
        return client && node.clients.verifySecret(client, String(secret));
      })
      .toBe(true);
  }
});

test('what is wrong with a client is told', async () => {
  const uri = ['--redirect-uri', 'http://shop.example/*'];
  const { code, err } = await latchkey(['client', 'create', '--type', 'web', ...uri]);
  expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^ERR_INVALID_CLIENT: /) });
});

test('a client that the configuration declares is shown, and changed there alone', async () => {
  expect((await latchkey(['client', 'list'])).out).toMatch(/^declared .* config /m);
  const { code, err } = await latchkey(['client', 'delete', 'declared']);
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(/^ERR_DECLARED_IN_CONFIG: /),
  });
});

test('commands are on record, and the record is whole', async () => {
  await answer(['person', 'create', '--username', 'ada', '--no-password']);
  expect((await latchkey(['audit', 'verify'])).out).toContain('The audit is whole.');
  expect((await latchkey(['audit', 'list', '--type', 'account.created'])).out).toContain(
    '"by":"cli"',
  );
});

test('what a person has beside a password is listed, and taken away on a running node', async () => {
  const { id } = await answer(['person', 'create', '--username', 'ada', '--no-password']);
  const accountId = String(id);
  const actor = { by: 'self', origin: ORIGIN };
  const list = ['person', 'factors', 'ada', 'list'];
  expect((await latchkey(list)).out).toBe('Nothing beside a password.');
  const codes = await node.factors.recoveryCodes.renew(accountId, actor);
  const device = await node.factors.devices.remember({ accountId, origin: ORIGIN });
  expect(await answer(list)).toMatchObject({
    passkeys: [],
    totp: null,
    recoveryCodes: 10,
    rememberedDevices: [{ userAgent: null }],
  });
  expect((await latchkey(['person', 'factors', 'ada'])).out).toMatch(/^recovery_code +10 left$/m);
  const nothing = await latchkey(['person', 'factors', 'ada', 'remove', '--passkey', 'x']);
  expect(nothing).toMatchObject({ code: 1, err: expect.stringMatching(/^ERR_NO_SUCH_PASSKEY: /) });
  expect(await answer(['person', 'factors', 'ada', 'remove'])).toEqual({
    id: accountId,
    removed: ['recovery_code', 'remembered_device'],
  });
  const code = codes?.[0] ?? '';
  const attempt = { accountId, code, origin: ORIGIN };
  expect(await node.factors.recoveryCodes.check(attempt)).toEqual({ kind: 'refused' });
  expect(await node.factors.devices.isRemembered(accountId, device?.token ?? '')).toBe(false);
});

test('a new password and a lock forget the devices, and a deletion forgets all, on a running node', async () => {
  const { id } = await answer(['person', 'create', '--username', 'ada', '--no-password']);
  const accountId = String(id);
  const remember = async (): Promise<string> =>
    (await node.factors.devices.remember({ accountId, origin: ORIGIN }))?.token ?? '';
  let token = await remember();
  await answer(['person', 'set-password', 'ada'], 'horse battery staple 9');
  expect(await node.factors.devices.isRemembered(accountId, token)).toBe(false);
  token = await remember();
  await answer(['person', 'lock', 'ada']);
  expect(await node.factors.devices.isRemembered(accountId, token)).toBe(false);
  await answer(['person', 'unlock', 'ada']);
  await remember();
  await node.factors.recoveryCodes.renew(accountId, { by: 'self', origin: ORIGIN });
  await node.accounts.delete(accountId, { by: 'cli', origin: ORIGIN });
  for (const table of ['recovery_code', 'remembered_device', 'factor_holder'] as const) {
    const rows = await node.records.all(node.records.queries.selectFrom(table).selectAll());
    expect(rows).toEqual([]);
  }
});
