import { errors, type AdapterPayload } from 'oidc-provider';
import type { Revocation } from '../../revocation/revocation.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { KnownSession, RequestScopes } from '../request-scope.ts';
import type { ModelStore } from './adapter.ts';
import { ofKind, text, toJson, toOwnPayload } from './payloads.ts';
import type { RequestState } from './request-state.ts';
import { firstSession, nextSession, sessionPayload, type SessionWrite } from './session-record.ts';

const SWAPS_MAX = 50;
/** What stands in place of a session that has ended. */
export const ENDED_SESSION = { kind: 'DeadSession' } as const;
/** `<uid>.<secret>`: the uid finds the record in one read, the secret proves that it is the browser's. */
const COOKIE = /^(?<uid>[\w-]{1,64})\.(?<secret>[\w-]{1,128})$/;

/** Browser sessions. One record each, under the uid, which outlives every change of the cookie. */
export interface Sessions extends ModelStore {
  key(uid: string): string;
  findByUid(uid: string): Promise<AdapterPayload | undefined>;
}

interface SessionsOptions {
  readonly state: RequestState;
  readonly revocation: Revocation;
  readonly scopes: RequestScopes;
  /** How long the tombstone of a session stands. */
  readonly longestSeconds: number;
}

/** The store of browser sessions. */
export function createSessions(options: SessionsOptions): Sessions {
  const { state, scopes } = options;

  return {
    key: sessionKey,
    async find(cookie) {
      const { uid, secret } = COOKIE.exec(cookie)?.groups ?? {};
      if (uid === undefined || secret === undefined) return undefined;
      const entry = await state.get(sessionKey(uid));
      const value = ofKind(entry, 'Session');
      if (entry === undefined || value === undefined) return undefined;
      if (text(value, 'id') !== sha256(secret) || !(await isAlive(uid, value, options)))
        return undefined;
      scopes.current().sessions.set(uid, { secret, entry, base: sessionPayload(value) });
      return toOwnPayload(sessionPayload(value), secret);
    },
    async findByUid(uid) {
      const value = ofKind(await state.get(sessionKey(uid)), 'Session');
      if (value === undefined || !(await isAlive(uid, value, options))) return undefined;
      return toJson(sessionPayload(value));
    },
    async upsert(secret, model, ttlSeconds) {
      const { jti: _, ...payload } = toJson(model);
      const uid = text(payload, 'uid') ?? '';
      const { mark = '', arrival, origin, sessions } = scopes.current();
      const at = Math.floor(arrival.atMs / 1000);
      const seen = { at, address: origin.address, userAgent: origin.userAgent };
      const ours = { payload, secret, mark, seen };
      const known = sessions.get(uid);
      await Promise.all([
        known?.secret === secret ? undefined : list(uid, ours, options),
        known === undefined
          ? begin(uid, ours, ttlSeconds, options)
          : goOn(known, ours, ttlSeconds, options),
      ]);
    },
    destroy: (secret) => end(secret, options),
  };
}

/** Where the session of a cookie lies, whether or not the cookie is right; undefined: it is none of ours. */
export function sessionKeyOfCookie(cookie: string): string | undefined {
  const uid = COOKIE.exec(cookie)?.groups?.['uid'];
  return uid === undefined ? undefined : sessionKey(uid);
}

/** Where a session lies. */
export function sessionKey(uid: string): string {
  return `session:${uid}`;
}

/** The set of a person's sessions. It may name some that have ended, or are another's by now. */
export function sessionsOfKey(accountId: string): string {
  return `sessions:${sha256(accountId)}`;
}

/** Whether the session of `value` stands: nothing took it back. */
export async function isAlive(
  uid: string,
  value: JsonObject,
  { revocation }: { readonly revocation: Pick<Revocation, 'isRevoked'> },
): Promise<boolean> {
  const accountId = text(sessionPayload(value), 'accountId');
  if (accountId === undefined) return true;
  const mark = text(value, 'mark') ?? '';
  const handles = { jti: uid, sessionUid: uid, accountId, clientId: '', mark };
  return !(await revocation.isRevoked(handles));
}

/** Somebody signed in: the session is one of theirs from now on. */
async function list(
  uid: string,
  { payload, seen }: SessionWrite,
  { state, longestSeconds }: SessionsOptions,
): Promise<void> {
  const accountId = text(payload, 'accountId');
  if (accountId !== undefined)
    await state.add(sessionsOfKey(accountId), uid, seen.at + longestSeconds);
}

async function begin(
  uid: string,
  ours: SessionWrite,
  ttlSeconds: number | undefined,
  options: SessionsOptions,
): Promise<void> {
  const { state, scopes } = options;
  const { value } = firstSession(ours);
  const version = await state.swap(sessionKey(uid), undefined, value, { ttlSeconds });
  if (version === undefined) {
    await goOn(await begunBefore(uid, ours, options), ours, ttlSeconds, options);
    return;
  }
  const entry = { value, version };
  scopes.current().sessions.set(uid, { secret: ours.secret, entry, base: ours.payload });
}

/**
 * The engine saves once more when its first save met an outage. That may have been done all the same; nobody
 * else knows this secret.
 */
async function begunBefore(
  uid: string,
  { secret }: SessionWrite,
  { state }: SessionsOptions,
): Promise<KnownSession> {
  const entry = await state.refresh(sessionKey(uid));
  const value = ofKind(entry, 'Session');
  if (entry === undefined || value === undefined || text(value, 'id') !== sha256(secret))
    throw new errors.LoginRequired('the session has ended');
  return { secret, entry, base: sessionPayload(value) };
}

/** Until the swap is won: every loss means that another tab wrote, and its part is kept. */
async function goOn(
  known: KnownSession,
  ours: SessionWrite,
  ttlSeconds: number | undefined,
  { state, scopes }: SessionsOptions,
): Promise<void> {
  const uid = text(ours.payload, 'uid') ?? '';
  const scope = scopes.current();
  let seen: KnownSession['entry'] | undefined = known.entry;
  for (let round = 0; round < SWAPS_MAX; round += 1) {
    const next = nextSession(known, seen, ours);
    if (next === undefined) {
      scope.isSessionCookieStale = true;
      throw new errors.LoginRequired('the session has ended');
    }
    const version = await state.swap(sessionKey(uid), seen, next.value, { ttlSeconds });
    if (version !== undefined) {
      scope.isSessionCookieStale ||= next.isCookieStale;
      const entry = { value: next.value, version };
      scope.sessions.set(uid, { secret: ours.secret, entry, base: ours.payload });
      return;
    }
    seen = await state.refresh(sessionKey(uid));
  }
  throw new Error('a session that changes faster than it can be written');
}

async function end(secret: string, options: SessionsOptions): Promise<void> {
  const { state, revocation, scopes, longestSeconds } = options;
  const { sessions, origin } = scopes.current();
  const uid = [...sessions].find(([, known]) => known.secret === secret)?.[0];
  if (uid === undefined) throw new TypeError('a session that this request did not find');
  await state.put(sessionKey(uid), ENDED_SESSION, {
    ttlSeconds: longestSeconds,
    durable: true,
    essential: true,
  });
  await revocation.revoke(
    { kind: 'session', sessionUid: uid },
    { reason: 'sign_out', actor: { by: 'protocol', origin } },
  );
}
