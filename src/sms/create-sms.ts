import type { Audit } from '../audit/audit.ts';
import type { TextQueue } from '../mail/text-messages.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../storage/state.ts';
import type { SmsConfig } from './config.ts';
import { isPhoneNumber, lastDigits } from '../accounts/phone-number.ts';
import { createSendLimits } from './send-limits.ts';
import { NoSmsGateway, SmsRefused, UnfitNumber, type Sms, type TextMessage } from './sms.ts';

/** How long the code in a message is good at most. */
const HOLDS_MINUTES = 10;

export interface SmsOptions {
  readonly queue: TextQueue;
  readonly state: Pick<State, 'count'>;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly settings: SmsConfig;
  readonly isDev: boolean;
}

/** Over the queue of letters. Nothing leaves through it: that is for the post of each node. */
export function createSms({ queue, state, audit, logger, settings, isDev }: SmsOptions): Sms {
  const isAvailable = isDev || settings.gateway.url !== undefined;
  const take = createSendLimits(state, settings);

  async function refuseBeyondLimits(message: TextMessage): Promise<void> {
    const limit = await take(message);
    if (limit === undefined) return;
    const fields = { limit, purpose: message.purpose, number: lastDigits(message.to) };
    logger.warn({ event: 'sms.refused', ...fields }, 'a text message was not sent');
    audit.note({ type: 'sms.refused', ...fields, ...ofWhom(message) });
    throw new SmsRefused(limit);
  }

  return {
    isAvailable,
    async send(message) {
      const { to, text, code, purpose } = message;
      if (!isAvailable) throw new NoSmsGateway('sms.gateway.url is not set: nothing can be sent');
      // The number itself stays out of the message: errors are logged.
      if (!isPhoneNumber(to)) throw new UnfitNumber('not a telephone number such as +15551234567');
      await refuseBeyondLimits(message);
      await queue.sendText({ to, text, code, minutes: HOLDS_MINUTES });
      const number = lastDigits(to);
      await audit.record({ type: 'sms.queued', purpose, number, ...ofWhom(message) });
    },
  };
}

function ofWhom({ accountId, origin }: TextMessage): Pick<TextMessage, 'accountId' | 'origin'> {
  return { accountId, origin };
}
