import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInvitation } from '../../../src/accounts/invitation.ts';
import { listAudit } from '../../../src/audit/list-audit.ts';
import type { Rooms } from '../../../src/compose.ts';
import { codeOf } from '../../support/app-codes.ts';
import {
  makeInstallation,
  openQuietRooms,
  type CommandAnswer,
  type Installation,
} from '../../support/command-line.ts';

const ORIGIN = { address: '127.0.0.1' };
const ACTOR = { by: 'test', origin: { address: 'test' } };

let installation: Installation;
/** The rooms of a running node; commands open theirs beside them, on the same file. */
let node: Rooms;

beforeAll(async () => {
  installation = await makeInstallation(() => ({
    signIn: { argon2: { memoryKib: 7168, iterations: 1 } },
  }));
  node = await openQuietRooms(installation.settings);
});

afterAll(async () => {
  await node.close();
  await installation[Symbol.asyncDispose]();
});

function latchkey(args: readonly string[], input?: string): Promise<CommandAnswer> {
  return installation.latchkey(['person', ...args], input);
}

async function answer(args: readonly string[], input = ''): Promise<Record<string, unknown>> {
  const { code, out, err } = await latchkey([...args, '--json'], input);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}

async function signIn(login: string, password: string): Promise<string> {
  return (await node.accounts.verifyPassword({ login, password, origin: ORIGIN })).kind;
}

test('a person is locked, unlocked, expired and deleted under a running node', async () => {
  const { id } = await answer(['create', '--username', 'ada'], 'correct horse b.');
  const state = async (): Promise<unknown> => (await node.accounts.find(String(id)))?.state;
  expect(await answer(['lock', 'ada'])).toMatchObject({ state: 'locked' });
  expect(await signIn('ada', 'correct horse b.')).toBe('refused');
  await answer(['unlock', 'ada']);
  expect(await state()).toBe('active');
  await answer(['expire', 'ada', '2020-01-01']);
  expect(await state()).toBe('expired');
  await answer(['expire', 'ada', 'never']);
  expect(await signIn('ada', 'correct horse b.')).toBe('verified');
  expect((await latchkey(['expire', 'ada', 'soon'])).err).toContain('Expected a time');
  const unsure = await latchkey(['delete', 'ada']);
  expect(unsure).toMatchObject({ code: 1, err: expect.stringContaining('add --yes') });
  expect(await answer(['delete', 'ada', '--yes'])).toEqual({ deleted: id });
  expect(await node.accounts.find(String(id))).toBeUndefined();
});

test('a person is shown with what was counted against them, and reset', async () => {
  await answer(['create', '--username', 'bea', '--email', 'bea@example.com'], 'correct horse b.');
  for (let count = 0; count < 2; count += 1) await signIn('bea', 'wrong');
  const { out } = await latchkey(['show', 'bea@example.com']);
  expect(out).toMatch(/signs in by\s+password/);
  expect(out).toContain('bea from unknown addresses: 2 of 30');
  expect(await answer(['show', 'bea'])).toMatchObject({
    state: 'active',
    groups: [],
    factors: { passkeys: [], totp: false, recoveryCodes: 0 },
    limits: [
      { who: 'strangers', login: 'bea', failures: 2, max: 30, forgottenAfterSeconds: 2_592_000 },
    ],
  });
  expect(
    await answer(['reset', 'bea', '--require-new-password', '--remove-factors']),
  ).toMatchObject({
    mustChangePassword: true,
    removedFactors: [],
    forgotten: [
      { who: 'strangers', login: 'bea', failures: 2, max: 30, forgottenAfterSeconds: 2_592_000 },
    ],
  });
  expect(await answer(['show', 'bea'])).toMatchObject({ limits: [], mustChangePassword: true });
  const { id, recoveryUrl } = await answer(['reset', 'bea', '--link']);
  const token = /\/recover\/link\/(?<token>[\w-]{43})$/u.exec(String(recoveryUrl))?.groups?.[
    'token'
  ];
  expect(await node.tickets.peek('recovery', token ?? '')).toMatchObject({ about: id });
  expect((await latchkey(['reset', 'bea', '--link'])).out).toContain(
    'Hand this link to bea@example.com alone',
  );
  expect((await latchkey(['show', 'nobody'])).err).toMatch(/^ERR_NO_SUCH_PERSON/);
});

test('taking every factor away ends what they let in, and taking nothing away does not', async () => {
  const made = { id: 'fay', username: 'fay', totp: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' };
  await answer(['import', '-'], JSON.stringify(made));
  const revoked = (): Promise<readonly unknown[]> =>
    listAudit(node.records, { accountId: 'fay', type: 'revocation', limit: 9 });
  const { out } = await latchkey(['factors', 'fay', 'remove']);
  expect(out).toBe('Taken away of fay: totp. Every session and token of theirs was ended.');
  expect(await revoked()).toMatchObject([{ event: { by: 'cli', reason: 'factors.removed' } }]);
  await latchkey(['factors', 'fay', 'remove']);
  await answer(['reset', 'fay', '--remove-factors']);
  expect(await revoked()).toHaveLength(1);
});

describe('an invitation', () => {
  test('is a letter with a ticket; without a letter, a link to hand over', async () => {
    await node.groups.roles.create({ api: undefined, name: 'keeper', permissions: [] }, ACTOR);
    const claims = ['--claims', '{"given_name":"Cleo"}', '--role', 'keeper'];
    const shown = await answer(['invite', 'Cleo@example.com', '--no-letter', ...claims]);
    const token = String(shown['url']).split('/').at(-1) ?? '';
    expect(String(shown['url'])).toBe(`${node.profile.issuer}/invitation/${token}`);
    const ticket = await node.tickets.peek('invitation', token);
    expect(ticket).toMatchObject({ about: 'cleo@example.com' });
    expect(readInvitation(ticket?.payload ?? null)).toEqual({
      email: 'Cleo@example.com',
      claims: { given_name: 'Cleo' },
      attributes: {},
      groups: [],
      roles: [{ name: 'keeper' }],
    });
    const sent = await latchkey(['invite', 'cleo@example.com']);
    expect(sent).toMatchObject({ code: 0, out: expect.stringContaining('on its way') });
    expect(sent.out).not.toContain('/invitation/');
    const letters = await node.records.all(node.records.queries.selectFrom('letter').selectAll());
    expect(letters).toHaveLength(1);
    expect(await node.tickets.peek('invitation', token)).toBeUndefined();
  });

  test('goes to nobody who is there, into no group that is not, and can be taken back', async () => {
    await answer(['create', '--email', 'dora@example.com', '--no-password']);
    for (const [args, why] of [
      [['dora@example.com'], 'belongs to the account'],
      [['eve@example.com', '--group', 'nowhere'], 'there is no "nowhere"'],
      [
        ['eve@example.com', '--role', 'reader=https://x.example'],
        'no "reader of https://x.example"',
      ],
      [['nowhere'], 'is no e-mail address'],
    ] as const) {
      const refused = await latchkey(['invite', ...args]);
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(why) });
    }
    const { url } = await answer(['invite', 'eve@example.com', '--no-letter']);
    await answer(['invite', 'eve@example.com', '--revoke']);
    const token = String(url).split('/').at(-1) ?? '';
    expect(await node.tickets.use('invitation', token)).toBeUndefined();
  });
});

describe('people of another system', () => {
  const digest = createHash('sha256').update('salt').update('from the old days').digest('base64');
  const people = [
    {
      sub: 'auth0|1',
      email: 'one@old.example',
      email_verified: true,
      name: 'One',
      passwordHash: `$sha256$o=sp$${Buffer.from('salt').toString('base64')}$${digest}`,
      logins_count: 7,
    },
    {
      id: 'old-2',
      username: 'two',
      disabled: true,
      expiresAt: '2030-01-01T00:00:00Z',
      groups: null,
      created_at: '2019-05-01T00:00:00Z',
    },
    { id: 'old-3', username: 'three', password_hash: '$1$md5$xyz', last_ip: '192.0.2.7' },
    { id: 'old-4', username: 'two', logins_count: 1 },
  ];
  const file = [...people.map((one) => JSON.stringify(one)), 'no json', ''].join('\n');

  test('are carried with their ids; a dry run writes nothing, a second run changes nothing', async () => {
    const dry = await latchkey(['import', '-', '--dry-run', '--json'], file);
    expect(dry.code).toBe(1);
    expect(JSON.parse(dry.out)).toMatchObject({
      dryRun: true,
      lines: 5,
      imported: 2,
      present: 0,
      refused: 3,
      lost: { logins_count: 1 },
    });
    expect(await node.accounts.find('auth0|1')).toBeUndefined();

    const path = join(installation.folder, 'people.ndjson');
    await writeFile(path, file);
    const first = await latchkey(['import', path]);
    expect(first.code).toBe(1);
    expect(first.err).toContain('line 3: passwordHash: is of no known format');
    expect(first.err).toContain('line 5: is no JSON object');
    expect(first.err).toContain('ERR_IMPORT_INCOMPLETE: 3 of 5 people were not carried');
    expect(first.out).toMatch(/carried\s+2/);
    expect(await node.accounts.find('auth0|1')).toMatchObject({
      email: 'one@old.example',
      emailVerified: true,
      claims: { name: 'One' },
    });
    expect(await node.accounts.find('old-2')).toMatchObject({
      state: 'disabled',
      expiresAt: 1_893_456_000,
      createdAt: 1_556_668_800,
    });
    expect(await signIn('one@old.example', 'from the old days')).toBe('verified');

    const again = JSON.parse((await latchkey(['import', path, '--json'])).out);
    expect(again).toMatchObject({ imported: 0, present: 2, refused: 3 });
    expect(await signIn('one@old.example', 'from the old days')).toBe('verified');
  });

  test('what is exported can be imported: nothing is lost but passwords', async () => {
    const { out, code } = await latchkey(['export']);
    expect(code).toBe(0);
    const lines = out.split('\n').map((line): Record<string, unknown> => JSON.parse(line));
    expect(lines.map(({ id }) => id)).toContain('auth0|1');
    expect(out).not.toContain('$');
    const moved = lines.map((one) => ({
      ...one,
      id: `moved-${String(one['id']).replace('|', '-')}`,
      email: null,
      username: `moved-${lines.indexOf(one)}`,
    }));
    const report = await answer(
      ['import', '-'],
      moved.map((one) => JSON.stringify(one)).join('\n'),
    );
    expect(report).toMatchObject({ imported: lines.length, refused: 0, lost: {} });
    expect(await node.accounts.find('moved-old-2')).toMatchObject({ state: 'disabled' });
  });

  test('bring groups, roles and the app that they had, in one piece with the account', async () => {
    await node.groups.create({ name: 'crew' }, ACTOR);
    await node.groups.roles.create({ api: undefined, name: 'cook', permissions: [] }, ACTOR);
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const ties = { groups: ['crew'], roles: ['cook'] };
    const lines = [
      { id: 'old-5', username: 'five', ...ties, totp: secret },
      { id: 'old-6', username: 'six', groups: ['nowhere'], roles: [{ name: 'cook', api: 'x' }] },
      { id: 'old-7', username: 'seven', totp: 'short' },
      { id: 'old-8', username: 'eight', permissions: [{ name: 'cook', api: 'x' }] },
    ].map((one) => JSON.stringify(one));
    for (const flags of [['--dry-run'], []]) {
      const { err } = await latchkey(['import', '-', ...flags], lines.join('\n'));
      expect(err).toContain(
        'line 2: groups: there is no group nowhere; roles: there is no role cook',
      );
      expect(err).toContain('line 3: totp: must be a secret in base32');
      expect(err).toContain('line 4: api: no API has the identifier x');
      expect(err).toContain('3 of 4 people');
    }
    expect(await node.accounts.find('old-6')).toBeUndefined();
    expect(await node.groups.rightsOf('old-5', {})).toMatchObject(ties);
    const attempt = { accountId: 'old-5', origin: { address: 'test' }, clientId: undefined };
    const code = codeOf(secret);
    expect(await node.factors.totp.check({ ...attempt, code })).toMatchObject({ kind: 'proven' });
    const told = await listAudit(node.records, { accountId: 'old-5', limit: 10 });
    const types = told.map(({ event }) => Object(event).type);
    for (const type of ['account.created', 'factor.added', 'group.member_added', 'role.given'])
      expect(types).toContain(type);
    expect(JSON.stringify(told)).not.toContain(secret);

    const { out, err } = await latchkey(['export']);
    const exported = out.split('\n').find((line) => line.includes('old-5')) ?? '';
    expect(JSON.parse(exported)).toMatchObject({ groups: ['crew'], roles: [{ name: 'cook' }] });
    expect(out).not.toContain(secret);
    expect(err).toContain('--with-hashes');
  });

  test('move on with the hashes of their passwords where that is asked for, which is on record', async () => {
    const hashed = createHash('sha256').update('saltof another age').digest('base64');
    const passwordHash = `$sha256$o=sp$${Buffer.from('salt').toString('base64')}$${hashed}`;
    await answer(['import', '-'], JSON.stringify({ id: 'old-8', username: 'eight', passwordHash }));
    const told = (): Promise<readonly unknown[]> =>
      listAudit(node.records, { type: 'account.hashes_exported', limit: 9 });
    expect((await latchkey(['export'])).out).not.toContain('passwordHash');
    expect(await told()).toEqual([]);
    const { out, err } = await latchkey(['export', '--with-hashes']);
    const line = out.split('\n').find((one) => one.includes('old-8')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ passwordHash });
    expect(err).toContain('guess at every password');
    expect(await told()).toHaveLength(1);
  });

  test('a file that is not there is named', async () => {
    const { code, err } = await latchkey(['import', '/nowhere.ndjson']);
    expect({ code, err }).toEqual({
      code: 1,
      err: 'ERR_UNREADABLE_FILE: cannot read /nowhere.ndjson: ENOENT',
    });
  });
});
