import { z } from 'zod';
import type { Account } from '../../accounts/accounts.ts';
import { accountsByUserIds } from './find-user.ts';
import { type Jobs, jobView } from './jobs.ts';
import { invalidBody } from './problem.ts';
import type { ManagementRoom } from './room.ts';
import type { ManagementRoute } from './route.ts';

const HOUR_SECONDS = 3600;
/** The client says whose letter it is at Auth0; here all of them are the installation's. */
const wanted = z.strictObject({ user_id: z.string(), client_id: z.string().optional() });

/** `POST /jobs/verification-email`: a letter by which somebody confirms their address. It is queued before the answer. */
export function verificationJob(room: ManagementRoom, jobs: Jobs): ManagementRoute {
  return {
    method: 'post',
    path: '/jobs/verification-email',
    scopes: ['update:users'],
    status: 201,
    async run(call) {
      const { user_id: userId } = await call.body(wanted);
      const [account] = await accountsByUserIds([userId], room);
      if (account?.email === undefined) throw invalidBody('the user has no address');
      if (!room.hasMail) throw invalidBody('no letter is sent from here: `mail` says no server');
      await send({ ...account, email: account.email }, room);
      return jobView(await jobs.keep({ type: 'verification_email', errors: [] }), 'pending');
    },
  };
}

async function send(
  { id, email, claims: { locale } }: Account & { readonly email: string },
  { clock, emailConfirmation, mail }: ManagementRoom,
): Promise<void> {
  const { url, expiresAt } = await emailConfirmation.link(id, email);
  const hours = Math.round((expiresAt - clock.now()) / HOUR_SECONDS);
  const languages = typeof locale === 'string' ? [locale] : [];
  await mail.send({ to: email, name: 'confirm-email', data: { url, hours }, languages });
}
