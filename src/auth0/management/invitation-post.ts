import type { Compilable } from 'kysely';
import { foldEmail } from '../../accounts/login.ts';
import { createQuotas } from '../../accounts/quotas.ts';
import type { Letters } from '../../mail/mail.ts';
import { isMailbox } from '../../mail/mailbox.ts';
import type { NewInvitation } from '../organizations/invitations.ts';
import type { Call } from './call.ts';
import { invalidBody, ManagementProblem } from './problem.ts';
import type { ManagementRoom } from './room.ts';

const HOUR_LETTERS_OF_MAILBOX = 5;

/** Gives the statement that queues the letter of an invitation. */
export type InvitationPost = (
  told: Omit<Letters['organization-invitation'], 'inviter'>,
) => Compilable;

/**
 * The letter to whoever is invited, in their language if they have an account. It counts among those that the mailbox gets.
 *
 * @throws {ManagementProblem} when none leaves from here, or the mailbox had enough of them.
 */
export async function invitationPost(
  { email, inviter }: NewInvitation,
  { actor: { origin } }: Pick<Call, 'actor'>,
  { accounts, hasMail, mail, state }: ManagementRoom,
): Promise<InvitationPost> {
  if (!hasMail)
    throw invalidBody(
      "'send_invitation_email': must be false: no letter is sent from here (`mail` says no server)",
    );
  const mailbox = foldEmail(email);
  if (mailbox === undefined || !isMailbox(email)) throw noAddress();
  const ask = { mailbox, address: origin.address, max: HOUR_LETTERS_OF_MAILBOX };
  if (!(await createQuotas(state, 'auth0').takeLetter(ask)))
    throw new ManagementProblem(429, {
      message: 'That mailbox was sent as many letters as it gets in an hour; try again later.',
      errorCode: 'too_many_requests',
    });
  const locale = (await accounts.findByLogin(email))?.claims['locale'];
  const languages = typeof locale === 'string' ? [locale] : [];
  return (told) =>
    mail.queue({
      to: email,
      name: 'organization-invitation',
      data: { ...told, inviter },
      languages,
    });
}

/** Nobody can be invited there. */
export function noAddress(): ManagementProblem {
  return invalidBody("'invitee.email': is no address");
}
