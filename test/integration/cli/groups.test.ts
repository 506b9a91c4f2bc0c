import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Rooms } from '../../../src/compose.ts';
import {
  makeInstallation,
  openQuietRooms,
  type CommandAnswer,
  type Installation,
} from '../../support/command-line.ts';

const API = 'https://api.example.com';
const ACTOR = { by: 'test', origin: { address: 'test' } };
const SETTINGS = {
  apis: [{ identifier: API, name: 'Messages', scopes: { 'read:messages': 'Read' } }],
  groups: [{ name: 'declared', people: [] }],
};

let installation: Installation;
let node: Rooms;

/** The rooms of a running node; commands open theirs beside them, on the same file. */
beforeEach(async () => {
  installation = await makeInstallation(() => SETTINGS);
  node = await openQuietRooms(installation.settings);
  await node.accounts.create({ id: 'acct-alice', email: 'alice@example.com' }, ACTOR);
});

afterEach(async () => {
  await node.close();
  await installation[Symbol.asyncDispose]();
});

/** Runs one command line. */
function latchkey(line: string): Promise<CommandAnswer> {
  return installation.latchkey(line.split(' '));
}

async function outputOf(line: string): Promise<string> {
  const { code, out, err } = await latchkey(line);
  expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
  return out;
}

async function arrange(): Promise<void> {
  const { groups } = node;
  const reader = { api: API, name: 'reader' };
  for (const name of ['engineering', 'staff']) await groups.create({ name }, ACTOR);
  await groups.add('engineering', { kind: 'account', id: 'acct-alice' }, ACTOR);
  await groups.add('staff', { kind: 'group', name: 'engineering' }, ACTOR);
  await groups.roles.create({ ...reader, permissions: ['read:messages'] }, ACTOR);
  await groups.roles.give(reader, { kind: 'group', name: 'staff' }, ACTOR);
}

test('what commands make of groups and roles counts on a running node, and is explained', async () => {
  await outputOf('group create engineering');
  await outputOf('group create staff');
  await outputOf('group add engineering --person alice@example.com');
  await outputOf('group add staff --group engineering');
  await outputOf(`role create reader --api ${API} --permission read:messages`);
  await outputOf(`role give reader --api ${API} --group staff`);
  expect(await node.groups.rightsOf('acct-alice', { api: API })).toEqual({
    groups: ['engineering', 'staff'],
    roles: ['reader'],
    permissions: ['read:messages'],
  });
  expect(await outputOf('person rights alice@example.com --why read:messages')).toBe(
    `alice@example.com is a member of engineering, which is in staff, which has the role reader of ${API}, which permits read:messages.`,
  );
  const shown = await outputOf('person rights alice@example.com');
  expect(shown).toMatch(/groups +engineering staff/);
  expect(shown).toMatch(/permissions +read:messages/);
  expect(JSON.parse(await outputOf('person rights acct-alice --json'))).toEqual({
    id: 'acct-alice',
    groups: ['engineering', 'staff'],
    roles: [],
    permissions: [],
    apis: [{ api: API, roles: ['reader'], permissions: ['read:messages'] }],
  });
  const permission = { api: API, name: 'read:messages' };
  await node.groups.permissions.give([permission], 'acct-alice', ACTOR);
  expect(await outputOf('person rights alice@example.com --why read:messages')).toContain(
    `alice@example.com may read:messages at ${API}.\n`,
  );
});

test('a command takes away what a command gave, and ends tokens where it is told to', async () => {
  await arrange();
  const before = node.revocation.health().number;
  expect(await outputOf(`role take reader --api ${API} --group staff --revoke`)).toMatch(/no more/);
  await expect.poll(() => node.revocation.health().number).toBe(before + 1);
  expect(await outputOf('group remove engineering --person alice@example.com')).toBe(
    'alice@example.com is in engineering no more.',
  );
  expect(await outputOf('group remove engineering --person alice@example.com')).toBe(
    'alice@example.com was not in engineering.',
  );
  await outputOf('group delete staff');
  await outputOf(`role delete reader --api ${API}`);
  expect(await outputOf('person rights alice@example.com')).toBe(
    'In no group, and without any role.',
  );
  const why = await latchkey('person rights alice@example.com --why read:messages');
  expect(why).toMatchObject({ code: 1, err: expect.stringMatching(/^ERR_NO_SUCH_RIGHT: /) });
});

test('groups and roles are listed and shown, for people and for programs', async () => {
  await arrange();
  expect(await outputOf('group list')).toMatch(/^NAME .*\nengineering .* cli /);
  expect(await outputOf('group show staff')).toMatch(/KIND +NAME +ID\ngroup +engineering/);
  expect(await outputOf('group show engineering')).toMatch(/person +alice@example.com +acct-alice/);
  expect(JSON.parse(await outputOf('group show engineering --json'))).toMatchObject({
    name: 'engineering',
    groups: [],
    people: ['acct-alice'],
  });
  expect(await outputOf('role list')).toMatch(/reader +https:\/\/api.example.com +read:messages/);
  expect(JSON.parse(await outputOf(`role show reader --api ${API} --json`))).toMatchObject({
    permissions: ['read:messages'],
    groups: ['staff'],
    people: [],
  });
});

test('a person who is deleted is in no group and holds no role any more', async () => {
  await arrange();
  await node.groups.roles.give(
    { api: API, name: 'reader' },
    { kind: 'account', id: 'acct-alice' },
    ACTOR,
  );
  await outputOf('person delete alice@example.com --yes');
  expect(await node.groups.find('engineering')).toMatchObject({ people: [] });
  const role = await node.groups.roles.find({ api: API, name: 'reader' });
  expect(role).toMatchObject({ people: [], groups: ['staff'] });
});

test('what cannot be done is refused with its code', async () => {
  const refused = [
    ['group show nowhere', 'ERR_NO_SUCH_GROUP'],
    ['group delete nowhere', 'ERR_NO_SUCH_GROUP'],
    ['group add nowhere --person alice@example.com', 'ERR_INVALID_GROUP'],
    ['group add nowhere', 'ERR_UNFIT_OPTIONS'],
    ['group add nowhere --person nobody', 'ERR_NO_SUCH_PERSON'],
    ['group create declared', 'ERR_GROUP_EXISTS'],
    ['group delete declared', 'ERR_DECLARED_GROUP'],
    ['group add declared --person alice@example.com', 'ERR_DECLARED_GROUP'],
    ['role show nothing', 'ERR_NO_SUCH_ROLE'],
    ['role create x --api https://unknown.example.com', 'ERR_INVALID_GROUP'],
    [`role create x --api ${API} --permission read:mesages`, 'ERR_INVALID_GROUP'],
  ] as const;
  for (const [line, error] of refused) {
    const { code, err } = await latchkey(line);
    expect({ line, code, err }).toEqual({
      line,
      code: 1,
      err: expect.stringMatching(`^${error}: `),
    });
  }
});

test('a role is edited, and a command that changes nothing says what it needs', async () => {
  await outputOf(`role create reader --api ${API}`);
  expect(await outputOf(`role edit reader --api ${API} --permit read:messages`)).toBe(
    `reader of ${API} permits now: read:messages.`,
  );
  const less = await outputOf(`role edit reader --api ${API} --forbid read:messages --json`);
  expect(JSON.parse(less)).toMatchObject({ name: 'reader', permissions: [] });
  expect((await latchkey(`role edit reader --api ${API}`)).err).toContain('--permit, --forbid');
  expect((await latchkey('role edit reader --permit x')).err).toContain('ERR_NO_SUCH_ROLE');
});
