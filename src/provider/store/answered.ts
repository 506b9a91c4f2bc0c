import type { Clock } from '../../runtime/clock.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Entry } from '../../storage/state.ts';
import type { Arrival, RequestScopes } from '../request-scope.ts';
import { createCrowd } from './crowd.ts';
import { isJsonObject, number, object, text } from './payloads.ts';
import type { RequestState } from './request-state.ts';

const POLL_SECONDS = 0.02;
const POLLS_MAX = 50;
/** By then the first request was answered or is dead. */
const UNANSWERED_MAX_MS = 10_000;
/** How long after the answer the stragglers of a burst may arrive, and how long one waits to see that it has company. */
const BURST_MS = 1000;
const COMPANY_POLLS_MAX = 12;

/** When something that is given once was given, and whether others wanted it at that moment. */
interface Answer extends Arrival {
  readonly isContended: boolean;
}

/** Tells those who raced for something that is given once from those who came with it afterwards. */
export interface Answered {
  /** This request wants what lies under `key`, until it is answered. */
  contend(key: string): void;
  /** Has the instant of this request's answer noted in the entry `value` under `key`, which it has just redeemed. */
  noteAnswer(key: string, entry: Entry, ttlSeconds: number): void;
  /**
   * Whether this request, which lost the entry under `key`, came before the winner had its answer: then
   * nobody can have passed the thing on, and it is a client in a hurry (two tabs, a retry), no thief. So it is
   * when several come at once, which their connections may delay until just after the answer; one that
   * comes alone after the answer is a replay. Waits a moment to find out: whoever asks is refused anyway.
   */
  isRace(key: string, redeemedAtMs: number): Promise<boolean>;
}

/** `signal` ends all waiting. */
export function createAnswered(options: {
  readonly state: RequestState;
  readonly scopes: RequestScopes;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Answered {
  const { state, scopes, clock, logger, signal } = options;
  const crowd = createCrowd({ nowMs: clock.nowMs, rememberMs: BURST_MS });

  async function hasCompany(key: string, arrival: Arrival, answered: Answer): Promise<boolean> {
    if (arrival.atMs >= answered.atMs + BURST_MS) return false;
    for (let poll = 0; poll < COMPANY_POLLS_MAX; poll += 1) {
      if (answered.isContended || crowd.isCrowded(key)) return true;
      await clock.sleep(POLL_SECONDS, signal);
    }
    return false;
  }

  async function write(
    key: string,
    entry: Entry,
    note: { readonly answered: Answer; readonly ttlSeconds: number },
  ): Promise<void> {
    if (!isJsonObject(entry.value)) return;
    const { answered, ttlSeconds } = note;
    const value = { ...entry.value, answered: { ...answered } };
    await state.swap(key, entry, value, { ttlSeconds, essential: true });
  }

  return {
    contend(key) {
      const { contended, beforeAnswer } = scopes.current();
      // Whoever asks twice is no company for itself.
      if (contended.has(key)) return;
      contended.add(key);
      beforeAnswer.push(crowd.join(key));
    },
    noteAnswer(key, entry, ttlSeconds) {
      scopes.current().beforeAnswer.unshift((arrival) => {
        const answered = { ...arrival, isContended: crowd.isCrowded(key) };
        // Not awaited: the answer need not wait for it. A replay that is faster waits for this write instead.
        write(key, entry, { answered, ttlSeconds }).catch((error: unknown) =>
          logger.debug(
            { event: 'protocol.answer_not_noted', error: asError(error) },
            'could not note that a redemption was answered',
          ),
        );
      });
    },
    async isRace(key, redeemedAtMs) {
      const { arrival } = scopes.current();
      for (let poll = 0; poll < POLLS_MAX; poll += 1) {
        const entry = await state.refresh(key);
        if (entry === undefined) return true;
        const answered = answerOf(entry);
        if (answered !== undefined)
          return cameBefore(arrival, answered) || hasCompany(key, arrival, answered);
        await clock.sleep(POLL_SECONDS, signal);
      }
      return clock.nowMs() - redeemedAtMs < UNANSWERED_MAX_MS;
    },
  };
}

/** On one node by counting, so exactly; between two nodes by their clocks. */
function cameBefore(arrival: Arrival, answered: Arrival): boolean {
  if (arrival.node === answered.node) return arrival.order <= answered.order;
  return arrival.atMs < answered.atMs;
}

function answerOf({ value }: Entry): Answer | undefined {
  const answered: JsonObject | undefined = isJsonObject(value)
    ? object(value, 'answered')
    : undefined;
  const node = answered && text(answered, 'node');
  if (answered === undefined || node === undefined) return undefined;
  return {
    node,
    order: number(answered, 'order') ?? 0,
    atMs: number(answered, 'atMs') ?? 0,
    isContended: answered['isContended'] === true,
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
