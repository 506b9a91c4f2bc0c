import type { Clock } from '../../runtime/clock.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Entry } from '../../storage/state.ts';
import type { Arrival, RequestScopes } from '../request-scope.ts';
import { isJsonObject, number, object, text } from './payloads.ts';
import type { RequestState } from './request-state.ts';

const POLL_SECONDS = 0.02;
const POLLS_MAX = 50;
/** By then the first request was answered or is dead. */
const UNANSWERED_MAX_MS = 10_000;

/** Tells those who raced for something that is given once from those who came with it afterwards. */
export interface Answered {
  /** Has the instant of this request's answer noted in the entry `value` under `key`, which it has just redeemed. */
  noteAnswer(key: string, entry: Entry, ttlSeconds: number): void;
  /**
   * Whether this request, which lost the entry under `key`, came before the winner had its answer: then
   * nobody can have passed the thing on, and it is a client in a hurry (two tabs, a retry), no thief.
   * Waits a moment for the winner if need be.
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

  async function write(
    key: string,
    entry: Entry,
    note: { readonly answered: Arrival; readonly ttlSeconds: number },
  ): Promise<void> {
    if (!isJsonObject(entry.value)) return;
    const { answered, ttlSeconds } = note;
    const value = { ...entry.value, answered: { ...answered } };
    await state.swap(key, entry, value, { ttlSeconds, essential: true });
  }

  return {
    noteAnswer(key, entry, ttlSeconds) {
      scopes.current().beforeAnswer.push((answered) => {
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
        if (answered !== undefined) return cameBefore(arrival, answered);
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

function answerOf({ value }: Entry): Arrival | undefined {
  const answered: JsonObject | undefined = isJsonObject(value)
    ? object(value, 'answered')
    : undefined;
  const node = answered && text(answered, 'node');
  if (answered === undefined || node === undefined) return undefined;
  return {
    node,
    order: number(answered, 'order') ?? 0,
    atMs: number(answered, 'atMs') ?? 0,
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
