import { errors } from 'oidc-provider';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { randomId } from '../../runtime/random.ts';
import type { Entry } from '../../storage/state.ts';
import type { RequestScopes } from '../request-scope.ts';
import type { ModelStore } from './adapter.ts';
import type { Answered } from './answered.ts';
import { number, object, ofKind, text, texts, toJson, toPayload } from './payloads.ts';
import { judgeUse, rotate, type RefreshChain } from './refresh-chain.ts';
import type { RequestState } from './request-state.ts';
import type { Validity } from './validity.ts';

const SWAPS_MAX = 24;
/** The chain's name, then the secret: 128 and 256 random bits. */
const TOKEN = /^(?<chain>[\w-]{22})\.[\w-]{43}$/;

/** Refresh tokens, as the engine keeps them, and how their values are made. */
export interface RefreshTokens extends ModelStore {
  /** The value of the next token: of the chain that this request uses, else of a new one. */
  nextValue(): string;
}

/** `windowSeconds`: for how long a refresh may be repeated. */
export function createRefreshTokens(options: {
  readonly state: RequestState;
  readonly scopes: RequestScopes;
  readonly clock: Clock;
  readonly answered: Answered;
  readonly validity: Validity;
  readonly windowSeconds: number;
  readonly isAtTokenEndpoint: () => boolean;
  readonly onReuse: (grantId: string, payload: JsonObject) => Promise<void>;
}): RefreshTokens {
  const { state, scopes, clock, answered, validity, windowSeconds, isAtTokenEndpoint, onReuse } =
    options;
  const judge = (chain: RefreshChain, presented: string): ReturnType<typeof judgeUse> =>
    judgeUse(chain, presented, { nowMs: clock.nowMs(), windowSeconds });

  /** Ends the chain with its grant, unless the second use raced the first. */
  async function refuseReuse(key: string, chain: RefreshChain, presented: string): Promise<never> {
    const mayBeRace = windowSeconds === 0 && presented === chain.previous;
    if (!mayBeRace || !(await answered.isRace(key, chain.rotatedAtMs)))
      await onReuse(text(chain.payload, 'grantId') ?? '', chain.payload);
    throw new errors.InvalidGrant('refresh token already used');
  }

  /** The use of `presented`, when it may lead to a new token. */
  async function usable(
    key: string,
    chain: RefreshChain | undefined,
    presented: string,
  ): Promise<{ readonly chain: RefreshChain; readonly use: 'live' | 'repeated' }> {
    if (chain === undefined) throw new errors.InvalidGrant('refresh token not found');
    const use = judge(chain, presented);
    if (use === 'superseded') throw new errors.InvalidGrant('refresh token superseded');
    if (use === 'reused') return refuseReuse(key, chain, presented);
    return { chain, use };
  }

  /** One swap: lost, it is judged anew, since the winner may have been our own client's other tab. */
  async function replace(
    presented: string,
    value: string,
    payload: JsonObject,
    ttlSeconds: number,
  ): Promise<void> {
    const key = keyOf(value);
    let seen = await state.get(key);
    for (let round = 0; round < SWAPS_MAX; round += 1) {
      const { chain, use } = await usable(key, readChain(seen), presented);
      const next = rotate(chain, use, {
        live: sha256(value),
        payload,
        nowMs: clock.nowMs(),
        mark: scopes.current().mark ?? '',
      });
      const version = await state.swap(key, seen, { ...toJson(next) }, writeFor(ttlSeconds));
      if (version !== undefined) {
        if (windowSeconds === 0)
          answered.noteAnswer(key, { value: toJson(next), version }, ttlSeconds);
        return;
      }
      seen = await state.refresh(key);
    }
    throw new errors.InvalidGrant('refresh token used too often at once');
  }

  async function begin(value: string, payload: JsonObject, ttlSeconds: number): Promise<void> {
    const chain: RefreshChain = {
      kind: 'RefreshToken',
      payload,
      live: sha256(value),
      previous: undefined,
      rotatedAtMs: 0,
      superseded: [],
      mark: scopes.current().mark ?? '',
    };
    await state.put(keyOf(value), toJson(chain), writeFor(ttlSeconds));
  }

  return {
    nextValue: () => `${scopes.current().rotation?.familyId ?? randomId()}.${randomId(32)}`,
    async upsert(value, payload, ttlSeconds = 1) {
      const { jti: _, ...kept } = toJson(payload);
      const { rotation } = scopes.current();
      await (rotation === undefined
        ? begin(value, kept, ttlSeconds)
        : replace(sha256(rotation.presented), value, kept, ttlSeconds));
    },
    async find(value) {
      if (isAtTokenEndpoint()) answered.contend(keyOf(value));
      const chain = TOKEN.test(value) ? readChain(await state.get(keyOf(value))) : undefined;
      if (chain === undefined) return undefined;
      const found = toPayload(chain.payload, value);
      if (!(await validity.isValid(found, chain.mark))) return undefined;
      // At the token endpoint `consume` judges the use, after all other checks; elsewhere it is just dead.
      const isUsed = sha256(value) !== chain.live && !isAtTokenEndpoint();
      return isUsed ? { ...found, consumed: clock.now() } : found;
    },
    async consume(value) {
      const familyId = TOKEN.exec(value)?.groups?.['chain'];
      if (familyId === undefined) throw new errors.InvalidGrant('refresh token not found');
      const key = keyOf(value);
      await usable(key, readChain(await state.get(key)), sha256(value));
      // The chain changes when the engine saves the next token: once, and before anything is signed.
      scopes.current().rotation = { familyId, presented: value };
    },
    destroy: async (value) => void (await state.delete(keyOf(value))),
  };
}

function keyOf(value: string): string {
  return `RefreshToken:${sha256(value.split('.', 1)[0] ?? '')}`;
}

function writeFor(ttlSeconds: number): {
  readonly ttlSeconds: number;
  readonly durable: true;
  readonly essential: true;
} {
  return { ttlSeconds, durable: true, essential: true };
}

function readChain(entry: Entry | undefined): RefreshChain | undefined {
  const value = ofKind(entry, 'RefreshToken');
  const live = value && text(value, 'live');
  if (value === undefined || live === undefined) return undefined;
  return {
    kind: 'RefreshToken',
    payload: object(value, 'payload') ?? {},
    live,
    previous: text(value, 'previous'),
    rotatedAtMs: number(value, 'rotatedAtMs') ?? 0,
    superseded: texts(value, 'superseded'),
    mark: text(value, 'mark') ?? '',
  };
}
