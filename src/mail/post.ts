import { setTimeout as delay } from 'node:timers/promises';
import type { State } from '../storage/state.ts';
import { createBell } from './bell.ts';
import type { Carrier } from './carrier.ts';
import type { MailConfig } from './config.ts';
import { MAIL_TOPIC } from './create-mail.ts';
import { createDelivery, type DeliveryOptions } from './delivery.ts';

const LOOK_EVERY_SECONDS = 5;
const TIDY_EVERY_SECONDS = 60;
const LETTERS_AT_ONCE = 20;
/** How long a stopping node waits for a mail server that has a letter half in its hands. */
const LEAVE_WITHIN_MS = 8000;

/** What brings the letters of the queue out, on each node. */
export interface Post {
  /** What an operator should know of the letters; a node serves without them. */
  health(): { readonly ok: true; readonly remarks: readonly string[] };
  close(): Promise<void>;
}

export interface PostOptions extends DeliveryOptions {
  readonly state: State;
  readonly settings: Pick<MailConfig, 'maxPerSecond' | 'keepFor'>;
  /** Undefined: there is no mail server, and letters wait. */
  readonly carrier: Carrier | undefined;
}

/** Looks when it is told that a letter was queued, and every few seconds by itself. */
export async function startPost(options: PostOptions): Promise<Post> {
  const { state, clock, carrier } = options;
  const stop = new AbortController();
  const bell = createBell(clock);
  const unsubscribe = await state.subscribe(MAIL_TOPIC, bell.ring);
  const rounds = createRounds(options, stop.signal);
  const working = work();

  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      await rounds.go();
      // Rejects only when stopped.
      await bell.wait(LOOK_EVERY_SECONDS, stop.signal).catch(() => undefined);
    }
  }

  return {
    health: rounds.health,
    async close() {
      stop.abort();
      await unsubscribe();
      await Promise.race([working, delay(LEAVE_WITHIN_MS, undefined, { ref: false })]);
      await carrier?.close();
    },
  };
}

interface Rounds {
  /** Brings out all that is due. What goes wrong is logged, and left to the next round. */
  go(): Promise<void>;
  health: Post['health'];
}

function createRounds(options: PostOptions, signal: AbortSignal): Rounds {
  const { queue, clock, logger, carrier, settings } = options;
  const delivery = createDelivery(options);
  const batch = Math.min(LETTERS_AT_ONCE, settings.maxPerSecond);
  let tidyAt = 0;
  let trouble = '';

  async function tidy(): Promise<void> {
    if (clock.now() < tidyAt) return;
    tidyAt = clock.now() + TIDY_EVERY_SECONDS;
    await delivery.giveUp();
    await queue.forget(clock.now() - settings.keepFor);
  }

  async function bringOut(): Promise<void> {
    if (carrier === undefined) return;
    while (!signal.aborted) {
      const begunMs = clock.nowMs();
      const due = await queue.due(clock.now(), batch);
      const ended = await Promise.all(due.map((letter) => delivery.deliver(letter, carrier)));
      for (const carried of ended)
        if (carried !== undefined) trouble = carried.kind === 'later' ? carried.code : '';
      if (due.length < batch) return;
      const spare = batch / settings.maxPerSecond - (clock.nowMs() - begunMs) / 1000;
      if (spare > 0) await clock.sleep(spare, signal).catch(() => undefined);
    }
  }

  return {
    async go() {
      try {
        await tidy();
        await bringOut();
      } catch (error) {
        const cause = error instanceof Error ? error : new Error(String(error));
        logger.warn(
          { event: 'mail.held_up', error: cause },
          'the queue of letters does not answer; it is asked again',
        );
      }
    },
    health: () => ({ ok: true, remarks: remarksOf(carrier, trouble) }),
  };
}

function remarksOf(carrier: Carrier | undefined, trouble: string): readonly string[] {
  if (carrier === undefined)
    return ['mail.smtp.host is not set: letters wait, and are given up in time'];
  if (trouble === '') return [];
  return [
    `a letter could not leave (${trouble}): it is tried again, see mail.postponed in the log`,
  ];
}
