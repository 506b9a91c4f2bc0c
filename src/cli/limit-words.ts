import type { ReachedLimit } from '../accounts/accounts.ts';
import type { FactorFailures } from '../factors/factors.ts';
import type { JsonObject } from '../runtime/json.ts';

const DAY = 86_400;

/** What was counted towards a limit, and what ends it, in words. */
export function limitWords(limit: ReachedLimit): string {
  const { who, login, failures, max, forgottenAfterSeconds } = limit;
  const from = who === 'strangers' ? 'unknown addresses' : 'their own addresses';
  const days = Math.ceil(forgottenAfterSeconds / DAY);
  const state =
    failures < max
      ? ''
      : `: blocked until they sign in from elsewhere, get a new password or are reset, ${days} days after the first at the latest`;
  return `${login} from ${from}: ${failures} of ${max}${state}`;
}

/** What was counted towards a limit, for programs. */
export function limitJson(limit: ReachedLimit): JsonObject {
  return { ...limit };
}

/** Failed codes that count towards a limit, and what ends that, in words. */
export function failureWords({ factor, who, failures, max }: FactorFailures): string {
  const from = who === 'strangers' ? 'unknown addresses' : 'their own addresses';
  const state = failures < max ? `of ${max}` : 'in a row: blocked until person reset';
  return `${factor} from ${from}: ${failures} failures ${state}`;
}
