/** E.164: a plus, a country, at most fifteen digits. Shorter than eight digits is nobody's. */
const PHONE_NUMBER = /^\+[1-9]\d{6,14}$/;
const LAST_DIGITS = 4;

/** True: a telephone number in the international form of E.164, nothing around it. */
export function isPhoneNumber(text: string): boolean {
  return PHONE_NUMBER.test(text);
}

/** What logs and the audit know a number by. */
export function lastDigits(phoneNumber: string): string {
  return phoneNumber.slice(-LAST_DIGITS);
}
