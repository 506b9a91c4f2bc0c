import { createPublicKey, type KeyObject } from 'node:crypto';
import { ExternalSigningKey, type JWK } from 'oidc-provider';
import type { Logger } from '../runtime/logger.ts';
import type {
  DecryptionKey,
  KeySet,
  RetiredKey,
  SigningKey,
} from '../signing-keys/signing-keys.ts';

const BYTES_MAX = 4096;
const CLAIMS_TOLD = 3;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;

const publicKeys = new WeakMap<object, KeyObject>();

/** The public half of `key`, made once. */
export function publicKeyOf({ publicJwk }: Pick<SigningKey, 'publicJwk'>): KeyObject {
  const known = publicKeys.get(publicJwk);
  if (known !== undefined) return known;
  const made = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  publicKeys.set(publicJwk, made);
  return made;
}

/**
 * `key` for the engine, which then knows of no private part. A class, since the engine tells such keys from
 * JWKs by their prototype.
 */
class EngineKey extends ExternalSigningKey {
  readonly #key: RetiredKey;
  readonly #signer: SigningKey | undefined;
  readonly #logger: Logger;

  constructor(key: RetiredKey, signer: SigningKey | undefined, logger: Logger) {
    super();
    this.#key = key;
    this.#signer = signer;
    this.#logger = logger;
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
    if (this.#signer === undefined) throw new TypeError(`the key ${this.kid} only verifies`);
    if (data.length > BYTES_MAX) warnOfSize(data, this.#logger);
    // A node that was cut off reads the rings again in there before it signs, or says that it cannot.
    return this.#signer.sign(data);
  }
}

/** The keys of one generation, in the order of the key set; retired ones only understand hints. */
export function createEngineKeys(
  { keys, retired }: Pick<KeySet, 'keys' | 'retired'>,
  { logger }: { readonly logger: Logger },
): readonly ExternalSigningKey[] {
  return [
    ...keys.map((key) => new EngineKey(key, isChosen(key, keys) ? key : undefined, logger)),
    ...retired.map((key) => new EngineKey(key, undefined, logger)),
  ];
}

/**
 * A key that others encrypt to, as the engine must know it to take clients and requests of its algorithm. It insists on
 * private members, which are not here: it opens nothing with such a key.
 */
export function supportedKey({ publicJwk }: Pick<DecryptionKey, 'publicJwk'>): JWK {
  const elsewhere = Object.fromEntries(PRIVATE_MEMBERS.map((name) => [name, 'elsewhere']));
  return { ...publicJwk, ...elsewhere };
}

/**
 * Whether the engine may choose `key`: it signs, or it is published and none of its algorithm signs yet. Then its
 * refusal says that the time has not come, where an engine without any key would speak of a fault.
 */
function isChosen({ algorithm, phase }: SigningKey, keys: readonly SigningKey[]): boolean {
  const hasSigner = keys.some(
    (other) => other.algorithm === algorithm && other.phase === 'signing',
  );
  return phase === (hasSigner ? 'signing' : 'published');
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
