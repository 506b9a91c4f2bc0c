import type { Json } from '../runtime/json.ts';
import { ScriptFailed } from './failures.ts';

/** What a process of scripts is busy with. */
export interface Runs {
  /** Calls `send` with its number. @throws {ScriptFailed} */
  begin(send: (run: number) => void): Promise<Json>;
  /** Whose turn it is, of what runs one after another. */
  turn(run: number, part: string): void;
  done(run: number, output: Json): void;
  fail(run: number, failure: Failure): void;
  failAll(failure: Failure): void;
  count(): number;
}

interface Failure {
  readonly how: ScriptFailed['how'];
  readonly problem: string;
  readonly detail?: string;
}

interface Run {
  readonly end: PromiseWithResolvers<Json>;
  readonly timer: NodeJS.Timeout;
  part: string;
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
        runs.fail(number, { how: 'timeout', problem: `took longer than ${timeoutMs} ms` });
      }, timeoutMs);
      const run = { end: Promise.withResolvers<Json>(), timer, part: '' };
      underWay.set(number, run);
      send(number);
      return run.end.promise;
    },
    turn(number, part) {
      const run = underWay.get(number);
      if (run !== undefined) run.part = part;
    },
    done(number, output) {
      take(number)?.end.resolve(output);
      onEnd();
    },
    fail(number, { how, problem, ...about }) {
      const run = take(number);
      run?.end.reject(new ScriptFailed(how, problem, { ...about, part: run.part }));
      onEnd();
    },
    failAll(failure) {
      for (const number of underWay.keys()) runs.fail(number, failure);
    },
    count: () => underWay.size,
  };
  return runs;
}
