import { createPublicKey, type KeyObject } from 'node:crypto';
import { ExternalSigningKey } from 'oidc-provider';
import type { Logger } from '../runtime/logger.ts';
import { SigningSuspended } from '../signing-keys/faults.ts';
import type { KeySet, RetiredKey, SigningKey, SigningKeys } from '../signing-keys/signing-keys.ts';

const BYTES_MAX = 4096;
const CLAIMS_TOLD = 3;

const publicKeys = new WeakMap<object, KeyObject>();

/** The public half of `key`, made once. */
export function publicKeyOf({ publicJwk }: Pick<SigningKey, 'publicJwk'>): KeyObject {
  const known = publicKeys.get(publicJwk);
  if (known !== undefined) return known;
  const made = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  publicKeys.set(publicJwk, made);
  return made;
}

/** What the engine's keys lean on. */
export interface EngineKeyOptions {
  readonly signingKeys: SigningKeys;
  readonly logger: Logger;
}

/**
 * `key` for the engine, which then knows of no private part. A class, since the engine tells such keys from
 * JWKs by their prototype.
 */
class EngineKey extends ExternalSigningKey {
  readonly #key: RetiredKey;
  readonly #signer: SigningKey | undefined;
  readonly #options: EngineKeyOptions;

  constructor(key: SigningKey | RetiredKey, options: EngineKeyOptions) {
    super();
    this.#key = key;
    this.#signer = 'phase' in key && key.phase === 'signing' ? key : undefined;
    this.#options = options;
  }

  override get kid(): string {
    return this.#key.kid;
  }

  override get alg(): string {
    return this.#key.algorithm;
  }

  /** The engine signs with the first key that may; one that only verifies is published but never chosen. */
  override get key_ops(): string[] | undefined {
    return this.#signer === undefined ? ['verify'] : undefined;
  }

  override keyObject(): KeyObject {
    return publicKeyOf(this.#key);
  }

  override sign(data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const { signingKeys, logger } = this.#options;
    if (this.#signer === undefined || !signingKeys.health().maySign)
      throw new SigningSuspended('this node is cut off from the rings of keys and signs nothing');
    if (data.length > BYTES_MAX) warnOfSize(data, logger);
    return this.#signer.sign(data);
  }
}

/** The keys of one generation, in the order of the key set; retired ones only understand hints. */
export function createEngineKeys(
  { keys, retired }: Pick<KeySet, 'keys' | 'retired'>,
  options: EngineKeyOptions,
): readonly ExternalSigningKey[] {
  return [...keys, ...retired].map((key) => new EngineKey(key, options));
}

/** A token over 4 KB breaks headers and cookies of others: an operator should hear which claims make it so. */
function warnOfSize(data: Uint8Array, logger: Logger): void {
  const [, payload = ''] = Buffer.from(data).toString('latin1').split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  const sizes = Object.entries(claims ?? {}).map(([name, value]): [string, number] => [
    name,
    JSON.stringify(value).length,
  ]);
  const largest = sizes.toSorted(([, left], [, right]) => right - left).slice(0, CLAIMS_TOLD);
  logger.warn(
    {
      event: 'token.large',
      bytes: data.length,
      claims: largest.map(([name, bytes]) => `${name} (${bytes} bytes)`),
    },
    'a token is larger than 4 KB',
  );
}
