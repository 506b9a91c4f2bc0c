import { createHmac } from 'node:crypto';
import { equalSecrets } from '../runtime/digest.ts';
import { CognitoException } from './exception.ts';
import type { PoolClient } from './pool.ts';

/**
 * Whether whoever asks knows the client's secret: `SECRET_HASH` is base64(HMAC-SHA256(secret, username + client id)).
 * A name of the user stands in it that the client was told, or what was typed.
 *
 * @throws {CognitoException}
 */
export function checkSecretHash(
  { id, secret }: PoolClient,
  shown: string | undefined,
  names: readonly string[],
): void {
  if (secret === undefined) return;
  if (shown === undefined) {
    throw new CognitoException(
      'NotAuthorizedException',
      `Client ${id} is configured with secret but SECRET_HASH was not received`,
    );
  }
  const matches = names.map((name) => equalSecrets(shown, secretHashOf(secret, name, id)));
  if (!matches.includes(true)) {
    throw new CognitoException(
      'NotAuthorizedException',
      `Unable to verify secret hash for client ${id}`,
    );
  }
}

/** `SECRET_HASH` of a user whom the client names so. */
export function secretHashOf(secret: string, username: string, clientId: string): string {
  return createHmac('sha256', secret).update(`${username}${clientId}`).digest('base64');
}
