import type { Clock } from '../runtime/clock.ts';
import { type State, StateUnavailable } from './state.ts';

const AGAIN_AFTER_SECONDS = 1;

/**
 * Subscribes now, or as soon as the engine is there; gives the function that ends it. For listeners that would read the
 * truth again by themselves in time, so that a node need not wait for its subscriptions to start.
 */
export function keepSubscribed(
  state: State,
  topic: string,
  listener: () => void,
  clock: Clock,
): () => Promise<void> {
  const stop = new AbortController();

  async function subscribe(): Promise<(() => Promise<void>) | undefined> {
    while (!stop.signal.aborted) {
      try {
        const end = await state.subscribe(topic, listener);
        // What happened before it was in force was not heard.
        listener();
        return end;
      } catch (error) {
        if (!(error instanceof StateUnavailable)) throw error;
        await clock.sleep(AGAIN_AFTER_SECONDS, stop.signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  const subscribed = subscribe();
  return async () => {
    stop.abort();
    const end = await subscribed;
    await end?.();
  };
}
