import { createHmac } from 'node:crypto';
import { errors, type AdapterPayload } from 'oidc-provider';
import { networkOf } from '../../accounts/addresses.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Sealer } from '../../runtime/sealing.ts';
import { text as textIn, number, object, ofKind, toJson, toPayload } from './payloads.ts';
import { createRedeemables, type Redeemables, type RedeemableOptions } from './redeemables.ts';

const KIND = 'DeviceCode';
const PURPOSE = 'user-codes';
/** Stands before the digest of a device code, where nobody knows the code itself. */
const DIGEST = '~';
const GUESSES_PER_ADDRESS = 30;
const GUESSES_OVERALL = 10_000;
const GUESSES_SECONDS = 900;
/** A code outlives its use, so that whoever comes late is told so and need not wonder. */
const KEPT_AFTER_SECONDS = 300;

/** So many user codes were tried that more are not looked at. */
export class TooManyUserCodes extends errors.InvalidRequest {}

/** What somebody did with a device's code. `accountId`: whom the device may now act for. */
export type DeviceAnswer =
  | {
      readonly kind: 'connected';
      readonly accountId: string;
      readonly clientId: string | undefined;
    }
  | { readonly kind: 'refused'; readonly clientId: string | undefined };

interface DeviceCodesOptions extends RedeemableOptions {
  readonly sealer: Pick<Sealer, 'keysFor'>;
  readonly isAtTokenEndpoint: () => boolean;
  /** How soon a device may ask again. */
  readonly intervalSeconds: number;
  /** Where the request comes from that is under way. */
  readonly addressOf: () => string;
  /** Hears what somebody did with a code, once it is done. */
  readonly onAnswer: (answer: DeviceAnswer) => Promise<void>;
  /** Hears that a limit on guesses was reached: once for each time, not for each guess. */
  readonly onThrottled: () => void;
}

/** A store of device codes, also found by the code that people type. */
export interface DeviceCodes extends Redeemables {
  findByUserCode(userCode: string): Promise<AdapterPayload | undefined>;
}

/**
 * Device codes (RFC 8628): redeemed by one swap as authorization codes are. What people do with one is a swap, too:
 * of two browsers that confirm it, one does. A code is found by a digest of what people type, under a key of ours: these
 * are so few that a thief of the store could try them all. Guesses are counted before anything is looked at.
 */
export function createDeviceCodes(options: DeviceCodesOptions): DeviceCodes {
  const { state, scopes, validity, isAtTokenEndpoint, intervalSeconds } = options;
  const userCodeKeys = createUserCodeKeys(options.sealer);
  const codes = createRedeemables(KIND, {
    ...options,
    keyOf: (id) => deviceKey(id),
    // Nobody has signed in yet: there is nothing that could have been taken back.
    validity: {
      isValid: async (payload, mark) =>
        payload.accountId === undefined || (await validity.isValid(payload, mark)),
    },
  });

  async function checkPace(id: string, value: JsonObject): Promise<void> {
    const payload = object(value, 'payload') ?? {};
    if (textIn(payload, 'accountId') ?? textIn(payload, 'error')) return;
    const polls = await state.count(
      `device-polls:${deviceKey(id)}`,
      Math.max(1, intervalSeconds - 1),
    );
    if (polls > 1) throw new errors.SlowDown();
  }

  return {
    ...codes,
    async upsert(id, payload) {
      const { jti: _, userCode, ...kept } = toJson(payload);
      const ttlSeconds = lifeOf(kept, options.clock.now());
      const value = { kind: KIND, payload: kept, mark: scopes.current().mark ?? '' };
      const seen = await state.get(deviceKey(id));
      if (seen === undefined && typeof userCode === 'string')
        await state.put(
          userCodeKeys(userCode)[0],
          { kind: 'UserCode', device: deviceKey(id) },
          { ttlSeconds },
        );
      const written = await state.swap(deviceKey(id), seen, value, { ttlSeconds, once: true });
      if (written === undefined) throw new errors.InvalidRequest('the code is in use elsewhere');
      const answer = answerIn(kept);
      if (answer !== undefined) await options.onAnswer(answer);
    },
    async find(id) {
      if (!isAtTokenEndpoint()) return await codes.find(id);
      // A digest is what a thief of the store would have.
      if (id.startsWith(DIGEST)) return undefined;
      const value = ofKind(await state.get(deviceKey(id)), KIND);
      if (value !== undefined) await checkPace(id, value);
      return await codes.find(id);
    },
    async findByUserCode(userCode) {
      await admitGuess(options);
      const found = await Promise.all(userCodeKeys(userCode).map((key) => state.get(key)));
      const pointer = found.map((entry) => ofKind(entry, 'UserCode')).find((entry) => entry);
      const key = pointer && textIn(pointer, 'device');
      const value = key === undefined ? undefined : ofKind(await state.get(key), KIND);
      if (key === undefined || value === undefined) return undefined;
      const payload = { ...object(value, 'payload'), userCode };
      return toPayload(payload, `${DIGEST}${key.slice(KIND.length + 1)}`);
    },
  };
}

/** @throws {TooManyUserCodes} Counted before anything is looked at, so that many at once cannot slip through together. */
async function admitGuess({ state, addressOf, onThrottled }: DeviceCodesOptions): Promise<void> {
  const [own, all] = await Promise.all([
    state.count(`device-guesses:${sha256(networkOf(addressOf()))}`, GUESSES_SECONDS),
    state.count('device-guesses', GUESSES_SECONDS),
  ]);
  if (own === GUESSES_PER_ADDRESS + 1 || all === GUESSES_OVERALL + 1) onThrottled();
  if (own > GUESSES_PER_ADDRESS || all > GUESSES_OVERALL)
    throw new TooManyUserCodes('too many codes were tried');
}

/** Undefined: nobody has answered yet, or the request itself was at fault. */
function answerIn(payload: JsonObject): DeviceAnswer | undefined {
  const accountId = textIn(payload, 'accountId');
  const clientId = textIn(payload, 'clientId');
  if (accountId !== undefined) return { kind: 'connected', accountId, clientId };
  return textIn(payload, 'error') === 'access_denied' ? { kind: 'refused', clientId } : undefined;
}

/** For how long a code is kept, whatever the engine says when it writes it anew. */
function lifeOf(payload: JsonObject, now: number): number {
  return Math.max(1, (number(payload, 'exp') ?? 0) - now + KEPT_AFTER_SECONDS);
}

function deviceKey(id: string): string {
  return `${KIND}:${id.startsWith(DIGEST) ? id.slice(1) : sha256(id)}`;
}

/** Where a user code leads from: first as it is written now, then as it was under an older master key. */
function createUserCodeKeys(
  sealer: Pick<Sealer, 'keysFor'>,
): (userCode: string) => readonly [string, ...string[]] {
  const [first, ...others] = sealer.keysFor(PURPOSE);
  return (userCode) => {
    const under = (key: Uint8Array): string =>
      `UserCode:${createHmac('sha256', key).update(userCode).digest('base64url')}`;
    return [under(first), ...others.map(under)];
  };
}
