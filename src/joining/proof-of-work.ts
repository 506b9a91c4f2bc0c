import { createChallenge, verifySolution } from 'altcha-lib';
import { z } from 'zod';
import type { Clock } from '../runtime/clock.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { State } from '../storage/state.ts';

/** Half of them are tried before the right one is found: about a second of a browser. */
const NUMBERS = 50_000;
const LIFE_SECONDS = 3600;
const SECOND_MS = 1000;

const solution = z.strictObject({
  algorithm: z.literal('SHA-256'),
  challenge: z.string().regex(/^[0-9a-f]{64}$/),
  number: z.int().min(0).max(NUMBERS),
  salt: z.string().max(200),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Work that costs one person nothing, and whoever sends thousands of forms a lot. */
export interface ProofOfWork {
  /** For `views/assets/work.js`, as JSON. */
  challenge(): Promise<string>;
  /** Whether this is a solution, of a challenge of ours that is still good, and the first of it. */
  isSolved(answer: string | undefined): Promise<boolean>;
}

/** The challenges of ALTCHA, version 1: signed, so that none has to be kept. */
export function createProofOfWork({
  sealer,
  state,
  clock,
}: {
  readonly sealer: Pick<Sealer, 'keysFor'>;
  readonly state: Pick<State, 'count'>;
  readonly clock: Clock;
}): ProofOfWork {
  const [current, ...others] = sealer
    .keysFor('proof-of-work')
    .map((key) => Buffer.from(key).toString('base64url'));

  return {
    async challenge() {
      const expires = new Date((clock.now() + LIFE_SECONDS) * SECOND_MS);
      const hmacKey = current ?? '';
      return JSON.stringify(await createChallenge({ hmacKey, maxNumber: NUMBERS, expires }));
    },
    async isSolved(answer) {
      const read = solution.safeParse(parsed(answer));
      if (!read.success) return false;
      const checks = [current ?? '', ...others].map((key) => verifySolution(read.data, key));
      if (!(await Promise.all(checks)).includes(true)) return false;
      const used = `joining:work:${sha256(read.data.challenge)}`;
      return (await state.count(used, 1, LIFE_SECONDS)) === 1;
    },
  };
}

function parsed(answer: string | undefined): unknown {
  try {
    return JSON.parse(answer ?? '');
  } catch {
    return undefined;
  }
}
