import { setTimeout as delay } from 'node:timers/promises';
import type { State } from '../storage/state.ts';
import { createBell } from '../runtime/bell.ts';
import type { Carrier } from './carrier.ts';
import type { MailConfig } from './config.ts';
import { MAIL_TOPIC } from './create-mail.ts';
import { createDelivery, type DeliveryOptions, type Taken } from './delivery.ts';
import { createPace } from './pace.ts';
import type { Way } from './queue-records.ts';
import { createUnderWay } from './under-way.ts';

const LOOK_EVERY_SECONDS = 5;
const TIDY_EVERY_SECONDS = 60;
const LETTERS_AT_ONCE = 20;
/** How long a stopping node waits for a mail server that has a letter half in its hands. */
const LEAVE_WITHIN_MS = 3000;
const PUT_BACK_WITHIN_MS = 1000;

/** What brings the letters of the queue out, on each node. */
export interface Post {
  /** What an operator should know of the letters; a node serves without them. */
  health(): { readonly ok: true; readonly remarks: readonly string[] };
  close(): Promise<void>;
}

export interface PostOptions extends DeliveryOptions {
  readonly state: State;
  readonly way: Way;
  readonly settings: Pick<MailConfig, 'maxPerSecond' | 'keepFor'>;
  /** Undefined: there is none, and letters wait. */
  readonly carrier: Carrier | undefined;
}

/** Looks when it is told that a letter was queued, and every few seconds by itself. */
export async function startPost(options: PostOptions): Promise<Post> {
  const { state, clock, carrier } = options;
  const stop = new AbortController();
  const bell = createBell(clock);
  const unsubscribe = await state.subscribe(MAIL_TOPIC, bell.ring);
  const rounds = createRounds({ ...options, ring: bell.ring }, stop.signal);
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
      const left = working.then(rounds.finish);
      await Promise.race([left, delay(LEAVE_WITHIN_MS, undefined, { ref: false })]);
      await carrier?.close();
      // What was broken off is put back into the queue, while there still is one.
      await Promise.race([left, delay(PUT_BACK_WITHIN_MS, undefined, { ref: false })]);
    },
  };
}

interface Rounds {
  /** Begins with all that is due. What goes wrong is logged, and left to the next round. */
  go(): Promise<void>;
  /** Waits for what has begun. */
  finish(): Promise<void>;
  health: Post['health'];
}

interface RoundsOptions extends PostOptions {
  /** Asks for another round. */
  readonly ring: () => void;
}

function createRounds(options: RoundsOptions, signal: AbortSignal): Rounds {
  const { queue, clock, logger, carrier, settings, ring } = options;
  const delivery = createDelivery(options);
  const pace = createPace(settings.maxPerSecond);
  const underWay = createUnderWay(LETTERS_AT_ONCE, ring);
  let tidyAt = 0;
  let trouble = '';

  const tellHeldUp = (error: unknown): void => {
    const cause = error instanceof Error ? error : new Error(String(error));
    logger.warn(
      { event: 'mail.held_up', error: cause },
      'the queue of letters does not answer; it is asked again',
    );
  };

  async function tidy(): Promise<void> {
    if (clock.now() < tidyAt) return;
    tidyAt = clock.now() + TIDY_EVERY_SECONDS;
    await delivery.giveUp();
    await queue.forget(clock.now() - settings.keepFor);
  }

  async function bring(taken: Taken, by: Carrier): Promise<void> {
    try {
      const carried = await delivery.bring(taken, by);
      trouble = carried.kind === 'later' ? carried.code : '';
    } catch (error) {
      tellHeldUp(error);
    }
  }

  async function bringOut(by: Carrier): Promise<void> {
    while (!signal.aborted && underWay.room() > 0) {
      const wait = pace.waitSeconds(clock.nowMs());
      if (wait > 0) await clock.sleep(wait, signal);
      const room = Math.min(underWay.room(), pace.room(clock.nowMs()));
      const due = await queue.due(clock.now(), room);
      const free = due.filter(({ id }) => !underWay.has(id));
      const taken = await Promise.all(free.map(delivery.take));
      const ours = taken.filter((one) => one !== undefined);
      pace.begun(ours.length, clock.nowMs());
      for (const one of ours) underWay.begin(one.letter.id, bring(one, by));
      if (free.length < room) return;
    }
  }

  return {
    async go() {
      try {
        await tidy();
        if (carrier !== undefined) await bringOut(carrier);
      } catch (error) {
        if (!signal.aborted) tellHeldUp(error);
      }
    },
    finish: underWay.finish,
    health: () => ({ ok: true, remarks: remarksOf(options, trouble) }),
  };
}

function remarksOf(
  { carrier, way }: Pick<PostOptions, 'carrier' | 'way'>,
  trouble: string,
): readonly string[] {
  if (carrier === undefined)
    return ['mail.smtp.host is not set: letters wait, and are given up in time'];
  if (trouble === '') return [];
  return [
    `a ${way === 'sms' ? 'text message' : 'letter'} could not leave (${trouble}): it is tried again, see mail.postponed in the log`,
  ];
}
