import type { Account } from '../accounts/accounts.ts';
import { deviceLine } from '../http/user-agent.ts';
import type { Letters, Mail } from '../mail/mail.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Restorer } from './restorer.ts';

/** What somebody did at an account. */
export interface Change {
  /** As it was before. */
  readonly account: Account;
  readonly actor: Actor;
  /** NumericDate: before anything that was changed. */
  readonly at: number;
  /** Those of the browser that made it; the one that the person chose for themselves comes first. */
  readonly languages: readonly string[];
}

/** Letters about what was changed, with the way to take it back. */
export interface Notices {
  /** To the verified address, if there is one. */
  tell(change: Change, what: Letters['notice']['what']): Promise<void>;
  /** To both addresses: the old one, if it was verified, can take the change back. */
  tellOfNewEmail(change: Change, newEmail: string): Promise<void>;
}

const LOCAL_SHOWN = 2;

/** By `mail`; the links lead to the account page. */
export function createNotices(options: {
  readonly issuer: string;
  readonly mail: Mail;
  readonly restorer: Restorer;
  /** False: the account page is switched off, and there is nowhere to lead to. */
  readonly isLinked: boolean;
}): Notices {
  const { issuer, mail, restorer, isLinked } = options;

  async function notice(
    change: Change,
    what: Letters['notice']['what'],
    to: string,
  ): Promise<void> {
    const { account, actor, at } = change;
    const { address, userAgent } = actor.origin;
    // Of an account that is gone there is nothing left to take back.
    const notMeUrl =
      what === 'account-deleted' || !isLinked
        ? ''
        : `${issuer}/account/not-me/${await restorer.issue('not-me', { accountId: account.id, email: to, at })}`;
    await mail.send({
      to,
      name: 'notice',
      data: { what, at, device: deviceLine(userAgent), address, notMeUrl },
      languages: languagesFor(change),
    });
  }

  return {
    async tell(change, what) {
      const { email, emailVerified } = change.account;
      if (email !== undefined && emailVerified) await notice(change, what, email);
    },
    async tellOfNewEmail(change, newEmail) {
      const { account, at } = change;
      const { email: oldEmail, emailVerified } = account;
      if (oldEmail !== undefined && emailVerified) {
        const point = { accountId: account.id, email: oldEmail, at };
        const token = await restorer.issue('email-change-undo', point);
        const undoUrl = `${issuer}/account/undo-email/${token}`;
        await mail.send({
          to: oldEmail,
          name: 'email-changed',
          data: { newEmail: masked(newEmail), undoUrl },
          languages: languagesFor(change),
        });
      }
      await notice(change, 'email-changed', newEmail);
    },
  };
}

/** The language that a person chose for themselves; empty: none. */
export function localesOf({ claims }: Account): readonly string[] {
  const { locale } = claims;
  return typeof locale === 'string' ? [locale.replaceAll('_', '-')] : [];
}

function languagesFor({ account, languages }: Change): readonly string[] {
  return [...localesOf(account), ...languages];
}

/** `al•••@example.com`: who knows the address recognises it. */
function masked(email: string): string {
  const at = email.lastIndexOf('@');
  return `${email.slice(0, Math.min(LOCAL_SHOWN, at))}•••${email.slice(at)}`;
}
