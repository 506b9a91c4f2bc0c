import { createBell } from '../runtime/bell.ts';
import { randomId } from '../runtime/random.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import { createCallRecords } from './call-records.ts';
import { CALLED_WITHIN_SECONDS, createDelivery, type DeliveryOptions } from './delivery.ts';
import type { HookEvent, Hooks } from './hooks.ts';

const TOPIC = 'hooks';
const LOOK_EVERY_SECONDS = 1;
const CALLS_AT_ONCE = 20;
/** A node that was killed holds a call up for so long, and no longer. */
const CLAIM_SECONDS = 2 * CALLED_WITHIN_SECONDS;

export interface HooksOptions extends Omit<DeliveryOptions, 'calls' | 'signal'> {
  readonly records: Records;
  readonly state: State;
}

/** The hooks of one node: it takes events, and makes the calls that are due, whoever took them. */
export interface OpenedHooks extends Hooks {
  /** What an operator should know of the calls; a node serves without them. */
  health(): { readonly ok: true; readonly remarks: readonly string[] };
  /** Breaks off the calls under way; another node, or the next start, makes them again. */
  close(): Promise<void>;
}

/** Looks when it is told of a call, and every second by itself. */
export async function openHooks(options: HooksOptions): Promise<OpenedHooks> {
  const { records, state, clock, logger } = options;
  const calls = createCallRecords(records);
  const stop = new AbortController();
  const delivery = createDelivery({ ...options, calls, signal: stop.signal });
  const bell = createBell(clock);
  const unsubscribe = await state.subscribe(TOPIC, bell.ring);
  let trouble: string | undefined;
  let isHeldUp = false;

  async function makeDue(): Promise<void> {
    await delivery.expire();
    for (;;) {
      const now = clock.now();
      const taken = await calls.take(now, now + CLAIM_SECONDS, CALLS_AT_ONCE);
      for (const code of await Promise.all(taken.map(delivery.make))) trouble = code;
      if (taken.length < CALLS_AT_ONCE || stop.signal.aborted) return;
    }
  }

  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await makeDue();
        isHeldUp = false;
      } catch (cause) {
        const error = cause instanceof Error ? cause : new Error(String(cause));
        const message = 'the queue of calls to programs does not answer; it is asked again';
        if (!isHeldUp) logger.warn({ event: 'hook.held_up', error }, message);
        isHeldUp = true;
      }
      // Rejects only when stopped.
      await bell.wait(LOOK_EVERY_SECONDS, stop.signal).catch(() => undefined);
    }
  }

  const working = work();
  return {
    async call(event) {
      await calls.insert({ id: randomId(), ...rowOf(event) }, clock.now());
      bell.ring();
      // Nodes that are not told find it by their next look.
      await state.notify(TOPIC).catch(() => undefined);
    },
    health: () => ({
      ok: true,
      remarks:
        trouble === undefined
          ? []
          : [
              `a program could not be told what happened (${trouble}): see hook.postponed in the log`,
            ],
    }),
    async close() {
      stop.abort();
      await unsubscribe();
      await working;
    },
  };
}

function rowOf({ url, type, accountId, claims, holdsUntil }: HookEvent): {
  readonly url: string;
  readonly type: string;
  readonly event: string;
  readonly gives_up_at: number;
} {
  return { url, type, event: JSON.stringify({ accountId, claims }), gives_up_at: holdsUntil };
}
