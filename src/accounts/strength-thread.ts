import { isMainThread, parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** What the thread is asked. */
export interface StrengthQuestion {
  readonly number: number;
  readonly password: string;
  readonly names: readonly string[];
}

/** What it answers; `warning` is a key of the library. */
export interface StrengthAnswer {
  readonly number: number;
  readonly score: number;
  readonly warning: string | null;
}

/** What is looked at: more would take seconds, and can only be stronger. */
const CHARACTERS_MAX = 48;

// An import elsewhere does nothing.
if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const estimator = new ZxcvbnFactory({
    dictionary,
    graphs: adjacencyGraphs,
    maxLength: CHARACTERS_MAX,
  });
  port.on('message', ({ number, password, names }: StrengthQuestion) => {
    const { score, feedback } = estimator.check(password.slice(0, CHARACTERS_MAX), [...names]);
    const answer: StrengthAnswer = { number, score, warning: feedback.warning };
    port.postMessage(answer);
  });
}
