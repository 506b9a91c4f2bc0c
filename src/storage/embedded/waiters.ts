import { EngineFailure } from './faults.ts';
import type { Answer, Outcome } from './operation.ts';

/** Callers that wait for the outcome of their job. */
export interface Waiters {
  /** Settles with the outcome of job `id`. @throws {EngineFailure} */
  wait(id: number): Promise<Answer>;
  settle(outcomes: readonly Outcome[]): void;
  /** Tells those who have waited for `sinceMs` and longer that nobody knows; 0 tells all. */
  giveUp(message: string, sinceMs?: number): void;
  /** Resolves when nobody waits. */
  idle(): Promise<void>;
}

interface Waiter {
  readonly since: number;
  resolve(answer: Answer): void;
  reject(error: EngineFailure): void;
}

/** Nobody waits yet. */
export function createWaiters(): Waiters {
  const waiters = new Map<number, Waiter>();
  let onIdle: (() => void)[] = [];

  function take(id: number): Waiter | undefined {
    const waiter = waiters.get(id);
    waiters.delete(id);
    return waiter;
  }

  function noteIdle(): void {
    if (waiters.size > 0) return;
    for (const tell of onIdle) tell();
    onIdle = [];
  }

  return {
    wait: (id) =>
      new Promise((resolve, reject) => {
        waiters.set(id, { since: performance.now(), resolve, reject });
      }),
    settle(outcomes) {
      for (const outcome of outcomes) {
        const waiter = take(outcome.id);
        if ('answer' in outcome) waiter?.resolve(outcome.answer);
        else waiter?.reject(new EngineFailure(outcome.fault, outcome.message));
      }
      noteIdle();
    },
    giveUp(message, sinceMs = 0) {
      const now = performance.now();
      for (const [id, { since }] of waiters) {
        // Ids ascend with time: whoever comes after this one has waited less.
        if (now - since < sinceMs) break;
        take(id)?.reject(new EngineFailure('lost', message));
      }
      noteIdle();
    },
    idle: () =>
      new Promise((resolve) => {
        onIdle.push(resolve);
        noteIdle();
      }),
  };
}
