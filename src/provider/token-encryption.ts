import { createPublicKey, type KeyObject } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import type { ApiEncryption } from '../clients/api-encryption.ts';
import type { ResourceServer, ResourceServers } from '../clients/clients.ts';
import { encryptionKeyIn } from '../clients/encryption-keys.ts';
import { readSecret } from '../config/secrets.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import { randomId } from '../runtime/random.ts';
import type { ContentKeys } from './content-keys.ts';
import { CONTENT_CIPHER, KEY_MEMBER } from './encrypted-token.ts';

const KEY_BYTES = 32;

/** A shared secret of an API that is no key. */
export class EncryptionKeyUnusable extends LatchkeyError {
  readonly code = 'ERR_ENCRYPTION_KEY';
}

/** Makes JWTs of ours unreadable for all but the API that they are for. */
export interface TokenEncryption {
  /** A nested JWT (RFC 7519 section 11.2): signed, then encrypted. As it is, where the API does not ask for that. */
  encrypt(jwt: string, api: ResourceServer | undefined): Promise<string>;
}

type Encrypt = (jwt: string) => Promise<string>;

/**
 * With the keys of all APIs at hand.
 *
 * @throws {SecretUnavailable} {EncryptionKeyUnusable} when a shared secret cannot be read, or has not 32 bytes.
 */
export async function openTokenEncryption(options: {
  readonly resourceServers: ResourceServers;
  readonly contentKeys: ContentKeys;
}): Promise<TokenEncryption> {
  const { resourceServers, contentKeys } = options;
  const byApi = new Map<string, Encrypt>();
  for (const { identifier, encryption } of resourceServers.list()) {
    if (encryption !== undefined)
      byApi.set(identifier, encryptFor(await readKey(identifier, encryption), contentKeys));
  }
  return {
    async encrypt(jwt, api) {
      const encrypt = api && byApi.get(api.identifier);
      return encrypt === undefined ? jwt : encrypt(jwt);
    },
  };
}

interface RecipientKey {
  readonly alg: ApiEncryption['algorithm'];
  readonly kid?: string | undefined;
  readonly key: KeyObject | Uint8Array;
}

async function readKey(identifier: string, encryption: ApiEncryption): Promise<RecipientKey> {
  const { algorithm: alg, jwks, secret } = encryption;
  const jwk = encryptionKeyIn(jwks?.keys ?? [], alg);
  if (jwk !== undefined)
    return { alg, kid: jwk.kid, key: createPublicKey({ key: { ...jwk }, format: 'jwk' }) };
  if (secret === undefined) throw new TypeError(`no key for the tokens of ${identifier}`);
  const key = Buffer.from(await readSecret(secret), 'base64');
  if (key.length === KEY_BYTES) return { alg, key };
  throw new EncryptionKeyUnusable(
    `the secret of apis[].encryption of ${identifier} has ${key.length} bytes in base64; needed are ${KEY_BYTES}: openssl rand -base64 32`,
  );
}

function encryptFor({ alg, kid, key }: RecipientKey, contentKeys: ContentKeys): Encrypt {
  return (jwt) => {
    const shared = alg === 'dir' && key instanceof Uint8Array ? key : undefined;
    const contentKey = shared ?? Buffer.from(randomId(KEY_BYTES), 'base64url');
    const encryption = new CompactEncrypt(Buffer.from(jwt)).setProtectedHeader({
      alg,
      enc: CONTENT_CIPHER,
      cty: 'JWT',
      ...(kid !== undefined && { kid }),
      [KEY_MEMBER]: contentKeys.wrap(contentKey),
    });
    if (shared === undefined) encryption.setContentEncryptionKey(contentKey);
    return encryption.encrypt(key);
  };
}
