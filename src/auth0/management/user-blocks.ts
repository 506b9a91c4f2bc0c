import { z } from 'zod';
import type { Account } from '../../accounts/accounts.ts';
import type { Call } from './call.ts';
import { accountByIdentifier, userOf } from './find-user.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

const query = z.object({ identifier: z.string().min(1).max(254) });

/** `/user-blocks`: limits on guessing that were reached, and their end. */
export function userBlockRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  const byIdentifier = (call: Call): Promise<Account> =>
    accountByIdentifier(call.query(query).identifier, room);
  const byId = (call: Call): Promise<Account> => userOf(call, room);
  return [
    ...blockRoutes('/user-blocks', byIdentifier, room),
    ...blockRoutes('/user-blocks/:id', byId, room),
  ];
}

function blockRoutes(
  path: string,
  find: (call: Call) => Promise<Account>,
  { accounts }: ManagementRoom,
): readonly ManagementRoute[] {
  return [
    {
      method: 'get',
      path,
      scopes: ['read:users'],
      async run(call) {
        const limits = await accounts.limits((await find(call)).id);
        const reached = limits.filter(({ failures, max }) => failures >= max);
        // Which addresses are kept out is not kept: they are networks, and all of them that are strangers.
        return { blocked_for: reached.map(({ login }) => ({ identifier: login })) };
      },
    },
    {
      method: 'delete',
      path,
      scopes: ['update:users'],
      async run(call) {
        await accounts.resetLimits((await find(call)).id, call.actor);
        return undefined;
      },
    },
  ];
}
