import type { Clock } from '../../runtime/clock.ts';
import type { Entry, Version } from '../../storage/state.ts';
import { isOutage } from '../outage.ts';
import type { RequestScopes } from '../request-scope.ts';
import type { RequestState } from './request-state.ts';

const ASK_AGAIN_SECONDS = 0.1;
/** More than were under way at once when an outage began. */
const WAITING_MAX = 10_000;

/** A write of the request under way, and how to take it back. */
export interface Undoable {
  readonly key: string;
  /** Whether the entry is still as the write left it. Nobody else can have made it so. */
  readonly isOurs: (entry: Entry) => boolean;
  /** Writes what stood there before; `undefined`: somebody was faster, and it is theirs now. */
  readonly restore: (entry: Entry) => Promise<Version | undefined>;
}

/** Takes back what was written for an answer that never left. */
export interface Undelivered {
  /**
   * Does `write`. Should it, or anything after it in this request, meet an outage, the client is answered
   * 503 and never sees what it would have got; then the write is undone as soon as the state answers.
   */
  guard(
    undoable: Undoable,
    write: () => Promise<Version | undefined>,
  ): Promise<Version | undefined>;
  /**
   * Takes back at once what is left to take back at `key`: whoever was told to come again may be quicker than we are.
   *
   * @throws {StateUnavailable} when the outage is not over.
   */
  settle(key: string): Promise<void>;
}

/** `signal` ends all waiting: what a node that leaves has not undone stays written. */
export function createUndelivered(options: {
  readonly state: Pick<RequestState, 'refresh'>;
  readonly scopes: RequestScopes;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Undelivered {
  const { state, scopes, clock, signal } = options;
  const waiting = new Set<Undoable>();
  let isWorking = false;

  async function undo(one: Undoable): Promise<void> {
    const entry = await state.refresh(one.key);
    if (entry !== undefined && one.isOurs(entry)) await one.restore(entry);
  }

  /** Whether it is done with: an outage leaves it for later, and any other fault must not hold up the rest. */
  async function isSettled(one: Undoable): Promise<boolean> {
    try {
      await undo(one);
      return true;
    } catch (error) {
      return !isOutage(error);
    }
  }

  async function work(): Promise<void> {
    isWorking = true;
    try {
      for (const one of waiting) {
        while (!(await isSettled(one))) await clock.sleep(ASK_AGAIN_SECONDS, signal);
        waiting.delete(one);
      }
    } finally {
      isWorking = false;
    }
  }

  function undoSoon(one: Undoable): void {
    if (waiting.size >= WAITING_MAX) return;
    waiting.add(one);
    // It rejects only when the node leaves.
    if (!isWorking) work().catch(() => undefined);
  }

  return {
    async guard(undoable, write) {
      const scope = scopes.current();
      let isLost = false;
      scope.beforeAnswer.push(() => {
        if (!isLost && isOutage(scope.failure)) undoSoon(undoable);
      });
      const version = await write();
      isLost = version === undefined;
      return version;
    },
    async settle(key) {
      for (const one of waiting)
        if (one.key === key) {
          await undo(one);
          waiting.delete(one);
        }
    },
  };
}
