import type { Json } from '../runtime/json.ts';
import { ScriptFailed } from './failures.ts';

/** What a process of scripts is busy with. */
export interface Runs {
  /** Calls `send` with its number. @throws {ScriptFailed} */
  begin(send: (run: number) => void): Promise<Json>;
  done(run: number, output: Json): void;
  fail(run: number, failure: ScriptFailed): void;
  failAll(failure: ScriptFailed): void;
  count(): number;
}

interface Run {
  readonly end: PromiseWithResolvers<Json>;
  readonly timer: NodeJS.Timeout;
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
        runs.fail(number, new ScriptFailed('timeout', `took longer than ${timeoutMs} ms`));
      }, timeoutMs);
      const run = { end: Promise.withResolvers<Json>(), timer };
      underWay.set(number, run);
      send(number);
      return run.end.promise;
    },
    done(number, output) {
      take(number)?.end.resolve(output);
      onEnd();
    },
    fail(number, failure) {
      take(number)?.end.reject(failure);
      onEnd();
    },
    failAll(failure) {
      for (const number of underWay.keys()) runs.fail(number, failure);
    },
    count: () => underWay.size,
  };
  return runs;
}
