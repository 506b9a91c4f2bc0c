import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/argon2';
import { useAllCores } from '../runtime/cores.ts';
import { verifyForeign } from './foreign-hashes.ts';
import { parseForeignHash } from './hash-formats.ts';
import { isPasswordHash } from './rules.ts';

/** How the thread is started (`workerData`). */
export interface HashThreadSettings {
  readonly givesWay: boolean;
}

/** What the thread is asked; passwords are normalized. */
export type HashQuestion =
  | {
      readonly kind: 'hash';
      readonly password: string;
      readonly cost: Parameters<typeof hashSync>[1];
    }
  | { readonly kind: 'verify'; readonly password: string; readonly against: string };

/** What it answers: a PHC string, or whether the password is the one. */
export type HashAnswer =
  | { readonly kind: 'done'; readonly result: string | boolean }
  | { readonly kind: 'failed'; readonly message: string };

/** A question, and the answer to it. */
export type Numbered<Message> = Message & { readonly number: number };

/** Where somebody asks for a token meanwhile, that goes first: a tenth of the weight of other threads. */
const NICER = 10;
const NICEST = 19;

// An import elsewhere does nothing.
if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const { givesWay }: HashThreadSettings = workerData;
  takePlace(givesWay);
  const reply = (message: Numbered<HashAnswer>): void => port.postMessage(message);
  let last = Promise.resolve();
  port.on('message', ({ number, ...question }: Numbered<HashQuestion>) => {
    // One at a time: some are hashed on other threads.
    last = last
      .then(() => answer(question))
      .then(
        (result) => reply({ number, kind: 'done', result }),
        (error: unknown) => reply({ number, kind: 'failed', message: String(error) }),
      );
  });
}

/**
 * Linux knows the cores and a priority of each thread; elsewhere this one is as good as any other. Where there is `chrt`
 * (util-linux) it runs when no other thread wants to (SCHED_IDLE): a nice one is still let to the end of its slice.
 */
function takePlace(behindOthers: boolean): void {
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')));
    useAllCores(thread);
    if (!behindOthers) return;
    setPriority(thread, Math.min(NICEST, getPriority() + NICER));
    execFileSync('chrt', ['--idle', '--pid', '0', String(thread)], { stdio: 'ignore' });
  } catch {
    // Not Linux, not there, or not allowed: it is slower for others, and right all the same.
  }
}

async function answer(question: HashQuestion): Promise<string | boolean> {
  const { password } = question;
  // The library's default is Argon2id, version 19, with a random salt.
  if (question.kind === 'hash') return hashSync(password, question.cost);
  if (isPasswordHash(question.against)) return verifySync(question.against, password);
  const foreign = parseForeignHash(question.against);
  if (foreign === undefined) throw new TypeError('only hashes that are known are verified');
  return await verifyForeign(foreign, password);
}
