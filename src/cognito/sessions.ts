import { z } from 'zod';
import type { Revocation, TokenHandles } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import { equalSecrets, sha256 } from '../runtime/digest.ts';
import type { Actor, Origin } from '../runtime/origin.ts';
import { randomId, randomUuid } from '../runtime/random.ts';
import type { Sealer } from '../runtime/sealing.ts';
import type { State, Version } from '../storage/state.ts';
import type { PoolClient } from './pool.ts';
import type { ClientOfPool } from './pools.ts';
import { createRefreshSuccessors } from './refresh-successors.ts';
import type { PoolUser } from './users.ts';

const record = z.strictObject({
  poolId: z.string(),
  clientId: z.string(),
  accountId: z.string(),
  authTime: z.number(),
  expiresAt: z.number(),
  /** What had been revoked when the person signed in, or changed their password in this session. */
  mark: z.string(),
  /** SHA-256 of the refresh token. */
  refresh: z.string(),
  /** The same of the one before, where each is good once. */
  replaced: z.string().optional(),
  /** When that was. */
  replacedAt: z.number().optional(),
  /** Of one that began at the hosted endpoints; left out: at the JSON API. */
  hosted: z
    .strictObject({
      /** What it falls with: what the browser's session let the client have, and that session. */
      grantId: z.string(),
      sessionUid: z.string().optional(),
      scopes: z.array(z.string()),
      /** What its access tokens are for (`resource`); left out: whoever takes them. */
      resource: z.string().optional(),
    })
    .optional(),
});
type Fields = z.output<typeof record>;

/** What one sign-in has led to. */
export interface Session extends Fields {
  /** `origin_jti` of its tokens, and the handle by which all of them are taken back. */
  readonly id: string;
  /** The write that it was read from. */
  readonly version: Version;
}

/** Sessions in state, each with one refresh token. */
export interface Sessions {
  /** `mark`: what `revocation.stamp()` gave before the person was checked. `authTime`: when that was; left out: now. */
  begin(
    of: ClientOfPool & {
      readonly user: PoolUser;
      readonly mark: string;
      readonly authTime?: number;
      readonly hosted?: Session['hosted'];
    },
  ): Promise<{ readonly session: Session; readonly refreshToken: string }>;
  /** Undefined: over, taken back, or never there. */
  find(id: string): Promise<Session | undefined>;
  /** The session of a refresh token that is good for this client: the last one, or the one before for as long as the client lets it. */
  byRefreshToken(shown: ShownToken & { readonly origin: Origin }): Promise<Session | undefined>;
  /**
   * The next refresh token in place of the one that was shown; the same again for whoever shows it while that is let. Undefined: another
   * request was faster.
   */
  rotate(session: Session, shown: ShownToken): Promise<string | undefined>;
  /** For whoever has just changed what signing in takes: their own session goes on. */
  renew(session: Session, mark: string): Promise<void>;
  /** Ends it everywhere: no refresh, and its tokens are in the feed. */
  end(session: Session, actor: Actor): Promise<void>;
  /** Those of a user in one pool that go on. */
  of(user: Pick<PoolUser, 'pool' | 'account'>): Promise<readonly Session[]>;
  /** Ends all of a user in one pool. */
  endAll(user: PoolUser, actor: Actor): Promise<void>;
}

interface ShownToken {
  readonly token: string;
  readonly client: Pick<PoolClient, 'id' | 'rotationGrace'>;
}

const ENDED = 'ended';
const REFRESH_TOKEN = /^(?<id>[\w-]{36})\.[\w-]{43}$/;
const SECRET_BYTES = 32;

interface Sides {
  readonly state: State;
  readonly clock: Clock;
  readonly revocation: Revocation;
  readonly sealer: Pick<Sealer, 'keysFor'>;
}

export function createSessions(house: Sides): Sessions {
  const { state, clock } = house;
  const records = createSessionRecords(house);
  const { find, end, change } = records;
  const successors = createRefreshSuccessors(house.sealer);
  const of: Sessions['of'] = async (user) => {
    const found = await Promise.all((await state.list(listKey(user))).map(find));
    return found.filter((session) => session !== undefined);
  };

  return {
    find,
    end,
    async begin({ pool, client, user, mark, authTime, hosted }) {
      const id = randomUuid('Cognito session');
      const { token: refreshToken, digest } = newRefreshToken(id);
      const now = clock.now();
      const fields = {
        poolId: pool.id,
        clientId: client.id,
        accountId: user.account.id,
        authTime: authTime ?? now,
        expiresAt: now + client.refreshTokenValidity,
        mark,
        refresh: digest,
        ...(hosted !== undefined && { hosted }),
      };
      // First the list, or a sign-out at this moment would miss the session.
      await state.add(listKey(user), id, fields.expiresAt);
      const version = await state.put(keyOf(id), fields, records.lifeOf(fields.expiresAt));
      return { session: { id, version, ...fields }, refreshToken };
    },
    async byRefreshToken({ token, client, origin }) {
      const { id } = REFRESH_TOKEN.exec(token)?.groups ?? {};
      const session = id === undefined ? undefined : await find(id);
      if (session === undefined || session.clientId !== client.id) return undefined;
      const digest = sha256(token);
      if (equalSecrets(session.refresh, digest)) return session;
      if (session.replaced === undefined || !equalSecrets(session.replaced, digest))
        return undefined;
      if (isStillGood(session, client, clock.now())) return session;
      // One that was replaced comes back: somebody else has it, too.
      await end(session, { by: 'cognito', origin });
      return undefined;
    },
    async rotate(session, { token, client }) {
      const { id, refresh } = session;
      if (!equalSecrets(refresh, sha256(token))) return successors.given(id, token, refresh);
      const next = successors.of(id, token);
      const replaced = { refresh: sha256(next), replaced: refresh, replacedAt: clock.now() };
      if (await change(session, replaced)) return next;
      const after = client.rotationGrace > 0 ? await find(id) : undefined;
      return after && successors.given(id, token, after.refresh);
    },
    async renew(session, mark) {
      await change(session, { mark });
    },
    of,
    async endAll(user, actor) {
      for (const session of await of(user)) await end(session, actor);
    },
  };
}

function isStillGood(
  { replacedAt = 0 }: Session,
  { rotationGrace }: ShownToken['client'],
  now: number,
): boolean {
  return now < replacedAt + rotationGrace;
}

interface SessionRecords extends Pick<Sessions, 'find' | 'end'> {
  /** False: another request was faster. */
  change(session: Session, changed: Partial<Fields>): Promise<boolean>;
  lifeOf(expiresAt: number): { readonly ttlSeconds: number; readonly durable: true };
}

function createSessionRecords({ state, clock, revocation }: Sides): SessionRecords {
  const lifeOf: SessionRecords['lifeOf'] = (expiresAt) => ({
    ttlSeconds: Math.max(1, expiresAt - clock.now()),
    durable: true,
  });
  return {
    lifeOf,
    async find(id) {
      const entry = await state.get(keyOf(id));
      if (entry === undefined || entry.value === ENDED) return undefined;
      const session = { id, version: entry.version, ...record.parse(entry.value) };
      const handles = { jti: '', ...handlesOf(session) };
      return (await revocation.isRevoked(handles)) ? undefined : session;
    },
    async change({ id, version, ...fields }, changed) {
      const next = { ...fields, ...changed };
      return (await state.swap(keyOf(id), version, next, lifeOf(next.expiresAt))) !== undefined;
    },
    async end(session, actor) {
      const { grantId } = handlesOf(session);
      const life = { ...lifeOf(session.expiresAt), essential: true };
      await state.put(keyOf(session.id), ENDED, life);
      await revocation.revoke({ kind: 'grant', grantId }, { reason: 'signed out', actor });
    },
  };
}

/** All that a session, and whatever is issued in it, falls with. */
export function handlesOf({ id, accountId, clientId, mark, hosted }: Session): SessionHandles {
  const { grantId = id, sessionUid } = hosted ?? {};
  return { grantId, sessionUid, accountId, clientId, mark };
}

type SessionHandles = Omit<TokenHandles, 'jti' | 'grantId'> & { readonly grantId: string };

function newRefreshToken(id: string): { readonly token: string; readonly digest: string } {
  const token = `${id}.${randomId(SECRET_BYTES, 'Cognito session')}`;
  return { token, digest: sha256(token) };
}

function keyOf(id: string): string {
  return `cognito:session:${id}`;
}

function listKey({ pool, account }: Pick<PoolUser, 'pool' | 'account'>): string {
  return `cognito:sessions:${pool.id}:${account.id}`;
}
