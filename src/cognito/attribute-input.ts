import { z } from 'zod';
import { foldEmail } from '../accounts/login.ts';
import type { JsonObject } from '../runtime/json.ts';
import { checkLimits, notBySchema } from './attribute-rules.ts';
import { TEXT_CLAIMS } from './attributes.ts';
import { CognitoException } from './exception.ts';
import type { CustomAttribute, Pool, PoolClient } from './pool.ts';

/** Attributes as operations are given them. */
export const attributeInput = z
  .array(z.object({ Name: z.string().min(1).max(32), Value: z.string().max(2048).default('') }))
  .default([]);
export type AttributeInput = z.output<typeof attributeInput>;

/** What a list of attributes asks for. `null`: none any more. */
export interface WantedAttributes {
  /** Standard claims of the account. */
  readonly claims: JsonObject;
  /** Without `custom:`. */
  readonly custom: Readonly<Record<string, string | null>>;
  readonly email?: string | null | undefined;
  /** Only operators say so. */
  readonly emailVerified?: boolean | undefined;
}

const CUSTOM = 'custom:';
/** What users never say of themselves. */
const FOR_OPERATORS = new Set(['email_verified', 'phone_number_verified']);
const TEXTS: ReadonlySet<string> = new Set(TEXT_CLAIMS);
/** ITU-T E.164, with its plus sign. */
const E164 = /^\+\d{1,15}$/;
const NOTHING: WantedAttributes = { claims: {}, custom: {} };

/**
 * Tells the account's from the pool's. `by`: an operator, or a user by a client.
 *
 * @throws {CognitoException} for what the pool does not have, and what users may not say.
 */
export function readAttributes(
  given: AttributeInput,
  { pool, by }: { readonly pool: Pool; readonly by: 'operator' | Pick<PoolClient, 'writable'> },
): WantedAttributes {
  const wanted = given.reduce<WantedAttributes>((known, { Name, Value }) => {
    if (Name === 'sub' || (by !== 'operator' && !mayWrite(by, Name)))
      throw new CognitoException(
        'NotAuthorizedException',
        'A client attempted to write unauthorized attribute',
      );
    const standard = pool.standardAttributes.find(({ name }) => name === Name);
    if (standard !== undefined && Value !== '') checkLimits(Name, Value, 'String', standard);
    if (Value !== '') checkFormat(Name, Value);
    return withAttribute(known, { name: Name, value: Value === '' ? null : Value }, pool);
  }, NOTHING);
  const { claims } = wanted;
  // What was verified was the number before.
  return claims['phone_number'] === undefined
    ? wanted
    : { ...wanted, claims: { phone_number_verified: null, ...claims } };
}

/** What letters, and readers of tokens, could not do with. */
function checkFormat(name: string, value: string): void {
  if (name === 'email' && foldEmail(value) === undefined)
    throw new CognitoException('InvalidParameterException', 'Invalid email address format.');
  if (name === 'phone_number' && !E164.test(value))
    throw new CognitoException('InvalidParameterException', 'Invalid phone number format.');
}

function mayWrite({ writable }: Pick<PoolClient, 'writable'>, name: string): boolean {
  return !FOR_OPERATORS.has(name) && (writable === undefined || writable.includes(name));
}

function withAttribute(
  wanted: WantedAttributes,
  { name, value }: { readonly name: string; readonly value: string | null },
  pool: Pool,
): WantedAttributes {
  if (name === 'email') return { ...wanted, email: value };
  if (name === 'email_verified') return { ...wanted, emailVerified: value === 'true' };
  const claim = claimOf(name, value);
  if (claim !== undefined) return { ...wanted, claims: { ...wanted.claims, ...claim } };
  if (name.startsWith(CUSTOM)) {
    const custom = checkedCustom(name.slice(CUSTOM.length), value, pool);
    return { ...wanted, custom: { ...wanted.custom, ...custom } };
  }
  throw notInSchema(name);
}

function claimOf(name: string, value: string | null): JsonObject | undefined {
  if (TEXTS.has(name)) return { [name]: value };
  if (name === 'phone_number_verified') return { [name]: value === null ? null : value === 'true' };
  if (name === 'address') return { address: value === null ? null : { formatted: value } };
  return undefined;
}

const VALUES: Readonly<Record<CustomAttribute['type'], RegExp>> = {
  String: /^/,
  Number: /^-?\d{1,100}(?:\.\d{1,100})?$/,
  DateTime: /^\d{4}-\d{2}-\d{2}/,
  Boolean: /^(?:true|false)$/,
};

function checkedCustom(
  name: string,
  value: string | null,
  pool: Pool,
): Readonly<Record<string, string | null>> {
  const declared = pool.attributes.find((one) => one.name === name);
  if (declared === undefined) throw notInSchema(`${CUSTOM}${name}`);
  if (value === null) return { [name]: value };
  if (!VALUES[declared.type].test(value))
    throw notBySchema(`${CUSTOM}${name}`, `is no ${declared.type}`);
  checkLimits(`${CUSTOM}${name}`, value, declared.type, declared);
  return { [name]: value };
}

function notInSchema(name: string): CognitoException {
  return notBySchema(name, 'Attribute does not exist in the schema.');
}
