import { errors, type AdapterPayload } from 'oidc-provider';
import type { Clock } from '../../runtime/clock.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { randomId } from '../../runtime/random.ts';
import type { Entry, WriteOptions } from '../../storage/state.ts';
import type { RequestScopes } from '../request-scope.ts';
import type { ModelStore } from './adapter.ts';
import type { Answered } from './answered.ts';
import { text, toJson, toPayload } from './payloads.ts';
import {
  chainKey,
  judgeUse,
  readChain,
  rotate,
  unused,
  type RefreshChain,
} from './refresh-chain.ts';
import type { RequestState } from './request-state.ts';
import { createUndelivered, type Undelivered } from './undelivered.ts';
import type { Validity } from './validity.ts';

const SWAPS_MAX = 24;
/** The chain's name, then the secret: 128 and 256 random bits. */
const TOKEN = /^(?<chain>[\w-]{22})\.[\w-]{43}$/;

/** Refresh tokens, as the engine keeps them, and how their values are made. */
export interface RefreshTokens extends ModelStore {
  /** The value of the next token: of the chain that this request uses, else of a new one. */
  nextValue(): string;
  /** As `find`, but only the living token of its chain. */
  findLive(value: string): Promise<AdapterPayload | undefined>;
  /**
   * Rotates `value` to a token with `next` as its payload, past the engine. Undefined: it is not the living one of its
   * chain, or was no more when this came to it; nothing was written, and the engine can judge the use.
   */
  renew(value: string, next: NewPayload): Promise<string | undefined>;
}

/** What the engine would give its model to keep, but for the value. */
export interface NewPayload {
  readonly payload: JsonObject;
  readonly ttlSeconds: number;
}

interface RefreshTokensOptions {
  readonly state: RequestState;
  readonly scopes: RequestScopes;
  readonly clock: Clock;
  readonly answered: Answered;
  readonly validity: Validity;
  /** For how long a refresh may be repeated. */
  readonly windowSeconds: number;
  readonly isAtTokenEndpoint: () => boolean;
  /** Told of a token that was found, and is of no use any more. */
  readonly onTakenBack: (payload: AdapterPayload) => Promise<void>;
  /** Ends the grant of a token that was used again. */
  readonly onReuse: (grantId: string, payload: JsonObject) => Promise<void>;
  readonly signal: AbortSignal;
}

interface RotationParts extends RefreshTokensOptions {
  readonly undelivered: Undelivered;
}

/** The store of refresh tokens: one entry for each chain, one swap for each rotation. */
export function createRefreshTokens(options: RefreshTokensOptions): RefreshTokens {
  const { state, scopes, clock, answered, validity, isAtTokenEndpoint } = options;
  const parts = { ...options, undelivered: createUndelivered(options) };

  async function find(value: string): Promise<AdapterPayload | undefined> {
    if (!TOKEN.test(value)) return undefined;
    await parts.undelivered.settle(chainKey(value));
    if (isAtTokenEndpoint()) answered.contend(chainKey(value));
    const chain = readChain(await state.get(chainKey(value)));
    if (chain === undefined) return undefined;
    const found = toPayload(chain.payload, value);
    if (!(await validity.isValid(found, chain.mark))) {
      await options.onTakenBack(found);
      return undefined;
    }
    // At the token endpoint `consume` judges the use, after all other checks; elsewhere it is just dead.
    const isUsed = sha256(value) !== chain.live && !isAtTokenEndpoint();
    return isUsed ? { ...found, consumed: clock.now() } : found;
  }

  return {
    nextValue: () =>
      `${scopes.current().rotation?.familyId ?? randomId(16, 'refresh token')}.${randomId(32, 'refresh token')}`,
    async upsert(value, model, ttlSeconds) {
      const { jti: _, ...payload } = toJson(model);
      const { rotation } = scopes.current();
      const next = { value, payload, ttlSeconds };
      await (rotation === undefined
        ? begin(next, options)
        : replace(sha256(rotation.presented), next, parts));
    },
    find,
    async findLive(value) {
      const found = await find(value);
      const chain = found && readChain(await state.get(chainKey(value)));
      return chain?.live === sha256(value) ? found : undefined;
    },
    async consume(value) {
      const familyId = TOKEN.exec(value)?.groups?.['chain'];
      if (familyId === undefined) throw new errors.InvalidGrant('refresh token not found');
      const entry = await state.get(chainKey(value));
      await usable(chainKey(value), entry, sha256(value), options);
      // The chain changes when the engine saves the next token: once, and before anything is signed.
      scopes.current().rotation = { familyId, presented: value };
    },
    async renew(value, { payload, ttlSeconds }) {
      const key = chainKey(value);
      const seen = await state.get(key);
      const chain = readChain(seen);
      if (seen === undefined || chain?.live !== sha256(value)) return undefined;
      const next = {
        value: `${value.split('.', 1)[0] ?? ''}.${randomId(32, 'refresh token')}`,
        payload,
        ttlSeconds,
      };
      if (await tryRotation({ seen, chain, use: 'live', next }, parts)) return next.value;
      await state.refresh(key);
      return undefined;
    },
    // Its grant ends, and with it all that it stands for. Were it gone before that, whoever asks again for what was
    // not answered would be told that all is well, of a token that nobody knows, while its JWTs live on.
    destroy: () => Promise.resolve(),
  };
}

interface NextToken {
  readonly value: string;
  readonly payload: JsonObject;
  readonly ttlSeconds: number | undefined;
}

async function begin(next: NextToken, { state, scopes }: RefreshTokensOptions): Promise<void> {
  const chain: RefreshChain = {
    kind: 'RefreshToken',
    payload: next.payload,
    live: sha256(next.value),
    previous: undefined,
    rotatedAtMs: 0,
    superseded: [],
    mark: scopes.current().mark ?? '',
  };
  await state.put(chainKey(next.value), toJson(chain), writeOptions(next));
}

/** One swap: lost, it is judged anew, since the winner may have been our own client's other tab. */
async function replace(presented: string, next: NextToken, options: RotationParts): Promise<void> {
  const key = chainKey(next.value);
  let seen = await options.state.get(key);
  for (let round = 0; round < SWAPS_MAX; round += 1) {
    const judged = await usable(key, seen, presented, options);
    if (await tryRotation({ ...judged, seen, next }, options)) return;
    seen = await options.state.refresh(key);
  }
  throw new errors.InvalidGrant('refresh token used too often at once');
}

interface Rotating {
  readonly seen: Entry | undefined;
  readonly chain: RefreshChain;
  readonly use: 'live' | 'repeated';
  readonly next: NextToken;
}

/** False: somebody was faster, and nothing was written. */
async function tryRotation(
  { seen, chain, use, next }: Rotating,
  { state, scopes, clock, answered, undelivered, windowSeconds }: RotationParts,
): Promise<boolean> {
  const key = chainKey(next.value);
  const rotated = rotate(chain, use, {
    live: sha256(next.value),
    payload: next.payload,
    nowMs: clock.nowMs(),
    mark: scopes.current().mark ?? '',
  });
  const value = toJson(rotated);
  // A client that was told to come again must find the token that it has as good as before.
  const undo = {
    key,
    isOurs: (entry: Entry) => readChain(entry)?.live === rotated.live,
    restore: (entry: Entry) =>
      state.swap(key, entry, toJson(unused(chain, use, clock.nowMs())), writeOptions(next)),
  };
  const version = await undelivered.guard(undo, () =>
    state.swap(key, seen, value, writeOptions(next)),
  );
  // With a window the next use tells by itself what it is.
  if (version !== undefined && windowSeconds === 0)
    answered.noteAnswer(key, { value, version }, next.ttlSeconds ?? 1);
  return version !== undefined;
}

/** The use of `presented`, when it may lead to a new token. @throws {errors.InvalidGrant} when it may not. */
async function usable(
  key: string,
  entry: Entry | undefined,
  presented: string,
  options: RefreshTokensOptions,
): Promise<{ readonly chain: RefreshChain; readonly use: 'live' | 'repeated' }> {
  const { clock, windowSeconds, answered, onReuse } = options;
  const chain = readChain(entry);
  if (chain === undefined) throw new errors.InvalidGrant('refresh token not found');
  const use = judgeUse(chain, presented, { nowMs: clock.nowMs(), windowSeconds });
  if (use === 'live' || use === 'repeated') return { chain, use };
  if (use === 'superseded') throw new errors.InvalidGrant('refresh token superseded');
  const mayBeRace = windowSeconds === 0 && presented === chain.previous;
  if (!mayBeRace || !(await answered.isRace(key, chain.rotatedAtMs)))
    await onReuse(text(chain.payload, 'grantId') ?? '', chain.payload);
  throw new errors.InvalidGrant('refresh token already used');
}

function writeOptions({ ttlSeconds }: NextToken): WriteOptions {
  return { ttlSeconds, durable: true, essential: true };
}
