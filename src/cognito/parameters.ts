import { z } from 'zod';
import { CognitoException } from './exception.ts';

/** `AuthParameters` and `ChallengeResponses`: SDKs send null for what they do not have. */
export const authParameters = z
  .record(z.string(), z.string().max(16_384).nullable())
  .default({})
  .transform((given) =>
    Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
    ),
  );

export type Parameters = Readonly<Record<string, string>>;

/** @throws {CognitoException} when it is not there. */
export function parameter(parameters: Parameters, name: string): string {
  const value = parameters[name];
  if (value !== undefined && value !== '') return value;
  throw new CognitoException('InvalidParameterException', `Missing required parameter ${name}`);
}
