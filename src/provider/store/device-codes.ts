import { errors, type AdapterPayload } from 'oidc-provider';
import { sha256 } from '../../runtime/digest.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { text as textIn, number, object, ofKind, toJson, toPayload } from './payloads.ts';
import { createRedeemables, type Redeemables, type RedeemableOptions } from './redeemables.ts';

const KIND = 'DeviceCode';
/** Stands before the digest of a device code, where nobody knows the code itself. */
const DIGEST = '~';
const GUESSES_PER_ADDRESS = 30;
const GUESSES_OVERALL = 10_000;
const GUESSES_SECONDS = 900;

/** So many user codes were tried that more are not looked at. */
export class TooManyUserCodes extends errors.InvalidRequest {}

interface DeviceCodesOptions extends RedeemableOptions {
  readonly isAtTokenEndpoint: () => boolean;
  /** How soon a device may ask again. */
  readonly intervalSeconds: number;
  /** Of the network that a request comes from. */
  readonly addressOf: () => string;
}

/** A store of device codes, also found by the code that people type. */
export interface DeviceCodes extends Redeemables {
  findByUserCode(userCode: string): Promise<AdapterPayload | undefined>;
}

/**
 * Device codes (RFC 8628): redeemed by one swap as authorization codes are. What people do with one is a swap, too:
 * of two browsers that confirm it, one does. A code is found by the digest of what people type, whose guessing is
 * counted before it is looked at.
 */
export function createDeviceCodes(options: DeviceCodesOptions): DeviceCodes {
  const { state, scopes, validity, isAtTokenEndpoint, intervalSeconds } = options;
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
    async upsert(id, payload, ttlSeconds) {
      const { jti: _, ...kept } = toJson(payload);
      const value = { kind: KIND, payload: kept, mark: scopes.current().mark ?? '' };
      const seen = await state.get(deviceKey(id));
      const userCode = textIn(kept, 'userCode');
      if (seen === undefined && userCode !== undefined)
        await state.put(
          userCodeKey(userCode),
          { kind: 'UserCode', device: deviceKey(id) },
          { ttlSeconds },
        );
      const written = await state.swap(deviceKey(id), seen, value, {
        ttlSeconds: lifeOf(kept, options.clock.now()),
      });
      if (written === undefined) throw new errors.InvalidRequest('the code is in use elsewhere');
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
      const pointer = ofKind(await state.get(userCodeKey(userCode)), 'UserCode');
      const key = pointer && textIn(pointer, 'device');
      const value = key === undefined ? undefined : ofKind(await state.get(key), KIND);
      if (key === undefined || value === undefined) return undefined;
      const payload = object(value, 'payload') ?? {};
      return toPayload(payload, `${DIGEST}${key.slice(KIND.length + 1)}`);
    },
  };
}

/** @throws {TooManyUserCodes} Counted before anything is looked at, so that many at once cannot slip through together. */
async function admitGuess({ state, addressOf }: DeviceCodesOptions): Promise<void> {
  const [own, all] = await Promise.all([
    state.count(`device-guesses:${sha256(addressOf())}`, GUESSES_SECONDS),
    state.count('device-guesses', GUESSES_SECONDS),
  ]);
  if (own > GUESSES_PER_ADDRESS || all > GUESSES_OVERALL)
    throw new TooManyUserCodes('too many codes were tried');
}

/** What is left of a code's life, whatever the engine says when it writes it anew. */
function lifeOf(payload: JsonObject, now: number): number {
  return Math.max(1, (number(payload, 'exp') ?? 0) - now);
}

function deviceKey(id: string): string {
  return `${KIND}:${id.startsWith(DIGEST) ? id.slice(1) : sha256(id)}`;
}

function userCodeKey(userCode: string): string {
  return `UserCode:${sha256(userCode)}`;
}
