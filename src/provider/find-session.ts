import { decodeJwt, type JWTPayload } from 'jose';
import { sha256 } from '../runtime/digest.ts';
import type { JsonObject } from '../runtime/json.ts';
import type { Revoked } from '../revocation/revocation.ts';
import type { State } from '../storage/state.ts';
import type { IssuerProfile } from './contract.ts';
import { isJsonObject, object, ofKind, text } from './store/payloads.ts';
import { chainKey } from './store/refresh-chain.ts';
import { oidcKey } from './store/request-state.ts';
import { sessionPayload } from './store/session-record.ts';
import { sessionKey, sessionsOfKey } from './store/sessions.ts';

/** Finds the session that somebody means who has seen it named somewhere. */
export interface SessionFinder {
  /**
   * By its own id, as the audit and access tokens have it; of a person also by the `sid` of an ID token, which is another for each
   * client. Undefined: there is none, nor was there a moment ago.
   */
  find(id: string, accountId?: string): Promise<Revoked | undefined>;
  /** The session that a token was issued in. Undefined: none is known, or the token does not say. */
  ofToken(token: string): Promise<Revoked | undefined>;
}

const REFRESH_TOKEN = /^[\w-]{22}\.[\w-]{43}$/;

export function createSessionFinder(options: {
  readonly state: Pick<State, 'get' | 'getMany' | 'list'>;
  readonly profile: IssuerProfile;
}): SessionFinder {
  const { state, profile } = options;
  const full = (key: string): string => oidcKey(profile.namespace, key);

  /** Also of one that has ended: its tombstone is there. */
  async function byId(uid: string): Promise<Revoked | undefined> {
    const entry = await state.get(full(sessionKey(uid)));
    return entry && { kind: 'session', sessionUid: uid };
  }

  async function byClientSid(sid: string, accountId: string): Promise<Revoked | undefined> {
    const uids = await state.list(full(sessionsOfKey(accountId)));
    const entries = await state.getMany(uids.map((uid) => full(sessionKey(uid))));
    const index = entries.findIndex((entry) => {
      const session = ofKind(entry, 'Session');
      return session !== undefined && clientSids(session).includes(sid);
    });
    const sessionUid = uids[index];
    return sessionUid === undefined ? undefined : { kind: 'session', sessionUid };
  }

  async function find(id: string, accountId?: string): Promise<Revoked | undefined> {
    return (await byId(id)) ?? (accountId === undefined ? undefined : byClientSid(id, accountId));
  }

  async function uidOfStored(token: string): Promise<string | undefined> {
    const record = REFRESH_TOKEN.test(token)
      ? ofKind(await state.get(full(chainKey(token))), 'RefreshToken')
      : ofKind(await state.get(full(`AccessToken:${sha256(token)}`)), 'AccessToken');
    return record && text(object(record, 'payload') ?? {}, 'sessionUid');
  }

  return {
    find,
    async ofToken(token) {
      const claims = readClaims(token, profile.issuer);
      if (typeof claims?.['sid'] === 'string') return find(claims['sid'], claims.sub);
      const uid = await uidOfStored(token);
      return uid === undefined ? undefined : byId(uid);
    },
  };
}

/** What ID tokens call this session: a client each. */
function clientSids(session: JsonObject): readonly (string | undefined)[] {
  const clients = object(sessionPayload(session), 'authorizations') ?? {};
  return Object.values(clients).map((one) => (isJsonObject(one) ? text(one, 'sid') : undefined));
}

/** The signature is not asked for: whoever may end sessions may do so with a token that nobody would accept. */
function readClaims(token: string, issuer: string): JWTPayload | undefined {
  try {
    const claims = decodeJwt(token);
    return claims.iss === issuer ? claims : undefined;
  } catch {
    return undefined;
  }
}
