import type { SignInSettings } from '../accounts/config.ts';
import { createFailureCounters } from '../accounts/failure-counters.ts';
import { acquaintancesLimit, strangersLimit } from '../accounts/throttle-limits.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { State } from '../storage/state.ts';
import { createCountNames, GUESSABLE } from './count-names.ts';
import type { Factors } from './factors.ts';

/** The limits on guessing factors as operators see them. */
export function createFailureView({
  state,
  sealer,
  limits,
}: {
  readonly state: State;
  readonly sealer: Pick<Sealer, 'keysFor'>;
  readonly limits: SignInSettings['limits'];
}): Factors['failures'] {
  const counters = createFailureCounters(state);
  const nameOf = createCountNames(sealer);

  return async (accountId) => {
    const asked = GUESSABLE.flatMap((factor) => {
      const name = sha256(nameOf(factor, accountId));
      return [
        { factor, who: 'strangers', limit: strangersLimit(name, limits) },
        { factor, who: 'acquaintances', limit: acquaintancesLimit(name, limits) },
      ] as const;
    });
    const counted = await Promise.all(
      asked.map(async ({ factor, who, limit }) => ({
        factor,
        who,
        failures: await counters.read(limit),
        max: limit.max,
      })),
    );
    return counted.filter(({ failures }) => failures > 0);
  };
}
