import { z } from 'zod';
import type { Account } from '../../accounts/accounts.ts';
import { recoveryUrl } from '../../accounts/recovery-link.ts';
import { accountByIdentifier, accountsByUserIds } from './find-user.ts';
import { invalidBody } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';
import { CONNECTION_ID } from './user-view.ts';

const unknown = { error: 'is not done here' };
/** What says where the way ends, and how long it is open, is taken and not followed: it ends at our page. */
const passwordChange = z.strictObject({
  user_id: z.string().optional(),
  email: z.string().optional(),
  connection_id: z.literal(CONNECTION_ID, { error: `is ${CONNECTION_ID} alone` }).optional(),
  client_id: z.string().optional(),
  result_url: z.string().optional(),
  ttl_sec: z.int().optional(),
  includeEmailInRedirect: z.boolean().optional(),
  mark_email_as_verified: z.literal(false, unknown).optional(),
});

const emailVerification = z.strictObject({
  user_id: z.string(),
  client_id: z.string().optional(),
  result_url: z.string().optional(),
  ttl_sec: z.int().optional(),
  includeEmailInRedirect: z.boolean().optional(),
});

/** `/tickets`: links for somebody whom the application hands them to. */
export function ticketRoutes(room: ManagementRoom): readonly ManagementRoute[] {
  return [
    {
      method: 'post',
      path: '/tickets/password-change',
      scopes: ['create:user_tickets'],
      status: 201,
      async run(call) {
        const { id } = await wanted(await call.body(passwordChange), room);
        const { by, origin } = call.actor;
        const { token } = await room.tickets.issue({ kind: 'recovery', about: id });
        await room.audit.record({ type: 'account.recovery_link_made', accountId: id, by, origin });
        return { ticket: recoveryUrl(room.profile.issuer, token) };
      },
    },
    {
      method: 'post',
      path: '/tickets/email-verification',
      scopes: ['create:user_tickets'],
      status: 201,
      async run(call) {
        const { user_id: userId } = await call.body(emailVerification);
        const [account] = await accountsByUserIds([userId], room);
        if (account?.email === undefined) throw invalidBody('the user has no address');
        const { url } = await room.emailConfirmation.link(account.id, account.email);
        return { ticket: url };
      },
    },
  ];
}

async function wanted(
  { user_id: userId, email }: z.output<typeof passwordChange>,
  room: ManagementRoom,
): Promise<Account> {
  const [account] = userId === undefined ? [] : await accountsByUserIds([userId], room);
  if (account !== undefined) return account;
  if (email === undefined) throw invalidBody("'user_id' or 'email' is missing");
  return await accountByIdentifier(email, room);
}
