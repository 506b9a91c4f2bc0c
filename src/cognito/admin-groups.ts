import { z } from 'zod';
import {
  DeclaredGroup,
  GroupExists,
  InvalidGroup,
  type Group,
  type GroupContents,
} from '../groups/groups.ts';
import type { JsonObject } from '../runtime/json.ts';
import { ofUser, poolOf, userOf } from './addressed.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import { pageInput, pageOf } from './paging.ts';
import type { Pool } from './pool.ts';
import type { PoolGroup } from './pool-groups.ts';
import type { Room } from './room.ts';
import { userView } from './user-view.ts';

const ofPool = z.object({ UserPoolId: z.string() });
const ofGroup = ofPool.extend({ GroupName: z.string().min(1).max(128) });
const limited = z.object({
  Limit: z.int().min(0).max(60).nullish(),
  NextToken: pageInput.shape.NextToken,
});
const written = ofGroup.extend({
  Description: z.string().max(2048).nullish(),
  Precedence: z.int().min(0).nullish(),
  RoleArn: z.string().min(20).max(2048).nullish(),
});
const ofMember = ofUser.extend({ GroupName: z.string().min(1).max(128) });

/** Groups, which are those of the installation, in every pool the same. */
export function adminGroupOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    CreateGroup: createGroup(room),
    UpdateGroup: updateGroup(room),
    DeleteGroup: group(room, async ({ group: { name } }, { actor }) => {
      await room.groups.delete(name, actor);
      await room.poolGroups.delete(name);
      return {};
    }),
    GetGroup: group(room, async ({ group: found }, { pool }) => ({
      Group: groupView(found, pool, await room.poolGroups.find(pool.id, found.name)),
    })),
    ListGroups: signedOperation(ofPool.extend(limited.shape), async (given) => {
      const pool = await poolOf(given.UserPoolId, room);
      return await groupsPage({ all: await room.groups.list(), pool, asked: given }, room);
    }),
    ListUsersInGroup: usersInGroup(room),
    AdminAddUserToGroup: member(room, (name, holder, actor) =>
      room.groups.add(name, holder, actor),
    ),
    AdminRemoveUserFromGroup: member(room, (name, holder, actor) =>
      room.groups.remove(name, holder, actor),
    ),
    AdminListGroupsForUser: signedOperation(ofUser.extend(limited.shape), async (given) => {
      const { account, pool } = await userOf(given, room);
      const { groups: names } = await room.groups.rightsOf(account.id, {});
      const all = await room.groups.list();
      const held = all.filter(({ name }) => names.includes(name));
      return await groupsPage({ all: held, pool, asked: given }, room);
    }),
  };
}

function createGroup(room: Room): Operation {
  return signedOperation(written, async (given, origin) => {
    const pool = await poolOf(given.UserPoolId, room);
    const description = given.Description ?? undefined;
    const made = await refusing(
      room.groups.create({ name: given.GroupName, description }, { by: 'cognito', origin }),
    );
    await room.poolGroups.put(pool.id, made.name, saidOf(given));
    const said = await room.poolGroups.find(pool.id, made.name);
    return { Group: groupView(made, pool, said) };
  });
}

/** What is left out stays. Of a declared group, too, the pool may say what it likes: nothing else looks at it. */
function updateGroup(room: Room): Operation {
  return signedOperation(written, async (given) => {
    const pool = await poolOf(given.UserPoolId, room);
    const found = await room.groups.find(given.GroupName);
    if (found === undefined) throw groupNotFound();
    const { name } = found.group;
    const before = await room.poolGroups.find(pool.id, name);
    await room.poolGroups.put(pool.id, name, { ...before, ...saidOf(given) });
    return { Group: groupView(found.group, pool, await room.poolGroups.find(pool.id, name)) };
  });
}

function saidOf(given: z.output<typeof written>): Omit<PoolGroup, 'updatedAt'> {
  const { Description: description, Precedence: precedence, RoleArn: roleArn } = given;
  return {
    ...(typeof description === 'string' && { description }),
    ...(typeof precedence === 'number' && { precedence }),
    ...(typeof roleArn === 'string' && { roleArn }),
  };
}

async function groupsPage(
  list: {
    readonly all: readonly Group[];
    readonly pool: Pool;
    readonly asked: z.output<typeof limited>;
  },
  room: Room,
): Promise<JsonObject> {
  const { all, pool, asked } = list;
  const { page, next } = pageOf(all, pageAsked(asked), ({ name }) => name);
  const said = await room.poolGroups.ofPool(pool.id);
  return { Groups: page.map((one) => groupView(one, pool, said.get(one.name))), ...next };
}

function usersInGroup(room: Room): Operation {
  return signedOperation(ofGroup.extend(limited.shape), async (given) => {
    const pool = await poolOf(given.UserPoolId, room);
    const found = await room.groups.find(given.GroupName);
    if (found === undefined) throw groupNotFound();
    const { page, next } = pageOf(found.people, pageAsked(given), (id) => id);
    const users = await Promise.all(page.map((id) => room.users.byAccount(pool, id)));
    return {
      Users: users.flatMap((user) => (user ? [userView(user, 'Attributes')] : [])),
      ...next,
    };
  });
}

function pageAsked({ Limit, NextToken }: z.output<typeof limited>): z.output<typeof pageInput> {
  return { MaxResults: Limit === 0 ? undefined : Limit, NextToken };
}

type Actor = Parameters<Room['groups']['delete']>[1];

function group(
  room: Room,
  work: (
    found: GroupContents,
    by: { readonly pool: Pool; readonly actor: Actor },
  ) => Promise<JsonObject>,
): Operation {
  return signedOperation(ofGroup, async ({ UserPoolId, GroupName }, origin) => {
    const pool = await poolOf(UserPoolId, room);
    const found = await room.groups.find(GroupName);
    if (found === undefined) throw groupNotFound();
    return await refusing(work(found, { pool, actor: { by: 'cognito', origin } }));
  });
}

function member(
  room: Room,
  work: (
    name: string,
    holder: { readonly kind: 'account'; readonly id: string },
    actor: Actor,
  ) => Promise<boolean>,
): Operation {
  return signedOperation(ofMember, async (given, origin) => {
    const { account } = await userOf(given, room);
    if ((await room.groups.find(given.GroupName)) === undefined) throw groupNotFound();
    const holder = { kind: 'account', id: account.id } as const;
    await refusing(work(given.GroupName, holder, { by: 'cognito', origin }));
    return {};
  });
}

function groupView(
  { name, description, createdAt }: Group,
  { id }: Pool,
  said: PoolGroup | undefined,
): JsonObject {
  const { precedence, roleArn, updatedAt = createdAt } = said ?? {};
  const text = said?.description ?? description;
  return {
    GroupName: name,
    UserPoolId: id,
    ...(text !== undefined && { Description: text }),
    ...(precedence !== undefined && { Precedence: precedence }),
    ...(roleArn !== undefined && { RoleArn: roleArn }),
    CreationDate: createdAt,
    LastModifiedDate: updatedAt,
  };
}

/** What the house refuses, in the words of Cognito. */
async function refusing<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GroupExists)
      throw new CognitoException('GroupExistsException', 'A group with the name already exists.', {
        cause: error,
      });
    if (error instanceof InvalidGroup || error instanceof DeclaredGroup)
      throw new CognitoException('InvalidParameterException', error.message, { cause: error });
    throw error;
  }
}

function groupNotFound(): CognitoException {
  return new CognitoException('ResourceNotFoundException', 'Group not found.');
}
