import type { Provider } from 'oidc-provider';
import { randomId } from '../runtime/random.ts';

/** As many as the engine's own alphabet of 64 gives 43 characters for. */
const ID_BYTES = 32;

/** What the engine hands to apps, and draws the name of in its own way. */
const KINDS = [
  'AccessToken',
  'AuthorizationCode',
  'BackchannelAuthenticationRequest',
  'ClientCredentials',
  'DeviceCode',
  'Grant',
  'InitialAccessToken',
  'PushedAuthorizationRequest',
  'RegistrationAccessToken',
] as const;

/** What the types do not tell of a model of the engine. */
interface Named {
  readonly jti: string;
  generateTokenId?(): string;
}

/**
 * Draws what the engine would draw itself from the streams of the process's seed (decision 0041), each kind from one of
 * its own. What has no such seam in the engine stays random: user codes, and what only the provider's own pages see.
 */
export function installSeededIdentifiers(provider: Provider): void {
  for (const kind of KINDS) {
    const prototype: Named = provider[kind].prototype;
    const { generateTokenId } = prototype;
    Object.defineProperty(prototype, 'generateTokenId', {
      value(this: Named) {
        // Asked all the same: there the engine decides on the format of a token as well.
        generateTokenId?.call(this);
        return randomId(ID_BYTES, kind);
      },
    });
  }
  seedSessions(provider.Session);
}

/** A session's `uid` names the grants that it brings about, and tokens carry those; apps see `sid`. */
function seedSessions(sessions: Provider['Session']): void {
  const get = sessions.get.bind(sessions);
  Object.defineProperty(sessions, 'get', {
    async value(...[ctx]: Parameters<typeof get>) {
      const session = await get(ctx);
      if ('new' in session) session.uid = randomId(ID_BYTES, 'session');
      return session;
    },
  });
  Object.defineProperty(sessions.prototype, 'ensureClientContainer', {
    value(this: InstanceType<typeof sessions>, clientId: string) {
      if (this.sidFor(clientId) === undefined) this.sidFor(clientId, randomId(ID_BYTES, 'sid'));
    },
  });
}
