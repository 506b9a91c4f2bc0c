import { createKeyedDigests } from '../factors/keyed-digests.ts';
import type { JsonObject } from '../runtime/json.ts';
import { isPhoneNumber, lastDigits } from '../accounts/phone-number.ts';
import { isNumber } from './phone-numbers.ts';
import type { Pool } from './pool.ts';
import { recoveryAddress } from './recovery.ts';
import type { Room } from './room.ts';
import { usersAfter } from './user-queries.ts';
import type { PoolUser } from './users.ts';

/** Where a code went as far as whoever asks may know (`CodeDeliveryDetails`). */
export function deliveryTo(address: string): JsonObject {
  if (isNumber(address))
    return {
      Destination: masked(address),
      DeliveryMedium: 'SMS',
      AttributeName: 'phone_number',
    };
  return { Destination: masked(address), DeliveryMedium: 'EMAIL', AttributeName: 'email' };
}

/** An address, or a number, as it is shown to whoever may not know it. */
export function masked(address: string): string {
  if (isNumber(address)) return `+${'*'.repeat(address.length - 5)}${lastDigits(address)}`;
  const [local = '', domain = ''] = address.split('@');
  return `${local.slice(0, 1)}***@${domain.slice(0, 1)}***`;
}

/** Where codes for names would have gone that are nobody's, or have no address. */
export interface FeignedDeliveries {
  /**
   * As it could be of somebody of the pool, and always the same. A domain, or the lack of one, that no user has would tell
   * strangers that there is nobody.
   */
  of(name: { readonly pool: Pool; readonly typed: string }): Promise<JsonObject>;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export function createFeignedDeliveries(
  house: Pick<Room, 'factors' | 'records' | 'sealer' | 'sms' | 'users'>,
): FeignedDeliveries {
  const { records, users } = house;
  const digests = createKeyedDigests(house.sealer, 'Cognito deliveries to nobody');

  /** Whose address theirs could be like: somebody of the pool, by chance that is always the same. */
  async function likeness(pool: Pool, digest: Buffer): Promise<PoolUser | undefined> {
    const pages = [digest.toString('hex'), ''].map((after) => ({ after, limit: 1 }));
    for (const page of pages) {
      const row = await records.first(usersAfter(records.queries, pool.id, page));
      if (row !== undefined) return await users.byAccount(pool, row.account_id);
    }
    return undefined;
  }

  return {
    async of({ pool, typed }) {
      if (typed.includes('@') || isPhoneNumber(typed)) return deliveryTo(typed);
      const digest = Buffer.from(digests.digest(`${pool.id} ${typed}`), 'base64url');
      const like = await likeness(pool, digest);
      const address = like && (await recoveryAddress(like, house));
      if (address !== undefined && isNumber(address))
        return deliveryTo(numberLike(address, digest.readUInt16BE(1)));
      const [, domain = LETTERS.charAt(digest.readUInt8(0) % LETTERS.length)] =
        address?.split('@') ?? [];
      return deliveryTo(`${typed}@${domain}`);
    },
  };
}

/** As long, with other digits at its end, which alone are shown. */
function numberLike(number: string, chance: number): string {
  const digits = String(chance % 10_000).padStart(4, '0');
  return `+${'0'.repeat(number.length - 5)}${digits}`;
}
