import type { Receipt, Revocation, Revoked } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Json } from '../runtime/json.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { Records } from '../storage/records.ts';
import type { State } from '../storage/state.ts';
import type { ProtocolSettings } from './config.ts';
import { createContentKeys } from './content-keys.ts';
import { createConsents } from './consent-queries.ts';
import type { IssuerProfile } from './contract.ts';
import { createSessionFinder, type SessionFinder } from './find-session.ts';
import { createReadToken } from './read-token.ts';
import { REVOKED_TOKEN, revokedTokenKey } from './store/access-tokens.ts';
import { ENDED_GRANT, grantKey, grantsOfKey } from './store/grants.ts';
import { oidcKey } from './store/request-state.ts';
import { ENDED_SESSION, sessionKey } from './store/sessions.ts';

/** Why, and by whom. */
export interface RevocationDetails {
  readonly reason: string;
  readonly actor: Actor;
}

/** Takes back whatever was issued, for those who act from outside of a request: commands, administrators. */
export interface TakeBack {
  /**
   * First the record, so that nothing more is issued on its strength, then the word about it to everyone.
   * `account`, `client` and `before` leave records as they are: whoever has disabled or deleted one has done
   * so before, and whoever has not lets the person, or the client, begin anew.
   *
   * @throws {RevocationUnconfirmed} {StateUnavailable} when it is not known to be durable.
   */
  revoke(what: Revoked, details: RevocationDetails): Promise<Receipt>;
  /**
   * Forgets what a person allowed a client, so that they are asked again, and ends every grant of that. One receipt
   * for each; the last has the highest number.
   */
  disconnect(
    accountId: string,
    clientId: string,
    details: RevocationDetails,
  ): Promise<readonly Receipt[]>;
  /** The token with this `jti`, of which nothing else is known. */
  token(jti: string): Revoked;
  /** What falls with a token; a refresh token falls with its grant. Undefined: no token that we know. */
  read(token: string): Promise<Revoked | undefined>;
  readonly sessions: SessionFinder;
}

export interface TakeBackOptions {
  readonly state: State;
  readonly records: Records;
  readonly revocation: Revocation;
  readonly clock: Clock;
  readonly profile: IssuerProfile;
  /** Issuers of the installation beside that one. */
  readonly furtherProfiles?: readonly IssuerProfile[] | undefined;
  readonly sealer: Pick<Sealer, 'keysFor'>;
  readonly settings: Pick<ProtocolSettings, 'tokens' | 'sessions'>;
  /** No access token lives longer. */
  readonly longestTokenSeconds: number;
}

/** Over the records of the protocol of an issuer, and of those beside it. */
export function createTakeBack(options: TakeBackOptions): TakeBack {
  const { state, revocation, clock, profile, settings } = options;
  const consents = createConsents(options);
  const contentKeys = createContentKeys(options.sealer);
  const profiles = [profile, ...(options.furtherProfiles ?? [])];
  const full = (key: string): readonly string[] =>
    profiles.map(({ namespace }) => oidcKey(namespace, key));

  const token = (jti: string, expiresAt = Infinity): Revoked => {
    const latest = clock.now() + options.longestTokenSeconds;
    return { kind: 'token', jti, expiresAt: Math.min(expiresAt, latest) };
  };

  async function end(key: string, value: Json, ttlSeconds: number): Promise<void> {
    const life = { ttlSeconds: Math.max(1, ttlSeconds), durable: true, essential: true };
    // Its id tells nobody of which issuer it is.
    await Promise.all(full(key).map((one) => state.put(one, value, life)));
  }

  async function endRecord(what: Revoked): Promise<void> {
    switch (what.kind) {
      case 'token':
        return end(revokedTokenKey(what.jti), REVOKED_TOKEN, what.expiresAt - clock.now());
      case 'grant':
        return end(grantKey(what.grantId), ENDED_GRANT, settings.tokens.grant);
      case 'session':
        return end(sessionKey(what.sessionUid), ENDED_SESSION, settings.sessions.absolute);
      case 'account':
      case 'client':
      case 'before':
        return undefined;
    }
  }

  async function revoke(what: Revoked, details: RevocationDetails): Promise<Receipt> {
    await endRecord(what);
    return revocation.revoke(what, details);
  }

  return {
    revoke,
    async disconnect(accountId, clientId, details) {
      // First, or the next request of the app would be given another grant.
      await consents.forget(accountId, clientId);
      const lists = full(grantsOfKey(accountId, clientId)).map((key) => state.list(key));
      const receipts = (await Promise.all(lists))
        .flat()
        .map((grantId) => revoke({ kind: 'grant', grantId }, details));
      return (await Promise.all(receipts)).toSorted((one, other) => one.number - other.number);
    },
    sessions: createSessionFinder(options),
    token: (jti) => token(jti),
    read: createReadToken({ state, profiles, contentKeys, token }),
  };
}
