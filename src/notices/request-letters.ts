import type { Accounts } from '../accounts/accounts.ts';
import type { Mail } from '../mail/mail.ts';
import { localesOf } from './notices.ts';

const MINUTE_SECONDS = 60;

/** Tells somebody that a client waits for them to sign in. */
export type TellOfRequest = (asked: {
  readonly accountId: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly message: string;
  readonly lifetimeSeconds: number;
  readonly languages: readonly string[];
}) => Promise<void>;

/** To the verified address, if there is one; with the way to the page where they answer. */
export function createRequestLetters({
  issuer,
  accounts,
  mail,
}: {
  readonly issuer: string;
  readonly accounts: Pick<Accounts, 'find'>;
  readonly mail: Mail;
}): TellOfRequest {
  return async ({ accountId, clientName, message, lifetimeSeconds, languages }) => {
    const account = await accounts.find(accountId);
    if (account?.email === undefined || !account.emailVerified) return;
    await mail.send({
      to: account.email,
      name: 'sign-in-request',
      data: {
        url: `${issuer}/account/requests`,
        minutes: Math.max(1, Math.floor(lifetimeSeconds / MINUTE_SECONDS)),
        clientName,
        message,
      },
      languages: [...localesOf(account), ...languages],
    });
  };
}
