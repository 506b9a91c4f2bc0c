import { errors, type InteractionResults } from 'oidc-provider';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Entry } from '../../storage/state.ts';
import { DEVICE_PATHS, ROUTES, type Endpoints } from '../routes.ts';
import type { ModelStore } from './adapter.ts';
import { grantKey } from './grants.ts';
import { isJsonObject, number, object, ofKind, text, toJson, toOwnPayload } from './payloads.ts';
import type { RequestState } from './request-state.ts';

const ENDED = { kind: 'EndedInteraction' } as const;
/** Whoever comes later finds nothing, which says the same. */
const ENDED_SECONDS = 60;
const ROUNDS_MAX = 3;

/** Interactions at rest: neither their own id nor the session's can be read off them. */
export interface InteractionRecords extends ModelStore {
  /** Where an interaction lies. */
  key(uid: string): string;
  /** Lays down what the person did, once. Undefined: the interaction is over; else where to send the browser. */
  finish(uid: string, result: InteractionResults): Promise<string | undefined>;
  /** One that waits goes on as if no session had come with it; who asks again finds it so. */
  disown(uid: string): Promise<void>;
}

interface Parts {
  readonly state: RequestState;
  readonly endpoints: Endpoints;
  readonly clock: Clock;
}

/** The store of interactions. */
export function createInteractionRecords(parts: Parts): InteractionRecords {
  const { state, endpoints } = parts;
  const keyOf = (uid: string): string => `interaction:${sha256(uid)}`;
  const returnTo = (uid: string, payload: JsonObject): string => {
    const isOfDevice = text(payload, 'deviceCode') !== undefined;
    const path = isOfDevice ? DEVICE_PATHS.verification : ROUTES.authorization;
    return endpoints.url(`${path}/${uid}`);
  };

  return {
    key: keyOf,
    async upsert(uid, payload, ttlSeconds) {
      const kept = withoutIds(toJson(payload));
      const value = { kind: 'Interaction', payload: kept };
      state.putBeforeAnswer(keyOf(uid), value, { ttlSeconds, once: true });
    },
    async find(uid) {
      const value = ofKind(await state.get(keyOf(uid)), 'Interaction');
      const payload = value && object(value, 'payload');
      // The engine asks for the grant once it has made the interaction end.
      const grantId = text(
        object(object(payload ?? {}, 'result') ?? {}, 'consent') ?? {},
        'grantId',
      );
      if (grantId !== undefined) state.prefetch([grantKey(grantId)]);
      return payload && { ...toOwnPayload(payload, uid), returnTo: returnTo(uid, payload) };
    },
    async finish(uid, result) {
      // As it was read for the page, or for this form: the swap is lost to whoever wrote since.
      const entry = await state.get(keyOf(uid));
      const value = ofKind(entry, 'Interaction');
      const payload = value && object(value, 'payload');
      if (payload === undefined || object(payload, 'result') !== undefined) return undefined;
      const merged =
        'error' in result ? result : { ...object(payload, 'lastSubmission'), ...result };
      const isFinished = await rewrite(
        { key: keyOf(uid), entry },
        { ...payload, result: toJson(merged) },
        parts,
      );
      return isFinished ? returnTo(uid, payload) : undefined;
    },
    async disown(uid) {
      const entry = await state.get(keyOf(uid));
      const value = ofKind(entry, 'Interaction');
      const payload = value && object(value, 'payload');
      if (payload === undefined || object(payload, 'result') !== undefined) return;
      const { session: _, grantId: __, ...others } = payload;
      const isWritten = await rewrite({ key: keyOf(uid), entry }, others, parts);
      if (!isWritten) await state.refresh(keyOf(uid));
    },
    async destroy(uid) {
      // The engine destroys an interaction to resume its request: who finds nothing to destroy came second. A deletion
      // could be made once more where the first was lost; a swap is held against what was read.
      let seen = await state.get(keyOf(uid));
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        if (ofKind(seen, 'Interaction') === undefined) break;
        const life = { ttlSeconds: ENDED_SECONDS, durable: true, essential: true };
        if (await state.swap(keyOf(uid), seen, ENDED, life)) return;
        seen = await state.refresh(keyOf(uid));
      }
      throw new errors.SessionNotFound('the interaction was resumed already');
    },
  };
}

/** False: somebody else wrote it since `entry` was read. */
async function rewrite(
  { key, entry }: { readonly key: string; readonly entry: Entry | undefined },
  payload: JsonObject,
  { state, clock }: Parts,
): Promise<boolean> {
  const ttlSeconds = Math.max(1, (number(payload, 'exp') ?? 0) - clock.now());
  const value = { kind: 'Interaction', payload };
  return (await state.swap(key, entry, value, { ttlSeconds, once: true })) !== undefined;
}

function withoutIds(payload: JsonObject): JsonObject {
  const { jti: _, returnTo: __, session, ...kept } = payload;
  if (!isJsonObject(session)) return kept;
  const { cookie: ___, ...rest } = session;
  return { ...kept, session: rest };
}
