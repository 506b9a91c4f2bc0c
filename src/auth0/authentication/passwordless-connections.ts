import type { Account, NewAccount } from '../../accounts/accounts.ts';
import { foldEmail } from '../../accounts/login.ts';
import { isPhoneNumber, PHONE_NUMBER } from '../../accounts/phone-number.ts';
import type { EmailCode, SmsCodes } from '../../factors/email-codes.ts';
import { pageUrl } from '../../http/page-url.ts';
import { isMailbox } from '../../mail/mailbox.ts';
import type { GrantRefused } from '../../provider/further-grant.ts';
import type { Origin } from '../../runtime/origin.ts';
import { SmsRefused } from '../../sms/sms.ts';
import { EMAIL, SMS } from './names.ts';
import { wrongEmailCode, wrongSmsCode } from './refusals.ts';
import type { Room } from './room.ts';

const MINUTE = 60;

/** A code on its way to somebody. */
export interface Sending {
  /** As it was typed. */
  readonly address: string;
  readonly owner: Account | undefined;
  readonly issued: EmailCode;
  /** Of the application. */
  readonly clientName: string;
  readonly languages: readonly string[];
  readonly origin: Origin;
}

/** One way by which a code reaches somebody: what Auth0 calls a passwordless connection. */
export interface PasswordlessConnection {
  readonly name: typeof EMAIL | typeof SMS;
  /** What the address is called on the wire. */
  readonly field: 'email' | 'phone_number';
  readonly isOffered: boolean;
  readonly method: 'email-code' | 'sms-code';
  readonly codes: SmsCodes;
  isAddress(text: string): boolean;
  /** What is said of a text that is none. */
  unfit(text: string): string;
  /** One address has one key. */
  keyOf(address: string): string;
  findOwner(address: string): Promise<Account | undefined>;
  /** An address that nobody has shown to be theirs lets nobody in: whoever made the account need not be who reads there. */
  isShown(owner: Account): boolean;
  /** Whether whoever reads there may make themselves an account by it. */
  isOpenTo(address: string): boolean;
  newAccount(address: string): NewAccount;
  /** Nobody waits for it, and nobody is told how it ends. */
  send(sending: Sending): void;
  wrongCode(): GrantRefused;
}

/** Those that there are, by their names at Auth0. */
export function passwordlessConnections(room: Room): ReadonlyMap<string, PasswordlessConnection> {
  return new Map([byEmail(room), bySms(room)].map((one) => [one.name, one]));
}

function byEmail(room: Room): PasswordlessConnection {
  const { accounts, authentication, factors, letterbox, registration, tenant } = room;
  return {
    name: EMAIL,
    field: 'email',
    isOffered: authentication.emailCode,
    method: 'email-code',
    codes: factors.emailCodes,
    isAddress: isMailbox,
    unfit: (email) => `error in email - email format validation failed: ${email}`,
    keyOf: (email) => foldEmail(email) ?? email.toLowerCase(),
    findOwner: (email) => accounts.findByLogin(email),
    isShown: ({ emailVerified }) => emailVerified,
    isOpenTo: (email) => registration.isOpenTo(email),
    newAccount: (email) => ({ email, emailVerified: true }),
    send({ address, owner, issued, clientName, languages, origin }) {
      const data = {
        code: issued.code,
        url: pageUrl(tenant.issuer, `/sign-in-code/${issued.linkToken}`),
        minutes: Math.round(issued.lifetimeSeconds / MINUTE),
        clientName,
      };
      letterbox.post(
        { to: owner?.email ?? address, name: 'sign-in-code', data, languages },
        origin,
      );
    },
    wrongCode: wrongEmailCode,
  };
}

function bySms(room: Room): PasswordlessConnection {
  const { accounts, authentication, factors, logger, registration, sms, texts } = room;

  async function post({ address: to, owner, issued, languages, origin }: Sending): Promise<void> {
    const { code } = issued;
    const text = (await texts.renderText('sms/sign-in-code', { code }, languages)).trim();
    await sms.send({ to, text, code, purpose: 'sign-in', origin, accountId: owner?.id });
  }

  return {
    name: SMS,
    field: 'phone_number',
    isOffered: authentication.smsCode && sms.isAvailable,
    method: 'sms-code',
    codes: factors.smsCodes,
    isAddress: isPhoneNumber,
    unfit: () => `String does not match pattern: ${PHONE_NUMBER.source}`,
    keyOf: (phone) => phone,
    findOwner: (phone) => accounts.findByPhone(phone),
    // Nobody is found by a number that is not theirs.
    isShown: () => true,
    isOpenTo: () => registration.isOpenToNumbers,
    newAccount: (phone) => ({ phone }),
    send(sending) {
      post(sending).catch((error: Error) => {
        // What the limits stopped is in the log already.
        if (error instanceof SmsRefused) return;
        logger.error({ event: 'sms.not_queued', error }, 'a text message could not be queued');
      });
    },
    wrongCode: wrongSmsCode,
  };
}
