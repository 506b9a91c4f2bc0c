import type { FactorSummary } from '../../factors/factors.ts';
import { instantOf } from '../person.ts';
import type { Call } from './call.ts';
import { notFound } from './declared.ts';
import { userOf } from './find-user.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

/** Before the id of the account: a person has one authenticator app. */
const APP = 'totp|';
const path = '/guardian/enrollments/:id';

/** `/users/{id}/enrollments` and `/guardian/enrollments`: authenticator apps, which are all of Guardian's that is here. */
export function enrollmentRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const { factors } = room;
  return [
    {
      method: 'get',
      path: '/users/:id/enrollments',
      scopes: ['read:users'],
      async run(call) {
        const { id } = await userOf(call, room);
        const found = enrollmentIn(id, await factors.of(id));
        return found === undefined ? [] : [found];
      },
    },
    {
      method: 'get',
      path,
      scopes: ['read:guardian_enrollments'],
      async run(call) {
        const accountId = ownerOf(call);
        return enrollmentIn(accountId, await factors.of(accountId)) ?? unknown();
      },
    },
    {
      method: 'delete',
      path,
      scopes: ['delete:guardian_enrollments'],
      async run(call) {
        const isGone = await factors.totp.remove(ownerOf(call), call.actor);
        return isGone ? undefined : unknown();
      },
    },
  ];
}

/** @throws {ManagementProblem} */
function ownerOf(call: Pick<Call, 'param'>): string {
  const id = call.param('id');
  return id.startsWith(APP) ? id.slice(APP.length) : unknown();
}

function enrollmentIn(accountId: string, summary: FactorSummary | undefined): object | undefined {
  if (summary?.totp === undefined) return undefined;
  return {
    id: `${APP}${accountId}`,
    status: 'confirmed',
    type: 'authenticator',
    auth_method: 'authenticator',
    enrolled_at: instantOf(summary.totp.createdAt),
  };
}

function unknown(): never {
  return notFound('The enrollment does not exist.', 'enrollment_not_found');
}
