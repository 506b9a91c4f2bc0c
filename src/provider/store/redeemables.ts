import { errors, type AdapterPayload } from 'oidc-provider';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Entry } from '../../storage/state.ts';
import type { RequestScopes } from '../request-scope.ts';
import type { ModelStore } from './adapter.ts';
import type { Answered } from './answered.ts';
import { number, object, ofKind, text, toJson, toPayload } from './payloads.ts';
import type { RequestState } from './request-state.ts';
import type { Validity } from './validity.ts';

const ROUNDS_MAX = 3;

type Kind =
  | 'AuthorizationCode'
  | 'BackchannelAuthenticationRequest'
  | 'DeviceCode'
  | 'PushedAuthorizationRequest';

/** What a store of things that are redeemed once works with. */
export interface RedeemableOptions {
  readonly state: RequestState;
  readonly scopes: RequestScopes;
  readonly clock: Clock;
  readonly answered: Answered;
  readonly validity: Validity;
  /** Where one lies; left out: by the digest of its id. */
  readonly keyOf?: (id: string) => string;
  /** Ends the grant of a code that somebody redeemed a second time. */
  readonly onReuse: (grantId: string, payload: JsonObject) => Promise<void>;
}

/** A store of what is redeemed once. */
export interface Redeemables extends ModelStore {
  /** Redeems what was found and nobody has redeemed yet. False: somebody has, and `consume` judges it. */
  redeem(id: string): Promise<boolean>;
  /** The same of whatever is there; of what was redeemed before, its grant ends. @throws {errors.InvalidGrant} */
  consume(id: string): Promise<void>;
}

/**
 * Authorization codes and pushed authorization requests: each is redeemed at most once, on any number of
 * nodes, by one swap. Only whoever passed all the engine's checks (client, PKCE, redirect URI) comes to it.
 */
export function createRedeemables(kind: Kind, options: RedeemableOptions): Redeemables {
  const { state, scopes, answered, validity } = options;
  const { keyOf = (id) => `${kind}:${sha256(id)}` } = options;
  const { redeem, consume } = createRedemption(kind, options);
  return {
    async upsert(id, payload, ttlSeconds) {
      const { jti: _, ...kept } = toJson(payload);
      const value = { kind, payload: kept, mark: scopes.current().mark ?? '' };
      state.putBeforeAnswer(keyOf(id), value, { ttlSeconds, once: true });
    },
    async find(id) {
      answered.contend(keyOf(id));
      const value = ofKind(await state.get(keyOf(id)), kind);
      if (value === undefined) return undefined;
      const found = toPayload(object(value, 'payload') ?? {}, id);
      if (!(await validity.isValid(found, text(value, 'mark') ?? ''))) return undefined;
      return { ...found, ...visibleUse(kind, value) };
    },
    redeem: (id) => redeem(keyOf(id)),
    consume: (id) => consume(keyOf(id)),
    destroy: async (id) => void (await state.delete(keyOf(id))),
  };
}

/** The one swap, by the key of what is redeemed. */
function createRedemption(
  kind: Kind,
  { state, clock, answered, onReuse }: RedeemableOptions,
): {
  readonly redeem: (key: string) => Promise<boolean>;
  readonly consume: (key: string) => Promise<void>;
} {
  async function swap(key: string, seen: Entry, value: JsonObject): Promise<boolean> {
    const redeemed = { ...value, redeemedAtMs: clock.nowMs() };
    const exp = number(object(value, 'payload') ?? {}, 'exp') ?? 0;
    const ttlSeconds = Math.max(1, exp - clock.now());
    const version = await state.swap(key, seen, redeemed, {
      ttlSeconds,
      durable: true,
      essential: true,
    });
    if (version === undefined) return false;
    answered.noteAnswer(key, { value: redeemed, version }, ttlSeconds);
    return true;
  }

  async function refuse(key: string, value: JsonObject, redeemedAtMs: number): Promise<never> {
    const payload = object(value, 'payload') ?? {};
    const grantId = text(payload, 'grantId');
    if (grantId !== undefined && !(await answered.isRace(key, redeemedAtMs)))
      await onReuse(grantId, payload);
    throw kind === 'PushedAuthorizationRequest'
      ? new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used')
      : new errors.InvalidGrant(`${kind} already used`);
  }

  return {
    async redeem(key) {
      const seen = await state.get(key);
      const value = ofKind(seen, kind);
      if (seen === undefined || value === undefined) return false;
      if (number(value, 'redeemedAtMs') !== undefined) return false;
      if (await swap(key, seen, value)) return true;
      await state.refresh(key);
      return false;
    },
    async consume(key) {
      let seen = await state.get(key);
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        const value = ofKind(seen, kind);
        if (seen === undefined || value === undefined) break;
        const redeemedAtMs = number(value, 'redeemedAtMs');
        if (redeemedAtMs !== undefined) await refuse(key, value, redeemedAtMs);
        if (await swap(key, seen, value)) return;
        seen = await state.refresh(key);
      }
      throw new errors.InvalidGrant(`${kind} not found`);
    },
  };
}

/**
 * The engine would end the grant for every second use it sees. At the token endpoint it is not shown, and
 * `consume` decides, which also knows a race from a replay.
 */
function visibleUse(kind: string, value: JsonObject): AdapterPayload {
  const redeemedAtMs = number(value, 'redeemedAtMs');
  if (kind !== 'PushedAuthorizationRequest' || redeemedAtMs === undefined) return {};
  return { consumed: Math.floor(redeemedAtMs / 1000) };
}
