import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { answerOf, laterOf, type Answer } from './answers.ts';
import type { CallRecords, TakenCall } from './call-records.ts';
import type { CallResult } from './hooks.ts';
import { EVENT_TYPE, keptEvent, securityEvent, type SignEvent } from './security-event.ts';

/** What a receiver may take over one call; a claim outlasts it. */
export const CALLED_WITHIN_SECONDS = 10;
const PAUSE_MAX_SECONDS = 30;

export interface DeliveryOptions {
  readonly calls: CallRecords;
  readonly sign: SignEvent;
  readonly issuer: string;
  readonly outboundFetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly count: (result: CallResult) => void;
  /** Breaks off what is under way, which is tried again. */
  readonly signal: AbortSignal;
}

/** Makes calls, one try at a time, and keeps the record of it. */
export interface Delivery {
  /** One try. Gives the code of what went wrong, if it did. */
  make(call: TakenCall): Promise<string | undefined>;
  /** Gives up what no longer holds. */
  expire(): Promise<void>;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { calls, clock, logger, audit, count } = options;

  async function giveUp({ id, type, tries }: TakenCall, code: string): Promise<void> {
    count('given_up');
    const fields = { event: 'hook.given_up', id, type, tries, code };
    logger.warn(fields, 'a program could not be told what happened');
    await audit.record({
      type: 'hook.given_up',
      id,
      event: type,
      code,
      origin: { address: 'node' },
    });
  }

  async function settle(call: TakenCall, answer: Answer): Promise<void> {
    const { id, type, tries } = call;
    if (answer.kind === 'later') {
      await calls.postpone(call, clock.now() + Math.min(2 ** (tries - 1), PAUSE_MAX_SECONDS));
      count('postponed');
      const fields = { event: 'hook.postponed', id, type, tries, code: answer.code };
      logger.warn(fields, 'a program could not be told what happened; it is tried again');
    } else if (await calls.end(call)) {
      if (answer.kind === 'refused') return await giveUp(call, answer.code);
      count('taken');
      logger.info({ event: 'hook.taken', id, type, tries }, 'a program was told what happened');
    }
  }

  return {
    async make(call) {
      const answer = await post(call, options).catch(laterOf);
      await settle(call, answer);
      return answer.kind === 'taken' ? undefined : answer.code;
    },
    async expire() {
      for (const call of await calls.expire(clock.now())) await giveUp(call, 'EXPIRED');
    },
  };
}

/** RFC 8935 section 2: a receiver that has it answers 202. */
async function post(
  call: TakenCall,
  { sign, issuer, outboundFetch, clock, signal }: DeliveryOptions,
): Promise<Answer> {
  const event = keptEvent.parse(JSON.parse(call.event));
  const response = await outboundFetch(call.url, {
    method: 'POST',
    headers: { 'content-type': `application/${EVENT_TYPE}`, accept: 'application/json' },
    body: await sign(securityEvent(call, event, { issuer, now: clock.now() }), EVENT_TYPE),
    signal: AbortSignal.any([signal, AbortSignal.timeout(CALLED_WITHIN_SECONDS * 1000)]),
  });
  return await answerOf(response);
}
