import type { WantedAttributes } from './attribute-input.ts';
import { claimsOf } from './attributes.ts';
import { CognitoException } from './exception.ts';
import type { Limits, Pool } from './pool.ts';
import type { PoolUser } from './users.ts';

/**
 * What a pool asks of everybody is there.
 *
 * @throws {CognitoException}
 */
export function checkRequired(pool: Pool, has: Readonly<Record<string, unknown>>): void {
  const [missing] = missingAttributes(pool, has);
  if (missing !== undefined) throw notBySchema(missing, 'The attribute is required');
}

/** What a pool asks of everybody, and is not there. */
export function missingAttributes(
  { standardAttributes }: Pool,
  has: Readonly<Record<string, unknown>>,
): readonly string[] {
  return standardAttributes
    .filter(({ name, required }) => required && (has[name] ?? undefined) === undefined)
    .map(({ name }) => name);
}

/**
 * A user may have what is wanted: nothing that must be there goes, nothing changes that must stay once it is set.
 *
 * @throws {CognitoException}
 */
export function checkChange(user: PoolUser, wanted: WantedAttributes): void {
  const { pool } = user;
  const before = claimsOf(user);
  const changed = valuesOf(wanted);
  const fixed = [
    ...pool.standardAttributes,
    ...pool.attributes.map(({ name, mutable }) => ({ name: `custom:${name}`, mutable })),
  ].filter(({ mutable }) => !mutable);
  for (const { name } of fixed)
    if (name in changed && name in before && changed[name] !== before[name])
      throw new CognitoException(
        'InvalidParameterException',
        `user.${name}: Attribute cannot be updated.`,
      );
  const required = pool.standardAttributes.filter((one) => one.required && one.name in changed);
  for (const { name } of required)
    if (changed[name] === null) throw notBySchema(name, 'The attribute is required');
}

/**
 * A value is as long, or as great, as the pool says.
 *
 * @throws {CognitoException}
 */
export function checkLimits(name: string, value: string, type: string, { min, max }: Limits): void {
  const size = type === 'Number' ? Number(value) : value.length;
  if (min !== undefined && size < min) throw notBySchema(name, 'String must be longer');
  if (max !== undefined && size > max) throw notBySchema(name, 'String must be shorter');
}

/** A value that a pool does not take. */
export function notBySchema(name: string, problem: string): CognitoException {
  return new CognitoException(
    'InvalidParameterException',
    `Attributes did not conform to the schema: ${name}: ${problem}`,
  );
}

/** What is wanted, by the names that attributes have in the API. */
export function valuesOf({
  claims,
  custom,
  email,
}: WantedAttributes): Readonly<Record<string, unknown>> {
  const own = Object.entries(custom).map(([name, value]) => [`custom:${name}`, value] as const);
  return { ...claims, ...Object.fromEntries(own), ...(email !== undefined && { email }) };
}
