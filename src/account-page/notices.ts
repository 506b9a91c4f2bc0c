import type { Account } from '../accounts/accounts.ts';
import { languagesOf } from '../http/page.ts';
import type { Letters, Mail } from '../mail/mail.ts';
import { isMailbox } from '../mail/mailbox.ts';
import type { Restorer } from './restore.ts';
import { deviceLine } from './user-agent.ts';
import type { Visit } from './visit.ts';

/** Letters about what was changed, with the way to take it back. */
export interface Notices {
  /** To the verified address, if there is one. */
  tell(visit: Visit, what: Letters['notice']['what']): Promise<void>;
  /** To both addresses: the old one, if it was verified, can take the change back. */
  tellOfNewEmail(visit: Visit, newEmail: string): Promise<void>;
}

const LOCAL_SHOWN = 2;

export function createNotices(options: {
  readonly issuer: string;
  readonly mail: Mail;
  readonly restorer: Restorer;
}): Notices {
  const { issuer, mail, restorer } = options;

  async function notice(
    { ctx, actor, account, at }: Visit,
    what: Letters['notice']['what'],
    to: string,
  ): Promise<void> {
    const { address, userAgent } = actor.origin;
    // Of an account that is gone there is nothing left to take back.
    const notMeUrl =
      what === 'account-deleted'
        ? ''
        : `${issuer}/account/not-me/${await restorer.issue('not-me', { accountId: account.id, email: to, at })}`;
    await mail.send({
      to,
      name: 'notice',
      data: { what, at, device: deviceLine(userAgent), address, notMeUrl },
      languages: languagesOf(ctx, localesOf(account)),
    });
  }

  return {
    async tell(visit, what) {
      const to = reachedBy(visit.account);
      if (to !== undefined) await notice(visit, what, to);
    },
    async tellOfNewEmail(visit, newEmail) {
      const { ctx, account, at } = visit;
      const oldEmail = reachedBy(account);
      if (oldEmail !== undefined) {
        const point = { accountId: account.id, email: oldEmail, at };
        const token = await restorer.issue('email-change-undo', point);
        const undoUrl = `${issuer}/account/undo-email/${token}`;
        await mail.send({
          to: oldEmail,
          name: 'email-changed',
          data: { newEmail: masked(newEmail), undoUrl },
          languages: languagesOf(ctx, localesOf(account)),
        });
      }
      await notice(visit, 'email-changed', newEmail);
    },
  };
}

/** Verified, and such that a letter can go there: an import may have brought others. */
function reachedBy({ email, emailVerified }: Account): string | undefined {
  return email !== undefined && emailVerified && isMailbox(email) ? email : undefined;
}

/** The language that a person chose for themselves; empty: none. */
export function localesOf({ claims }: Account): readonly string[] {
  const { locale } = claims;
  return typeof locale === 'string' ? [locale.replaceAll('_', '-')] : [];
}

/** `al•••@example.com`: who knows the address recognises it. */
function masked(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, Math.min(LOCAL_SHOWN, at))}•••${email.slice(at)}`;
}
