import { z } from 'zod';
import { httpUrl } from '../config/values.ts';

const CHARACTERS_MAX = 500;
/** `2001-02-03`, `0000-02-03` without the year, or the year alone (ISO 8601-1 as the claim wants it). */
const BIRTHDATE = /^\d{4}(?:-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))?$/;
const PHONE_NUMBER = /^\+?[0-9][0-9 ().-]{2,30}(?:;ext=\d{1,10})?$/;

const text = (): z.ZodOptional<z.ZodString> => z.string().min(1).max(CHARACTERS_MAX).optional();
const url = (): z.ZodOptional<z.ZodType<string, string>> => httpUrl().optional();

const address = z.strictObject({
  formatted: text().describe('The whole address, in lines.'),
  street_address: text().describe('Street and house number, in lines.'),
  locality: text().describe('City.'),
  region: text().describe('State, province, prefecture or region.'),
  postal_code: text().describe('Postal code.'),
  country: text().describe('Country.'),
});

/**
 * The standard claims (OpenID Connect Core section 5.1) under their names on the wire, but for those that
 * are fields of an account: `sub`, `email`, `email_verified`, `updated_at`.
 */
export const standardClaims = z.strictObject({
  name: text().describe('Full name, as it is shown.'),
  given_name: text().describe('Given name or names.'),
  family_name: text().describe('Family name or names.'),
  middle_name: text().describe('Middle name or names.'),
  nickname: text().describe('Casual name.'),
  preferred_username: text().describe('Short name to be called by; the username when left out.'),
  profile: url().describe('URL of a page about the person.'),
  picture: url().describe('URL of a picture of the person.'),
  website: url().describe('URL of a page or blog of the person.'),
  gender: text().describe('`female`, `male` or another word.'),
  birthdate: z
    .string()
    .regex(BIRTHDATE, { error: 'expected a date such as "2001-02-03", or a year' })
    .optional()
    .describe('Birthday: YYYY-MM-DD, 0000-MM-DD or YYYY.'),
  zoneinfo: z
    .string()
    .refine(isTimeZone, { error: 'expected a time zone such as "Europe/Berlin"' })
    .optional()
    .describe('Time zone by its IANA name.'),
  locale: z
    .string()
    .refine(isLocale, { error: 'expected a language tag such as "en" or "de-CH"' })
    .optional()
    .describe('Language tag (BCP 47).'),
  phone_number: z
    .string()
    .regex(PHONE_NUMBER, { error: 'expected a phone number such as "+49 30 123456"' })
    .optional()
    .describe('Phone number, best in the form of E.164.'),
  phone_number_verified: z.boolean().optional().describe('Whether the phone number was verified.'),
  address: address.optional().describe('Postal address.'),
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function isLocale(tag: string): boolean {
  try {
    // The claim allows `en_US` beside `en-US` for old systems.
    return Intl.getCanonicalLocales(tag.replaceAll('_', '-')).length === 1;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
