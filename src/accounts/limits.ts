import { sha256 } from '../runtime/digest.ts';
import type { State } from '../storage/state.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { Deeds } from './account-deeds.ts';
import type { Accounts, ReachedLimit } from './accounts.ts';
import type { SignInSettings } from './config.ts';
import { createFailureCounters } from './failure-counters.ts';
import { acquaintancesLimit, strangersLimit } from './throttle-limits.ts';

/** The limits on guessing as operators see them. */
export function createLimits({
  state,
  deeds,
  limits,
}: {
  readonly state: State;
  readonly deeds: Deeds;
  readonly limits: SignInSettings['limits'];
}): Pick<Accounts, 'limits' | 'resetLimits'> {
  const counters = createFailureCounters(state);

  async function limitsOf(login: string): Promise<readonly ReachedLimit[]> {
    const name = sha256(login);
    const rows = [
      { who: 'strangers', limit: strangersLimit(name, limits) },
      { who: 'acquaintances', limit: acquaintancesLimit(name, limits) },
    ] as const;
    const counted = await Promise.all(
      rows.map(async ({ who, limit }) => ({
        who,
        login,
        failures: await counters.read(limit),
        max: limit.max,
        forgottenAfterSeconds: limit.ttlSeconds,
      })),
    );
    return counted.filter(({ failures }) => failures > 0);
  }

  return {
    async limits(id) {
      const row = await deeds.row(id);
      const found = await Promise.all((row === undefined ? [] : loginsOf(row)).map(limitsOf));
      return found.flat();
    },
    async resetLimits(id, actor) {
      const row = await deeds.row(id);
      if (row === undefined) return false;
      await deeds.forgive(row);
      await deeds.record({ id, type: 'account.limits_reset', actor });
      return true;
    },
  };
}

function loginsOf({ username_key: username, email_key: email }: AccountTable): readonly string[] {
  return [username, email].filter((key) => key !== null);
}
