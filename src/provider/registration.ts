import { equalSecrets, sha256 } from '../runtime/digest.ts';
import type { ProtocolSettings } from './config.ts';
import type { ModelStore } from './store/adapter.ts';
import type { RequestState } from './store/request-state.ts';

const HOUR_SECONDS = 3600;
/** How long the engine is told that the configured token lives: it is read anew at each request. */
const NOMINAL_SECONDS = 60;

/** What keeps dynamic registration within bounds. */
export interface RegistrationLimits {
  /** Counts first, then judges: a burst cannot slip through. */
  isWithinQuota(address: string): Promise<boolean>;
}

/** Quotas per address and overall. */
export function createRegistrationLimits(options: {
  readonly settings: ProtocolSettings['registration'];
  readonly state: RequestState;
}): RegistrationLimits {
  const { settings, state } = options;
  return {
    async isWithinQuota(address) {
      const ofAddress = await state.count(`registrations:${sha256(address)}`, HOUR_SECONDS);
      if (ofAddress > settings.perAddressPerHour) return false;
      // The token has not been looked at yet: strangers without one must not use up what its holders have.
      if (settings.mode === 'token') return true;
      return (await state.count('registrations', HOUR_SECONDS)) <= settings.overallPerHour;
    },
  };
}

/** Initial access tokens: the one of the configuration, beside those that the engine keeps. */
export function createInitialAccessTokens(
  kept: ModelStore,
  configured: string | undefined,
  now: () => number,
): ModelStore {
  return {
    ...kept,
    async find(value) {
      if (configured === undefined || !equalSecrets(value, configured)) return kept.find(value);
      const iat = now();
      return { kind: 'InitialAccessToken', jti: value, iat, exp: iat + NOMINAL_SECONDS };
    },
  };
}
