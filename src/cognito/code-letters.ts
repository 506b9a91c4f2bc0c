import type { JsonObject } from '../runtime/json.ts';
import { createLetterCodes, type CodeAsk, type LetterCodes } from './letter-codes.ts';
import type { Room } from './room.ts';
import type { PoolUser } from './users.ts';

/** Codes by e-mail. */
export interface CodeLetters extends Pick<
  LetterCodes,
  'admit' | 'check' | 'pretend' | 'refusalFor'
> {
  /** Sends a code in a letter, and says where it went. Nobody waits for the letter. @throws {CognitoException} */
  send(ask: LetterAsk): Promise<JsonObject>;
  /** Sends somebody the password for their first sign-in. */
  invite(user: PoolUser, to: { readonly address: string; readonly password: string }): void;
}

interface LetterAsk extends CodeAsk {
  /** What is signed in to. */
  readonly clientName?: string | undefined;
}

export function createCodeLetters(
  house: Pick<Room, 'factors' | 'logger' | 'mail' | 'settings' | 'state'>,
): CodeLetters {
  const { logger, mail } = house;
  const { issue, ...codes } = createLetterCodes(house);

  /** Nobody waits for it. */
  function post(letter: Parameters<typeof mail.send>[0]): void {
    mail.send(letter).catch((error: Error) => {
      logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
    });
  }

  return {
    ...codes,
    async send({ clientName = '', ...ask }) {
      const { user, purpose, address } = ask;
      const { code, minutes } = await issue(ask);
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
  };
}

/** Where a letter went, or would have gone, as far as whoever asks may know. */
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
