import { ActionFailed } from './failures.ts';
import type { Outcome } from './messages.ts';

/** What a process of actions is busy with. */
export interface Runs {
  /** Calls `send` with its number. @throws {ActionFailed} */
  begin(send: (run: number) => void): Promise<Outcome>;
  /** Which action's turn it is. */
  turn(run: number, action: string): void;
  done(run: number, outcome: Outcome): void;
  fail(run: number, how: ActionFailed['how'], problem: string): void;
  failAll(how: ActionFailed['how'], problem: string): void;
  count(): number;
}

interface Run {
  readonly end: PromiseWithResolvers<Outcome>;
  readonly timer: NodeJS.Timeout;
  action: string;
}

/** `onTimeout` is called before a run fails that took too long; `onEnd` after each. */
export function createRuns(options: {
  readonly timeoutMs: number;
  readonly onTimeout: () => void;
  readonly onEnd: () => void;
}): Runs {
  const { timeoutMs, onTimeout, onEnd } = options;
  const underWay = new Map<number, Run>();
  let last = 0;

  function take(number: number): Run | undefined {
    const run = underWay.get(number);
    clearTimeout(run?.timer);
    underWay.delete(number);
    return run;
  }

  const runs: Runs = {
    begin(send) {
      last += 1;
      const number = last;
      const timer = setTimeout(() => {
        onTimeout();
        runs.fail(number, 'timeout', `took longer than ${timeoutMs} ms`);
      }, timeoutMs);
      const run = { end: Promise.withResolvers<Outcome>(), timer, action: '' };
      underWay.set(number, run);
      send(number);
      return run.end.promise;
    },
    turn(number, action) {
      const run = underWay.get(number);
      if (run !== undefined) run.action = action;
    },
    done(number, outcome) {
      take(number)?.end.resolve(outcome);
      onEnd();
    },
    fail(number, how, problem) {
      const run = take(number);
      run?.end.reject(new ActionFailed(how, run.action, problem));
      onEnd();
    },
    failAll(how, problem) {
      for (const number of underWay.keys()) runs.fail(number, how, problem);
    },
    count: () => underWay.size,
  };
  return runs;
}
