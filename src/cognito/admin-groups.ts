import { z } from 'zod';
import {
  DeclaredGroup,
  GroupExists,
  InvalidGroup,
  type Group,
  type GroupContents,
} from '../groups/groups.ts';
import type { JsonObject } from '../runtime/json.ts';
import { ofUser, poolOf, userOf } from './admin-users.ts';
import { CognitoException } from './exception.ts';
import { signedOperation, type Operation } from './operation.ts';
import type { Pool } from './pool.ts';
import type { Room } from './room.ts';
import { userView } from './user-view.ts';

const ofPool = z.object({ UserPoolId: z.string() });
const ofGroup = ofPool.extend({ GroupName: z.string().min(1).max(128) });
const ofMember = ofUser.extend({ GroupName: z.string().min(1).max(128) });

/** Groups, which are those of the installation, in every pool the same. */
export function adminGroupOperations(room: Room): Readonly<Record<string, Operation>> {
  return {
    CreateGroup: createGroup(room),
    DeleteGroup: group(room, async ({ group: { name } }, { actor }) => {
      await room.groups.delete(name, actor);
      return {};
    }),
    GetGroup: group(room, async (found, { pool }) => ({ Group: groupView(found.group, pool) })),
    ListGroups: signedOperation(ofPool, async ({ UserPoolId }) => {
      const pool = await poolOf(UserPoolId, room);
      return { Groups: (await room.groups.list()).map((one) => groupView(one, pool)) };
    }),
    ListUsersInGroup: group(room, async ({ people }, { pool }) => {
      const users = await Promise.all(people.map((id) => room.users.byAccount(pool, id)));
      return {
        Users: users.flatMap((user) => (user ? [userView(user, 'Attributes')] : [])),
      };
    }),
    AdminAddUserToGroup: member(room, (name, holder, actor) =>
      room.groups.add(name, holder, actor),
    ),
    AdminRemoveUserFromGroup: member(room, (name, holder, actor) =>
      room.groups.remove(name, holder, actor),
    ),
    AdminListGroupsForUser: signedOperation(ofUser, async (given) => {
      const { account, pool } = await userOf(given, room);
      const { groups: names } = await room.groups.rightsOf(account.id, {});
      const all = await room.groups.list();
      const held = all.filter(({ name }) => names.includes(name));
      return { Groups: held.map((one) => groupView(one, pool)) };
    }),
  };
}

function createGroup(room: Room): Operation {
  const input = ofGroup.extend({ Description: z.string().max(2048).nullish() });
  return signedOperation(input, async (given, origin) => {
    const pool = await poolOf(given.UserPoolId, room);
    const wanted = { name: given.GroupName, description: given.Description ?? undefined };
    const made = await refusing(room.groups.create(wanted, { by: 'cognito', origin }));
    return { Group: groupView(made, pool) };
  });
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

function groupView({ name, description, createdAt }: Group, { id }: Pool): JsonObject {
  return {
    GroupName: name,
    UserPoolId: id,
    ...(description !== undefined && { Description: description }),
    CreationDate: createdAt,
    LastModifiedDate: createdAt,
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
