import type { JsonObject } from '../runtime/json.ts';
import { createFeignedDeliveries, deliveryTo } from './deliveries.ts';
import { createLetterCodes, type CodeAsk, type LetterCodes, type Nobody } from './letter-codes.ts';
import type { Room } from './room.ts';
import { callCustomMessage, filledIn, type Occasion } from './triggers/message-trigger.ts';
import type { PoolUser } from './users.ts';

/** Codes by e-mail. */
export interface CodeLetters extends Pick<LetterCodes, 'admit' | 'check' | 'refusalFor'> {
  /** Sends a code in a letter, and says where it went. Nobody waits for the letter. @throws {CognitoException} */
  send(ask: LetterAsk): Promise<JsonObject>;
  /** Counts what `send` counts for a name that no letter goes to, and says where it would have gone. @throws {CognitoException} */
  pretend(name: Nobody): Promise<JsonObject>;
  /** Sends somebody the password for their first sign-in. @throws {CognitoException} when the pool's trigger refuses. */
  invite(user: PoolUser, to: Invitation): Promise<void>;
}

interface Invitation {
  readonly address: string;
  readonly password: string;
  readonly clientMetadata: JsonObject | undefined;
}

interface LetterAsk extends CodeAsk {
  readonly occasion: Occasion;
  /** What is signed in to. */
  readonly clientName?: string | undefined;
}

export function createCodeLetters(
  house: Pick<
    Room,
    | 'factors'
    | 'logger'
    | 'mail'
    | 'records'
    | 'sealer'
    | 'settings'
    | 'state'
    | 'triggers'
    | 'users'
  >,
): CodeLetters {
  const { logger, mail, triggers } = house;
  const { issue, pretend, ...codes } = createLetterCodes(house);
  const feigned = createFeignedDeliveries(house);

  /** Nobody waits for it. */
  function post(letter: Parameters<typeof mail.send>[0]): void {
    mail.send(letter).catch((error: Error) => {
      logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
    });
  }

  return {
    ...codes,
    async send({ clientName = '', occasion, ...ask }) {
      const { user, purpose, address } = ask;
      const words = await callCustomMessage(user, occasion, triggers);
      const { code, minutes } = await issue(ask);
      const own = words && filledIn(words, { code, username: user.row.username });
      const to = { to: address, languages: languagesOf(user), own };
      if (purpose === 'reset-code') post({ ...to, name: purpose, data: { code, minutes } });
      else post({ ...to, name: purpose, data: { code, minutes, url: '', clientName } });
      return deliveryTo(address);
    },
    async pretend(name) {
      await pretend(name);
      return await feigned.of(name);
    },
    async invite(user, { address, password, clientMetadata }) {
      const { pool, row } = user;
      const occasion = { source: 'AdminCreateUser', clientId: undefined, clientMetadata } as const;
      const words = await callCustomMessage(user, occasion, triggers);
      const username = pool.signInBy === 'email' ? address : row.username;
      const data = { code: password, username };
      const own = words && filledIn(words, data);
      post({ to: address, languages: languagesOf(user), name: 'temporary-password', data, own });
    },
  };
}

function languagesOf({ account }: PoolUser): readonly string[] {
  const locale = account.claims['locale'];
  return typeof locale === 'string' ? [locale] : [];
}
