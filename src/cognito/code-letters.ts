import { foldEmail } from '../accounts/login.ts';
import { createQuotas } from '../accounts/quotas.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';
import { CognitoException } from './exception.ts';
import type { Room } from './room.ts';
import type { PoolUser } from './users.ts';

const MINUTE = 60;
const HOUR_LETTERS_OF_MAILBOX = 20;

/** What a code is good for. */
export type CodePurpose = 'verify-email' | 'reset-code' | 'sign-in-code';

/** Codes by e-mail, each for one user, one purpose and one address. */
export interface CodeLetters {
  /** Counts what one address asks for. @throws {CognitoException} beyond the limit. */
  admit(origin: Origin): Promise<void>;
  /** Sends a code in a letter, and says where it went. Nobody waits for the letter. @throws {CognitoException} */
  send(ask: CodeAsk): Promise<JsonObject>;
  /** Sends somebody the password for their first sign-in. */
  invite(user: PoolUser, to: { readonly address: string; readonly password: string }): void;
  /** @throws {CognitoException} for a code that is wrong, was used or came too late. */
  check(ask: CodeAsk & { readonly code: string; readonly clientId: string }): Promise<void>;
}

interface CodeAsk {
  readonly user: PoolUser;
  readonly purpose: CodePurpose;
  readonly address: string;
  readonly origin: Origin;
  /** The sign-in that it is for, and for no other. */
  readonly session?: string | undefined;
  /** What is signed in to. */
  readonly clientName?: string | undefined;
}

export function createCodeLetters(
  house: Pick<Room, 'factors' | 'logger' | 'mail' | 'settings' | 'state'>,
): CodeLetters {
  const { factors, logger, mail, settings } = house;
  const quotas = createQuotas(house.state, 'cognito');

  /** Nobody waits for it. */
  function post(letter: Parameters<typeof mail.send>[0]): void {
    mail.send(letter).catch((error: Error) => {
      logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
    });
  }

  return {
    async admit({ address }) {
      const { perAddress: max, overall } = settings;
      if (!(await quotas.take({ address, max, overall }))) throw tooMany();
    },
    async send({ user, purpose, address, origin, session, clientName = '' }) {
      const accountId = user.account.id;
      const ask = { flowId: flowOf({ user, purpose, address, session }), accountId, origin };
      const issued = await factors.emailCodes.issue(ask);
      if (issued.kind === 'throttled') throw tooMany();
      const mailbox = foldEmail(address) ?? address;
      const ration = { mailbox, address: origin.address, max: HOUR_LETTERS_OF_MAILBOX };
      if (!(await quotas.takeLetter(ration))) throw tooMany();
      const { code, lifetimeSeconds } = issued;
      const minutes = Math.round(lifetimeSeconds / MINUTE);
      const to = { to: address, languages: languagesOf(user) };
      if (purpose === 'reset-code') post({ ...to, name: purpose, data: { code, minutes } });
      else post({ ...to, name: purpose, data: { code, minutes, url: '', clientName } });
      return deliveryTo(address);
    },
    invite(user, { address, password }) {
      const { pool, row } = user;
      const username = pool.signInBy === 'email' ? address : row.username;
      const data = { code: password, username };
      post({ to: address, languages: languagesOf(user), name: 'temporary-password', data });
    },
    async check({ user, purpose, address, origin, session, code, clientId }) {
      const accountId = user.account.id;
      const flowId = flowOf({ user, purpose, address, session });
      const outcome = await factors.emailCodes.check({ flowId, accountId, code, origin, clientId });
      if (outcome.kind === 'throttled') throw tooMany();
      if (outcome.kind === 'refused')
        throw new CognitoException(
          'CodeMismatchException',
          'Invalid verification code provided, please try again.',
        );
    },
  };
}

/** Where a letter went, as far as whoever asks may know. */
export function deliveryTo(address: string): JsonObject {
  return {
    Destination: masked(address),
    DeliveryMedium: 'EMAIL',
    AttributeName: 'email',
  };
}

/** An address as it is shown to whoever may not know it. */
export function masked(address: string): string {
  const [local = '', domain = ''] = address.split('@');
  return `${local.slice(0, 1)}***@${domain.slice(0, 1)}***`;
}

function languagesOf({ account }: PoolUser): readonly string[] {
  const locale = account.claims['locale'];
  return typeof locale === 'string' ? [locale] : [];
}

function flowOf({ user, purpose, address, session }: Omit<CodeAsk, 'origin'>): string {
  const flow = `cognito ${user.pool.id} ${purpose} ${foldEmail(address) ?? address}`;
  return session === undefined ? flow : `${flow} ${session}`;
}

function tooMany(): CognitoException {
  return new CognitoException(
    'LimitExceededException',
    'Attempt limit exceeded, please try after some time.',
  );
}
