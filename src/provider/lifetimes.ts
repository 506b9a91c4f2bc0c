import type { AccessToken, Client, ClientCredentials, RefreshToken, Session } from 'oidc-provider';
import type { ClientPolicy } from '../clients/clients.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ProtocolSettings } from './config.ts';

/** How long everything lives, in seconds: by client, by API, else by the settings. */
export interface Lifetimes {
  accessToken(token: AccessToken | ClientCredentials, client: Client): number;
  idToken(client: Client): number;
  /** The idle time, cut by what is left of the chain's absolute life; all of that for one that is not rotated. */
  refreshToken(token: Pick<RefreshToken, 'iiat'>, client: Client): number;
  /** The idle time, cut by what is left since the person signed in. */
  session(session: Pick<Session, 'loginTs' | 'iat'>): number;
  /** What is left of a grant's life below which it must be renewed, so that nothing outlives it. */
  grantNeeded(client: Client): number;
}

/** `policyOf`: the settings of one client; `isRotated`: whether it gets a new refresh token with each refresh. */
export function createLifetimes(options: {
  readonly settings: Pick<ProtocolSettings, 'tokens' | 'sessions'>;
  readonly clock: Clock;
  readonly policyOf: (client: Client) => ClientPolicy | undefined;
  readonly isRotated: (client: Client) => boolean;
}): Lifetimes {
  const { tokens, sessions } = options.settings;
  const { clock, policyOf, isRotated } = options;
  const absoluteOf = (client: Client): number =>
    policyOf(client)?.refreshTokenAbsoluteSeconds ?? tokens.refreshTokenAbsolute;

  return {
    accessToken(token, client) {
      const limits = [
        policyOf(client)?.accessTokenTtlSeconds,
        token.resourceServer?.accessTokenTTL,
      ].filter((limit) => limit !== undefined);
      return limits.length === 0 ? tokens.accessToken : Math.min(...limits);
    },
    idToken: (client) => policyOf(client)?.idTokenTtlSeconds ?? tokens.idToken,
    refreshToken(token, client) {
      // The use of one that stays is not noted anywhere.
      const idle = isRotated(client)
        ? (policyOf(client)?.refreshTokenIdleSeconds ?? tokens.refreshTokenIdle)
        : Infinity;
      const now = clock.now();
      return leastOne(Math.min(idle, (token.iiat ?? now) + absoluteOf(client) - now));
    },
    session({ loginTs, iat }) {
      const now = clock.now();
      const began = loginTs ?? iat ?? now;
      return leastOne(Math.min(sessions.idle, began + sessions.absolute - now));
    },
    grantNeeded: (client) => absoluteOf(client) + tokens.authorizationCode,
  };
}

function leastOne(seconds: number): number {
  return Math.max(1, seconds);
}
