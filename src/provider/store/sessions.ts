import { errors, type AdapterPayload } from 'oidc-provider';
import type { Revocation } from '../../revocation/revocation.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Entry } from '../../storage/state.ts';
import type { KnownSession, RequestScopes } from '../request-scope.ts';
import type { ModelStore } from './adapter.ts';
import { object, ofKind, text, toJson, toOwnPayload } from './payloads.ts';
import type { RequestState } from './request-state.ts';
import { mergeSessions } from './session-merge.ts';

const SWAPS_MAX = 50;
const DEAD = 'DeadSession';
/** `<uid>.<secret>`: the uid finds the record in one read, the secret proves that it is the browser's. */
const COOKIE = /^(?<uid>[\w-]{1,64})\.(?<secret>[\w-]{1,128})$/;

/** Browser sessions. One record each, under the uid, which outlives every change of the cookie. */
export interface Sessions extends ModelStore {
  key(uid: string): string;
  findByUid(uid: string): Promise<AdapterPayload | undefined>;
}

/** `longestSeconds`: how long the tombstone of a session stands. */
export function createSessions(options: {
  readonly state: RequestState;
  readonly revocation: Revocation;
  readonly scopes: RequestScopes;
  readonly longestSeconds: number;
}): Sessions {
  const { state, revocation, scopes, longestSeconds } = options;
  const keyOf = (uid: string): string => `session:${uid}`;

  async function isAlive(uid: string, value: JsonObject): Promise<boolean> {
    const accountId = text(payloadOf(value), 'accountId');
    if (accountId === undefined) return true;
    const mark = text(value, 'mark') ?? '';
    return !(await revocation.isRevoked({
      jti: uid,
      sessionUid: uid,
      accountId,
      clientId: '',
      mark,
    }));
  }

  /** What is to be written over `seen`, or a refusal: nothing brings a session back that ended meanwhile. */
  function nextValue(
    known: KnownSession | undefined,
    seen: Entry | undefined,
    ours: { readonly payload: JsonObject; readonly secret: string },
  ): JsonObject {
    const id = sha256(ours.secret);
    const mark = scopes.current().mark ?? '';
    if (known === undefined && seen === undefined)
      return { kind: 'Session', id, mark, payload: ours.payload };
    const current = ofKind(seen, 'Session');
    if (known === undefined || current === undefined || isOtherPerson(current, ours.payload))
      throw new errors.LoginRequired('the session has ended');
    const isRotated = ours.secret !== known.secret;
    if (!isRotated && text(current, 'id') !== id) scopes.current().isSessionCookieStale = true;
    const payload = mergeSessions({
      base: known.base,
      current: payloadOf(current),
      ours: ours.payload,
    });
    return {
      kind: 'Session',
      id: isRotated ? id : (text(current, 'id') ?? id),
      mark: isRotated ? mark : (text(current, 'mark') ?? ''),
      payload,
    };
  }

  return {
    key: keyOf,
    async find(cookie) {
      const { uid, secret } = COOKIE.exec(cookie)?.groups ?? {};
      if (uid === undefined || secret === undefined) return undefined;
      const entry = await state.get(keyOf(uid));
      const value = ofKind(entry, 'Session');
      if (entry === undefined || value === undefined) return undefined;
      if (text(value, 'id') !== sha256(secret) || !(await isAlive(uid, value))) return undefined;
      scopes.current().sessions.set(uid, { secret, entry, base: payloadOf(value) });
      return toOwnPayload(payloadOf(value), secret);
    },
    async findByUid(uid) {
      const value = ofKind(await state.get(keyOf(uid)), 'Session');
      if (value === undefined || !(await isAlive(uid, value))) return undefined;
      return structuredClone(payloadOf(value));
    },
    async upsert(secret, model, ttlSeconds) {
      const { jti: _, ...payload } = toJson(model);
      const uid = text(payload, 'uid') ?? '';
      const { sessions } = scopes.current();
      const known = sessions.get(uid);
      let seen = known?.entry;
      for (let round = 0; round < SWAPS_MAX; round += 1) {
        const value = nextValue(known, seen, { payload, secret });
        const version = await state.swap(keyOf(uid), seen, value, { ttlSeconds });
        if (version !== undefined) {
          sessions.set(uid, { secret, entry: { value, version }, base: payload });
          return;
        }
        seen = await state.refresh(keyOf(uid));
        // A new session that somebody else wrote, or one that vanished, is not ours to write.
        if (known === undefined || seen === undefined)
          throw new errors.LoginRequired('the session has ended');
      }
      throw new Error('a session that changes faster than it can be written');
    },
    async destroy(secret) {
      const { sessions, origin } = scopes.current();
      const uid = [...sessions].find(([, known]) => known.secret === secret)?.[0];
      if (uid === undefined) throw new TypeError('a session that this request did not find');
      await state.put(
        keyOf(uid),
        { kind: DEAD },
        { ttlSeconds: longestSeconds, durable: true, essential: true },
      );
      await revocation.revoke(
        { kind: 'session', sessionUid: uid },
        { reason: 'sign_out', actor: { by: 'protocol', origin } },
      );
    },
  };
}

function payloadOf(value: JsonObject): JsonObject {
  return object(value, 'payload') ?? {};
}

function isOtherPerson(current: JsonObject, ours: JsonObject): boolean {
  const there = text(payloadOf(current), 'accountId');
  const here = text(ours, 'accountId');
  return there !== undefined && here !== undefined && there !== here;
}
