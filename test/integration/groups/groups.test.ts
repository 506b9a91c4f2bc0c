import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { forgetAccount } from '../../../src/groups/group-queries.ts';
import type { Holder } from '../../../src/groups/groups.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { openEmbedded } from '../../../src/storage/embedded/open-embedded.ts';
import { openPostgresRecords } from '../../../src/storage/postgres/open-postgres-records.ts';
import type { Records } from '../../../src/storage/records.ts';
import {
  PATIENT_POSTGRES,
  postgresSettings,
  startPostgres,
  type TestPostgres,
} from '../../support/postgres.ts';
import { createRecordingLogger } from '../../support/recording-logger.ts';
import { ACTOR, API, openRoom, type Room } from './fixture.ts';

const ALICE: Holder = { kind: 'account', id: 'acct-alice' };
const BOB = { kind: 'account', id: 'acct-bob' } as const;
const READER = { api: API, name: 'reader' };

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

async function openFile(): Promise<Records> {
  const folder = await mkdtemp(join(tmpdir(), 'lk-groups-'));
  const { logger } = createRecordingLogger();
  const engine = await openEmbedded({
    file: join(folder, 'data.sqlite'),
    clock: systemClock,
    logger,
  });
  onTestFinished(async () => {
    await engine.close();
    await rm(folder, { recursive: true });
  });
  return engine.records;
}

async function openPostgres(): Promise<Records> {
  const { logger } = createRecordingLogger();
  const settings = postgresSettings(await postgres.createDatabase(), PATIENT_POSTGRES);
  const records = await openPostgresRecords(settings, { logger });
  onTestFinished(() => records.close());
  return records;
}

function group(name: string): Holder {
  return { kind: 'group', name };
}

describe.each([
  ['embedded SQLite', openFile],
  ['PostgreSQL', openPostgres],
])('groups on %s', (_, open) => {
  let records: Records;
  let room: Room;

  beforeEach(async () => {
    records = await open();
    await records.migrate();
    room = openRoom(records);
  });

  /** alice is in engineering, which is in staff, which reads messages. */
  async function arrange(): Promise<void> {
    const { groups } = room;
    for (const name of ['engineering', 'staff']) await groups.create({ name }, ACTOR);
    await groups.add('engineering', ALICE, ACTOR);
    await groups.add('staff', group('engineering'), ACTOR);
    await groups.roles.create({ ...READER, permissions: ['read:messages'] }, ACTOR);
    await groups.roles.give(READER, group('staff'), ACTOR);
  }

  test('a person has what the groups around their own hold, and it is explained', async () => {
    await arrange();
    expect(await room.groups.rightsOf('acct-alice', { api: API })).toEqual({
      groups: ['engineering', 'staff'],
      roles: ['reader'],
      permissions: ['read:messages'],
    });
    expect(await room.groups.explain('acct-alice', { name: 'read:messages' })).toEqual([
      [
        { kind: 'group', name: 'engineering' },
        { kind: 'group', name: 'staff' },
        { kind: 'role', ...READER },
        { kind: 'permission', api: API, name: 'read:messages' },
      ],
    ]);
    expect(await room.groups.rightsOf('acct-bob', { api: API })).toEqual({
      groups: [],
      roles: [],
      permissions: [],
    });
  });

  test('a person may do at an API what no role permits, for as long as the API has it', async () => {
    const { groups, events } = room;
    const [read, erase] = ['read:messages', 'delete:messages'].map((name) => ({ api: API, name }));
    if (read === undefined || erase === undefined) throw new TypeError('two are made above');
    await groups.permissions.give([read, erase], 'acct-alice', ACTOR);
    // Those who have it keep it.
    await groups.permissions.give([read], 'acct-alice', ACTOR);
    expect(await groups.rightsOf('acct-alice', { api: API })).toEqual({
      groups: [],
      roles: [],
      permissions: ['delete:messages', 'read:messages'],
    });
    expect(await groups.rightsOf('acct-alice', {})).toMatchObject({ permissions: [] });
    expect(await groups.rightsOf('acct-bob', { api: API })).toMatchObject({ permissions: [] });
    expect(await groups.explain('acct-alice', { name: 'read:messages' })).toEqual([
      [{ kind: 'permission', ...read }],
    ]);
    const refused = groups.permissions.give([read, { api: API, name: 'fly' }], 'acct-bob', ACTOR);
    await expect(refused).rejects.toThrow(/fly is no scope and no permission/u);
    await expect(groups.permissions.give([read], 'acct-nobody', ACTOR)).rejects.toThrow(/no acc/u);
    expect(await groups.rightsOf('acct-bob', { api: API })).toMatchObject({ permissions: [] });
    await groups.permissions.take([erase], 'acct-alice', ACTOR);
    expect((await groups.held('acct-alice')).direct().permissions).toEqual([read]);
    const told = (type: string, permission: string): object =>
      expect.objectContaining({ type, permission, api: API, accountId: 'acct-alice' });
    expect(await events()).toEqual([
      told('permission.given', 'read:messages'),
      told('permission.given', 'delete:messages'),
      told('permission.taken', 'delete:messages'),
    ]);
    await groups.permissions.give([read], 'acct-bob', ACTOR);
    await records.write(...forgetAccount(records.queries, 'acct-bob'));
    expect((await groups.held('acct-bob')).direct().permissions).toEqual([]);
    await groups.permissions.forget(API);
    expect((await groups.held('acct-alice')).direct().permissions).toEqual([]);
  });

  test('what a role of one API permits says nothing at another', async () => {
    await arrange();
    const other = { api: 'https://other.example.com' };
    expect(await room.groups.rightsOf('acct-alice', other)).toMatchObject({
      roles: [],
      permissions: [],
    });
    await room.groups.roles.create({ api: undefined, name: 'boss', permissions: ['hire'] }, ACTOR);
    await room.groups.roles.give({ api: undefined, name: 'boss' }, ALICE, ACTOR);
    expect(await room.groups.rightsOf('acct-alice', other)).toMatchObject({
      roles: ['boss'],
      permissions: [],
    });
    expect(await room.groups.rightsOf('acct-alice', {})).toMatchObject({ permissions: ['hire'] });
  });

  test('what is taken away is gone at once: a member, a group between, a role, a group', async () => {
    await arrange();
    const { groups } = room;
    const permissions = async (): Promise<readonly string[]> =>
      (await groups.rightsOf('acct-alice', { api: API })).permissions;
    expect(await groups.remove('engineering', ALICE, ACTOR)).toBe(true);
    expect(await groups.remove('engineering', ALICE, ACTOR)).toBe(false);
    expect(await permissions()).toEqual([]);
    await groups.add('engineering', ALICE, ACTOR);
    await groups.remove('staff', group('engineering'), ACTOR);
    expect(await permissions()).toEqual([]);
    await groups.add('staff', group('engineering'), ACTOR);
    await groups.roles.take(READER, group('staff'), ACTOR);
    expect(await permissions()).toEqual([]);
    await groups.roles.give(READER, group('staff'), ACTOR);
    expect(await permissions()).toEqual(['read:messages']);
    await groups.delete('engineering', ACTOR);
    expect(await permissions()).toEqual([]);
    // Nobody is in a group of this name only because they were in another one once.
    await groups.create({ name: 'engineering' }, ACTOR);
    expect(await groups.find('engineering')).toMatchObject({ people: [], groups: [] });
  });

  test('a deleted role comes back to nobody with the next of its name', async () => {
    await arrange();
    expect(await room.groups.roles.delete(READER, ACTOR)).toBe(true);
    await room.groups.roles.create({ ...READER, permissions: ['read:messages'] }, ACTOR);
    expect(await room.groups.roles.find(READER)).toMatchObject({ people: [], groups: [] });
  });

  test('circles, strangers, unknown permissions and bad names are refused', async () => {
    await arrange();
    const { groups } = room;
    const refused = { code: 'ERR_INVALID_GROUP' };
    await expect(groups.add('engineering', group('staff'), ACTOR)).rejects.toMatchObject(refused);
    await expect(groups.add('staff', group('nowhere'), ACTOR)).rejects.toMatchObject(refused);
    await expect(groups.add('nowhere', ALICE, ACTOR)).rejects.toMatchObject(refused);
    const nobody: Holder = { kind: 'account', id: 'acct-nobody' };
    await expect(groups.add('staff', nobody, ACTOR)).rejects.toMatchObject(refused);
    await expect(groups.roles.give(READER, nobody, ACTOR)).rejects.toMatchObject(refused);
    await expect(groups.create({ name: 'two words' }, ACTOR)).rejects.toMatchObject(refused);
    const role = { api: API, name: 'x', permissions: ['write:messages'] };
    await expect(groups.roles.create(role, ACTOR)).rejects.toMatchObject(refused);
    await expect(
      groups.roles.create({ ...role, api: 'https://unknown', permissions: [] }, ACTOR),
    ).rejects.toMatchObject(refused);
    const taken = { code: 'ERR_GROUP_EXISTS' };
    await expect(groups.create({ name: 'staff' }, ACTOR)).rejects.toMatchObject(taken);
    await expect(groups.roles.create({ ...READER, permissions: [] }, ACTOR)).rejects.toMatchObject(
      taken,
    );
  });

  test('a circle that two commands at once have made traps nobody', async () => {
    await arrange();
    const link = { group_name: 'engineering', member_kind: 'group', member_id: 'staff' } as const;
    await records.write(
      records.queries.insertInto('group_member').values({ ...link, source: 'cli' }),
    );
    expect(await room.groups.rightsOf('acct-alice', { api: API })).toMatchObject({
      groups: ['engineering', 'staff'],
      permissions: ['read:messages'],
    });
    await room.groups.remove('engineering', ALICE, ACTOR, { endTokens: true });
    expect(room.ended).toEqual(['acct-alice']);
    expect(await room.groups.rightsOf('acct-alice', { api: API })).toMatchObject({ groups: [] });
  });

  test('tokens end where that is asked for, of everybody in the group, and only then', async () => {
    await arrange();
    await room.groups.add('engineering', BOB, ACTOR);
    await room.groups.remove('staff', group('engineering'), ACTOR);
    expect(room.ended).toEqual([]);
    await room.groups.add('staff', group('engineering'), ACTOR);
    await room.groups.remove('staff', group('engineering'), ACTOR, { endTokens: true });
    expect(room.ended.toSorted()).toEqual(['acct-alice', 'acct-bob']);
    await room.groups.add('staff', group('engineering'), ACTOR);
    room.ended.length = 0;
    await room.groups.roles.delete(READER, ACTOR, { endTokens: true });
    expect(room.ended.toSorted()).toEqual(['acct-alice', 'acct-bob']);
  });

  test('what a role permits is changed for all who hold it, by two at once, and tokens end where it is less', async () => {
    const { groups, ended, events } = room;
    const key = { api: API, name: 'editor' };
    await groups.roles.create({ ...key, permissions: ['read:messages'] }, ACTOR);
    await groups.roles.give(key, BOB, ACTOR);
    const permit = ['delete:messages'];
    await Promise.all([
      groups.roles.edit(key, { permit, forbid: [] }, ACTOR, { endTokens: true }),
      groups.roles.edit(key, { permit: [], forbid: ['read:messages'] }, ACTOR),
    ]);
    expect((await groups.rightsOf(BOB.id, { api: API })).permissions).toEqual(permit);
    expect(ended).toEqual([]);
    const less = { permit: [], forbid: permit };
    await groups.roles.edit(key, less, ACTOR, { endTokens: true });
    expect(ended).toEqual([BOB.id]);
    expect((await groups.rightsOf(BOB.id, { api: API })).permissions).toEqual([]);
    // Nothing changed: nothing to tell.
    await groups.roles.edit(key, less, ACTOR, { endTokens: true });
    expect(ended).toEqual([BOB.id]);
    const told = (await events()).filter(({ type }) => type === 'role.updated');
    expect(told).toHaveLength(3);
    expect(told.at(-1)).toMatchObject({ role: 'editor', api: API, permissions: [] });
    const unknown = { permit: ['fly'], forbid: [] };
    await expect(groups.roles.edit(key, unknown, ACTOR)).rejects.toThrow('fly is no scope');
    expect(await groups.roles.edit({ ...key, name: 'nobody' }, less, ACTOR)).toBeUndefined();
  });

  test('more than a thousand people are not signed out one by one', async () => {
    await arrange();
    const rows = Array.from({ length: 1001 }, (_n, number) => ({
      group_name: 'engineering',
      member_kind: 'account' as const,
      member_id: `acct-${number}`,
      source: 'cli',
    }));
    await records.write(records.queries.insertInto('group_member').values(rows));
    const removed = room.groups.delete('engineering', ACTOR, { endTokens: true });
    await expect(removed).rejects.toMatchObject({ code: 'ERR_INVALID_GROUP' });
    expect(await room.groups.find('engineering')).toBeDefined();
    expect(room.ended).toEqual([]);
  });

  test('a permission counts only while its API declares it', async () => {
    await arrange();
    const apis = [{ identifier: API, name: 'Messages', scopes: { write: 'Write' } }];
    const { groups } = openRoom(records, apis);
    expect(await groups.rightsOf('acct-alice', { api: API })).toMatchObject({
      roles: ['reader'],
      permissions: [],
    });
  });

  test('a role given in an organization counts there, and no other does', async () => {
    await arrange();
    const { groups } = room;
    const WRITER = { api: API, name: 'writer' };
    const alice = { kind: 'member', id: 'acct-alice', organization: 'org_a' } as const;
    await groups.roles.create({ ...WRITER, permissions: ['delete:messages'] }, ACTOR);
    expect(await groups.roles.give(WRITER, alice, ACTOR)).toBe(true);
    expect(await groups.roles.give(WRITER, alice, ACTOR)).toBe(false);
    const inGroups = ['engineering', 'staff'];
    const rights = async (organization?: string): Promise<object> =>
      await groups.rightsOf('acct-alice', { api: API, organization });
    expect(await rights()).toMatchObject({ roles: ['reader'] });
    expect(await rights('org_a')).toEqual({
      groups: inGroups,
      roles: ['writer'],
      permissions: ['delete:messages'],
    });
    expect(await rights('org_b')).toEqual({ groups: inGroups, roles: [], permissions: [] });
    expect(await groups.roles.find(WRITER)).toMatchObject({ people: [], members: [alice] });
    expect(await groups.roles.take(WRITER, { ...alice, organization: 'org_b' }, ACTOR)).toBe(false);
    const bob = { ...alice, id: 'acct-bob' };
    await groups.roles.give(WRITER, bob, ACTOR);
    await groups.roles.forget('org_a', 'acct-alice');
    expect(await groups.roles.find(WRITER)).toMatchObject({ members: [bob] });
    expect(await groups.roles.take(WRITER, bob, ACTOR, { endTokens: true })).toBe(true);
    expect(room.ended).toEqual(['acct-bob']);
    await groups.roles.give(WRITER, alice, ACTOR);
    await groups.roles.forget('org_a');
    expect(await groups.roles.find(WRITER)).toMatchObject({ members: [] });
    const given = (await room.events()).filter(({ type }) => type === 'role.given');
    expect(given.at(-1)).toMatchObject({ accountId: 'acct-alice', organization: 'org_a' });
  });

  test('a deleted account is in no group and holds no role', async () => {
    await arrange();
    await room.groups.roles.give(READER, ALICE, ACTOR);
    const member = { kind: 'member', id: 'acct-alice', organization: 'org_a' } as const;
    await room.groups.roles.give(READER, member, ACTOR);
    await records.write(...forgetAccount(records.queries, 'acct-alice'));
    expect(await room.groups.find('engineering')).toMatchObject({ people: [] });
    expect(await room.groups.roles.find(READER)).toMatchObject({
      people: [],
      groups: ['staff'],
      members: [],
    });
  });

  test('who is tied to more than can be told is cut, and the log says so', async () => {
    await room.groups.create({ name: 'all' }, ACTOR);
    const names = Array.from({ length: 5001 }, (_n, number) => `g${number}`);
    for (let from = 0; from < names.length; from += 1000) {
      const some = names.slice(from, from + 1000);
      await records.write(
        records.queries
          .insertInto('account_group')
          .values(some.map((name) => ({ name, description: '', source: 'cli', created_at: 1 }))),
        records.queries.insertInto('group_member').values(
          some.map((name) => ({
            group_name: name,
            member_kind: 'account' as const,
            member_id: 'acct-alice',
            source: 'cli',
          })),
        ),
      );
    }
    const rights = await room.groups.rightsOf('acct-alice', {});
    expect(rights.groups).toHaveLength(5000);
    expect(room.lines).toMatchObject([{ fields: { event: 'groups.cut' } }]);
  });

  test('everything is on record: who did what to whom', async () => {
    await arrange();
    await room.groups.remove('engineering', ALICE, ACTOR);
    await room.groups.roles.take(READER, group('staff'), ACTOR);
    await room.groups.roles.delete(READER, ACTOR);
    await room.groups.delete('staff', ACTOR);
    const by = { by: 'test', origin: { address: 'test' } };
    expect(await room.events()).toEqual([
      { type: 'group.created', group: 'engineering', ...by },
      { type: 'group.created', group: 'staff', ...by },
      { type: 'group.member_added', group: 'engineering', accountId: 'acct-alice', ...by },
      { type: 'group.member_added', group: 'staff', member: 'engineering', ...by },
      { type: 'role.created', role: 'reader', api: API, permissions: ['read:messages'], ...by },
      { type: 'role.given', role: 'reader', api: API, group: 'staff', ...by },
      { type: 'group.member_removed', group: 'engineering', accountId: 'acct-alice', ...by },
      { type: 'role.taken', role: 'reader', api: API, group: 'staff', ...by },
      { type: 'role.deleted', role: 'reader', api: API, ...by },
      { type: 'group.deleted', group: 'staff', ...by },
    ]);
  });

  describe('of the configuration', () => {
    const GROUPS = [
      { name: 'engineering', people: ['alice', 'acct-bob'] },
      { name: 'staff', groups: ['engineering'] },
    ];
    const ROLES = [{ name: 'reader', api: API, permissions: ['read:messages'], groups: ['staff'] }];

    test('are there after the start, and a second start changes nothing', async () => {
      await room.seed({ groups: GROUPS, roles: ROLES });
      const groups = await room.seed({ groups: GROUPS, roles: ROLES });
      expect(await groups.rightsOf('acct-bob', { api: API })).toEqual({
        groups: ['engineering', 'staff'],
        roles: ['reader'],
        permissions: ['read:messages'],
      });
      const types = (await room.events()).map(({ type }) => String(type));
      expect(types.toSorted()).toEqual([
        'group.created',
        'group.created',
        'group.member_added',
        'group.member_added',
        'group.member_added',
        'role.created',
        'role.given',
      ]);
    });

    test('two nodes that start at once make them once', async () => {
      await Promise.all([
        room.seed({ groups: GROUPS, roles: ROLES }),
        room.seed({ groups: GROUPS, roles: ROLES }),
      ]);
      expect(await room.groups.list()).toHaveLength(2);
      expect(await room.groups.find('engineering')).toMatchObject({
        people: ['acct-alice', 'acct-bob'],
      });
    });

    test('are changed there alone, but for lists that it leaves out', async () => {
      const groups = await room.seed({ groups: GROUPS, roles: ROLES });
      const declared = { code: 'ERR_DECLARED_GROUP' };
      const carol: Holder = { kind: 'account', id: 'acct-carol' };
      await expect(groups.delete('staff', ACTOR)).rejects.toMatchObject(declared);
      await expect(groups.add('engineering', carol, ACTOR)).rejects.toMatchObject(declared);
      await expect(groups.remove('engineering', ALICE, ACTOR)).rejects.toMatchObject(declared);
      await expect(groups.roles.delete(READER, ACTOR)).rejects.toMatchObject(declared);
      await expect(groups.roles.take(READER, group('staff'), ACTOR)).rejects.toMatchObject(
        declared,
      );
      await expect(groups.create({ name: 'staff' }, ACTOR)).rejects.toMatchObject({
        code: 'ERR_GROUP_EXISTS',
      });
      expect(await groups.add('staff', carol, ACTOR)).toBe(true);
      expect(await groups.roles.give(READER, carol, ACTOR)).toBe(true);
      await room.seed({ groups: GROUPS, roles: ROLES });
      expect(await groups.find('staff')).toMatchObject({ people: ['acct-carol'] });
      expect(await groups.roles.find(READER)).toMatchObject({ people: ['acct-carol'] });
    });

    test('follow it: what it names no more is gone, what it says anew counts', async () => {
      await room.seed({ groups: GROUPS, roles: ROLES });
      const groups = await room.seed({
        groups: [{ name: 'engineering', people: ['alice'] }],
        roles: [{ name: 'reader', api: API, permissions: ['delete:messages'], people: ['alice'] }],
      });
      expect(await groups.rightsOf('acct-alice', { api: API })).toEqual({
        groups: ['engineering'],
        roles: ['reader'],
        permissions: ['delete:messages'],
      });
      expect(await groups.rightsOf('acct-bob', { api: API })).toMatchObject({ groups: [] });
      expect(await groups.find('staff')).toBeUndefined();
      const types = (await room.events()).map(({ type }) => type);
      expect(types).toContain('role.updated');
      expect(types).toContain('group.deleted');
    });

    test('take over what a command has made, and leave alone what they do not name', async () => {
      await room.groups.create({ name: 'engineering' }, ACTOR);
      await room.groups.create({ name: 'guests' }, ACTOR);
      await room.groups.add('engineering', { kind: 'account', id: 'acct-carol' }, ACTOR);
      const groups = await room.seed({ groups: GROUPS });
      expect(await groups.find('engineering')).toMatchObject({
        group: { source: 'config' },
        people: ['acct-alice', 'acct-bob'],
      });
      expect(await groups.find('guests')).toMatchObject({ group: { source: 'cli' } });
    });

    test('name somebody who is not there: they are left out, and the log says so', async () => {
      const groups = await room.seed({
        groups: [{ name: 'engineering', people: ['alice', 'zed'] }],
      });
      expect(await groups.find('engineering')).toMatchObject({ people: ['acct-alice'] });
      const fields = { event: 'groups.person_unknown', person: 'zed' };
      expect(room.lines).toMatchObject([{ fields }]);
    });
  });
});
