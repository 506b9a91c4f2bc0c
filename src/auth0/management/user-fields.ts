import { z } from 'zod';
import { InvalidAccount } from '../../accounts/accounts.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { CLAIM_FIELDS, CONNECTION } from './user-view.ts';

const text = z.string().min(1).max(500);
const object = z.record(z.string(), z.json());
const claims = {
  name: text.nullish(),
  nickname: text.nullish(),
  given_name: text.nullish(),
  family_name: text.nullish(),
  picture: text.nullish(),
  phone_number: text.nullish(),
};
const common = {
  ...claims,
  email: z.string().min(1).max(254).optional(),
  email_verified: z.boolean().optional(),
  phone_verified: z.boolean().optional(),
  password: z.string().min(1).max(1024).optional(),
  blocked: z.boolean().optional(),
  verify_email: z.literal(false, { error: 'no letter is sent from here' }).optional(),
  verify_phone_number: z.literal(false, { error: 'no message is sent from here' }).optional(),
  user_metadata: object.optional(),
  app_metadata: object.optional(),
};
const connection = z.literal(CONNECTION, { error: `the connection is ${CONNECTION}` });

/** The body of `POST /users`. What is not kept here is refused, not dropped. */
export const newUserBody = z.strictObject({
  ...common,
  connection,
  username: z.string().min(1).max(128).optional(),
  user_id: z.string().min(1).max(255).optional(),
});

/** The body of `PATCH /users/{id}`; `null` takes away. */
export const userChangesBody = z.strictObject({
  ...common,
  connection: connection.optional(),
  client_id: z.string().optional(),
  username: z.string().min(1).max(128).nullish(),
});

/** By which number somebody signs in, where `number` is said to be shown to be theirs. @throws {InvalidAccount} */
export function shownNumber(
  number: string | null | undefined,
  isVerified = false,
): string | undefined {
  if (!isVerified) return undefined;
  if (typeof number !== 'string')
    throw new InvalidAccount(['phone_verified: there is no phone_number']);
  return number;
}

/** The claims among the fields of a user; `null` takes one away. */
export function claimsOf(given: Readonly<Record<string, unknown>>): JsonObject {
  return Object.fromEntries(
    CLAIM_FIELDS.flatMap((name) => {
      const value = given[name];
      return typeof value === 'string' || value === null ? [[name, value]] : [];
    }),
  );
}
