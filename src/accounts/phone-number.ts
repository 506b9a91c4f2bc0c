import type { JsonObject } from '../runtime/json.ts';

/** E.164: a plus, a country, at most fifteen digits. Shorter than eight digits is nobody's. */
export const PHONE_NUMBER = /^\+[1-9]\d{6,14}$/;
const LAST_DIGITS = 4;

/** True: a telephone number in the international form of E.164, nothing around it. */
export function isPhoneNumber(text: string): boolean {
  return PHONE_NUMBER.test(text);
}

/** What logs and the audit know a number by. */
export function lastDigits(phoneNumber: string): string {
  return phoneNumber.slice(-LAST_DIGITS);
}

/** `phone`, for as long as `claims` have it as verified: whoever changes one of them changes both. */
export function phoneOf(phone: string | undefined, claims: JsonObject): string | undefined {
  if (phone === undefined) return undefined;
  const isTheirs = claims['phone_number'] === phone && claims['phone_number_verified'] === true;
  return isTheirs ? phone : undefined;
}

/** `claims` with `phone` as their verified number; without one as they are. */
export function claimsWithPhone(claims: JsonObject, phone: string | undefined): JsonObject {
  if (phone === undefined) return claims;
  return { ...claims, phone_number: phone, phone_number_verified: true };
}
