import type { JsonObject } from '../runtime/json.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import { RevocationUnknown } from '../revocation/revocation.ts';

/** The algorithm of every token of Cognito. */
export const TOKEN_ALGORITHM = 'RS256';

/** A JWT (RFC 7519) by the key that signs at the time, whose header has `kid` and `alg` alone. */
export async function signToken(
  payload: JsonObject,
  signingKeys: Pick<SigningKeys, 'current'>,
): Promise<string> {
  const key = signingKeys
    .current()
    .keys.find(({ algorithm, phase }) => algorithm === TOKEN_ALGORITHM && phase === 'signing');
  if (key === undefined) throw new RevocationUnknown('no RS256 key may sign now');
  const input = [{ kid: key.kid, alg: TOKEN_ALGORITHM }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = await key.sign(Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}
