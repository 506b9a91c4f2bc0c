import type { JsonObject } from '../runtime/json.ts';

const SECOND_MS = 1000;

/** What users are called who have no names: applications of Auth0's count on both. */
export function namesOf(login: string): { readonly name: string; readonly nickname: string } {
  return { name: login, nickname: login.replace(/@.*$/s, '') };
}

/** A NumericDate as Auth0 writes it (ISO 8601). */
export function instantOf(time: number): string {
  return new Date(time * SECOND_MS).toISOString();
}

/** Claims as Auth0 has them: everybody has names, and `updated_at` is text. */
export function auth0Person(claims: JsonObject, accountId: string): JsonObject {
  const {
    email,
    preferred_username: username,
    phone_number: phone,
    updated_at: updatedAt,
  } = claims;
  const login = [email, username, phone].find((one) => typeof one === 'string') ?? accountId;
  return {
    ...namesOf(login),
    ...claims,
    ...(typeof updatedAt === 'number' && { updated_at: instantOf(updatedAt) }),
  };
}
