import type { Renderer } from '../http/renderer.ts';
import type { JsonObject } from '../runtime/json.ts';
import { NoSmsGateway, SmsRefused, type SmsPurpose } from '../sms/sms.ts';
import { createFeignedDeliveries, deliveryTo } from './deliveries.ts';
import { cannotText, limitExceeded } from './exception.ts';
import {
  createLetterCodes,
  type CodeAsk,
  type CodePurpose,
  type LetterCodes,
  type Nobody,
} from './letter-codes.ts';
import { isNumber } from './phone-numbers.ts';
import { namingMedia } from './pool.ts';
import type { Room } from './room.ts';
import {
  callCustomMessage,
  CODE,
  filledIn,
  USERNAME,
  type Filling,
  type Occasion,
} from './triggers/message-trigger.ts';
import type { PoolUser } from './users.ts';

/** Codes by e-mail and SMS. */
export interface CodeLetters extends Pick<LetterCodes, 'admit' | 'check' | 'refusalFor'> {
  /** Sends a code, and says where it went. Nobody waits for the letter. @throws {CognitoException} */
  send(ask: LetterAsk): Promise<JsonObject>;
  /** Counts what `send` counts for a name that no letter goes to, and says where it would have gone. @throws {CognitoException} */
  pretend(name: Nobody): Promise<JsonObject>;
  /** Sends somebody the password for their first sign-in. @throws {CognitoException} when the pool's trigger refuses. */
  invite(user: PoolUser, to: Invitation): Promise<void>;
}

interface Invitation extends Pick<CodeAsk, 'origin'> {
  /** Of e-mail, or a telephone number; each is written to. */
  readonly addresses: readonly string[];
  readonly password: string;
  readonly clientMetadata: JsonObject | undefined;
}

interface LetterAsk extends CodeAsk {
  readonly occasion: Occasion;
  /** What is signed in to. */
  readonly clientName?: string | undefined;
  /** Nothing that is told tells strangers whose number it is: one that may have no more messages looks like any other. */
  readonly isSecret?: boolean;
}

const LETTERS = {
  verify: 'verify-email',
  reset: 'reset-code',
  'sign-in': 'sign-in-code',
} as const satisfies Readonly<Record<CodePurpose, string>>;
const TEXTS = {
  verify: 'confirm-number',
  reset: 'recovery',
  'sign-in': 'second-factor',
} as const satisfies Readonly<Record<CodePurpose, SmsPurpose>>;

type House = Pick<
  Room,
  | 'factors'
  | 'logger'
  | 'mail'
  | 'records'
  | 'renderer'
  | 'sealer'
  | 'settings'
  | 'sms'
  | 'state'
  | 'triggers'
  | 'users'
>;

export function createCodeLetters(house: House): CodeLetters {
  const { mail, triggers, renderer } = house;
  const { issue, pretend, ...codes } = createLetterCodes(house);
  const feigned = createFeignedDeliveries(house);

  /** Nobody waits for it. */
  function post(letter: Parameters<typeof mail.send>[0]): void {
    mail.send(letter).catch((error: Error) => {
      house.logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
    });
  }

  return {
    ...codes,
    async send({ clientName = '', occasion, isSecret = false, ...ask }) {
      const { user, purpose, address } = ask;
      const words = await callCustomMessage(user, occasion, triggers);
      const { code, minutes } = await issue(ask);
      const filling = { code, username: user.row.username };
      if (isNumber(address)) {
        const own = words?.sms ?? (await wordsOf('code', user, renderer));
        await text({ ...ask, words: own, filling }, { purpose: TEXTS[purpose], isSecret }, house);
        return deliveryTo(address);
      }
      const own = words && filledIn(words, filling);
      const to = { to: address, languages: languagesOf(user), own };
      const name = LETTERS[purpose];
      if (name === 'reset-code') post({ ...to, name, data: { code, minutes } });
      else post({ ...to, name, data: { code, minutes, url: '', clientName } });
      return deliveryTo(address);
    },
    async pretend(name) {
      await pretend(name);
      return await feigned.of(name);
    },
    async invite(user, { addresses, password, clientMetadata, origin }) {
      const { pool, row } = user;
      const occasion = { source: 'AdminCreateUser', clientId: undefined, clientMetadata } as const;
      const words = await callCustomMessage(user, occasion, triggers);
      for (const address of addresses) {
        const isName = namingMedia(pool).length > 0;
        const data = { code: password, username: isName ? address : row.username };
        if (isNumber(address)) {
          const own = words?.sms ?? (await wordsOf('invitation', user, renderer));
          const message = { user, address, origin, words: own, filling: data };
          await text(message, { purpose: 'sign-in', isSecret: false }, house);
        } else {
          const own = words && filledIn(words, data);
          const languages = languagesOf(user);
          post({ to: address, languages, name: 'temporary-password', data, own });
        }
      }
    },
  };
}

/** @throws {CognitoException} beyond the limits, and where nothing can be sent. */
async function text(
  message: Omit<CodeAsk, 'purpose'> & { readonly words: string; readonly filling: Filling },
  { purpose, isSecret }: { readonly purpose: SmsPurpose; readonly isSecret: boolean },
  { sms, logger }: Pick<Room, 'sms' | 'logger'>,
): Promise<void> {
  const { user, address: to, origin, words, filling } = message;
  const { sms: filled = '' } = filledIn({ sms: words }, filling);
  const said = { to, text: filled, code: filling.code, accountId: user.account.id };
  try {
    await sms.send({ ...said, purpose, origin });
  } catch (error) {
    // A pool that the API made outlives the setting.
    if (error instanceof NoSmsGateway) {
      logger.error({ event: 'sms.not_queued', error }, 'a text message could not be queued');
      throw cannotText({ cause: error });
    }
    if (!(error instanceof SmsRefused)) throw error;
    // It is on record already.
    if (!isSecret) throw limitExceeded();
  }
}

/** What a text message says in the words of the house, with places for what it is sent for. */
async function wordsOf(
  kind: 'code' | 'invitation',
  user: PoolUser,
  renderer: Pick<Renderer, 'render'>,
): Promise<string> {
  const places = { kind, code: CODE, username: USERNAME };
  return (await renderer.render('pool/text-message', places, languagesOf(user))).trim();
}

function languagesOf({ account }: PoolUser): readonly string[] {
  const locale = account.claims['locale'];
  return typeof locale === 'string' ? [locale] : [];
}
