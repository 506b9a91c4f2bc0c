import { errors } from 'oidc-provider';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Sealer } from '../../runtime/sealing.ts';
import type { ModelStore } from './adapter.ts';
import { number, object, ofKind, text, toJson } from './payloads.ts';
import { createRedeemables, type RedeemableOptions } from './redeemables.ts';

/** The engine's name for a request that a person answers elsewhere. */
export const BACKCHANNEL_REQUEST = 'BackchannelAuthenticationRequest';
/** What the words by which a client is told are sealed for. */
export const PING_SEAL = 'backchannel-ping';
/** A request outlives its time, so that whoever comes late is told so. */
const KEPT_AFTER_SECONDS = 300;

interface BackchannelStoreOptions extends RedeemableOptions {
  readonly sealer: Pick<Sealer, 'seal'>;
  readonly isAtTokenEndpoint: () => boolean;
  /** How soon a client may ask again. */
  readonly intervalSeconds: number;
}

/**
 * Requests of OpenID Connect CIBA, under the digests of their ids. Redeemed by one swap as authorization codes are; the
 * answer of the person is a swap as well, and comes past the engine (`backchannel/waiting-requests.ts`).
 */
export function createBackchannelStore(options: BackchannelStoreOptions): ModelStore {
  const { state, scopes, clock, sealer, isAtTokenEndpoint, intervalSeconds } = options;
  const requests = createRedeemables(BACKCHANNEL_REQUEST, options);

  async function checkPace(id: string): Promise<void> {
    const value = ofKind(await state.get(requestKey(sha256(id))), BACKCHANNEL_REQUEST);
    const payload = (value && object(value, 'payload')) ?? {};
    if (text(payload, 'grantId') ?? text(payload, 'error')) return;
    const life = Math.max(1, intervalSeconds - 1);
    const polls = await state.count(`backchannel-polls:${sha256(id)}`, life);
    if (polls > 1) throw new errors.SlowDown();
  }

  /** The client's own secret is needed by whoever tells it, and by nobody who reads the store. */
  function sealed(id: string, params: JsonObject): JsonObject {
    const token = text(params, 'client_notification_token');
    if (token === undefined) return {};
    return { ping: sealer.seal(Buffer.from(JSON.stringify({ id, token })), PING_SEAL) };
  }

  return {
    ...requests,
    async upsert(id, payload) {
      const { jti: _, ...kept } = toJson(payload);
      const { client_notification_token: __, ...params } = object(kept, 'params') ?? {};
      const expiresAt = number(kept, 'exp') ?? 0;
      const ttlSeconds = Math.max(1, expiresAt - clock.now() + KEPT_AFTER_SECONDS);
      const value = {
        kind: BACKCHANNEL_REQUEST,
        payload: { ...kept, params },
        mark: scopes.current().mark ?? '',
        ...sealed(id, object(kept, 'params') ?? {}),
      };
      const key = sha256(id);
      await Promise.all([
        state.put(requestKey(key), value, { ttlSeconds, once: true }),
        state.add(requestsOfKey(text(kept, 'accountId') ?? ''), key, expiresAt),
      ]);
    },
    async find(id) {
      if (isAtTokenEndpoint()) await checkPace(id);
      return await requests.find(id);
    },
  };
}

/** Where the request lies whose id has this digest. */
export function requestKey(digest: string): string {
  return `${BACKCHANNEL_REQUEST}:${digest}`;
}

/** The digests of those that wait for somebody. */
export function requestsOfKey(accountId: string): string {
  return `BackchannelRequestsOf:${accountId}`;
}
