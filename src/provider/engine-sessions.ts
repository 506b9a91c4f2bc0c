import { Provider, type Session } from 'oidc-provider';
import { randomId } from '../runtime/random.ts';
import type { RefreshTokens } from './store/refresh-tokens.ts';

/** Gives the engine's sessions and refresh tokens values that our stores find in one read. */
export function installIdentifiers(provider: Provider, refreshTokens: RefreshTokens): void {
  Object.defineProperties(provider.Session.prototype, {
    // What the cookie holds.
    id: {
      get(this: Session): string {
        return `${this.uid}.${this.jti}`;
      },
    },
    // The engine would change the id at every return from a page, and a second tab that returns meanwhile
    // would be signed out. Against fixation it must change when somebody signs in, and does.
    resetIdentifier: {
      value(this: Session): void {
        if (isSigningIn()) this.jti = randomId();
      },
    },
  });
  Object.defineProperty(provider.RefreshToken.prototype, 'generateTokenId', {
    value: () => refreshTokens.nextValue(),
  });
}

/** A sign-in stays in the results of all pages that follow it, but happens at one. */
function isSigningIn(): boolean {
  const interaction = Provider.ctx?.oidc.entities.Interaction;
  return interaction?.result?.login !== undefined && interaction.prompt.name !== 'consent';
}
