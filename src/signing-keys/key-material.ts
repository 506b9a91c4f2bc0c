import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { JsonObject } from '../runtime/json.ts';
import { drawBytes, isSeeded } from '../runtime/random.ts';
import { SealBroken, type Sealer } from '../runtime/sealing.ts';
import { isForEncryption, type NewKey } from './ring.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

const RSA_BITS = 2048;
const KEY_SEED_BYTES = 32;

/** Members of the public JWK, in the order that RFC 7638 section 3.2 prescribes. */
const THUMBPRINT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/** What a sealed private half is for: sealed for one key, it opens as no other. */
export interface KeyIdentity {
  readonly namespace: string;
  readonly algorithm: KeyAlgorithm;
  readonly kid: string;
}

const generatePair = promisify(generateKeyPair);

/** Makes new keys for the rings of one namespace. */
export type KeyMaker = (algorithm: KeyAlgorithm) => Promise<NewKey>;

/** A maker that seals what it makes. */
export function createKeyMaker(namespace: string, sealer: Sealer): KeyMaker {
  return async (algorithm) => {
    const privateKey = await (isSeeded()
      ? foretoldPrivateKey(algorithm, namespace)
      : generatePrivateKey(algorithm));
    return sealKey(privateKey, { namespace, algorithm, sealer, source: 'generated' });
  };
}

/** The next key of its algorithm and namespace that follows from the seed of the process. */
async function foretoldPrivateKey(algorithm: KeyAlgorithm, namespace: string): Promise<KeyObject> {
  const seed = drawBytes(KEY_SEED_BYTES, `key ${namespace} ${algorithm}`);
  const { seededKey } = await import('./seeded-key.ts');
  return seededKey(algorithm, seed);
}

/** A new private key. RSA (a quarter of a second of work) is made by a thread of the pool, not by the event loop. */
async function generatePrivateKey(algorithm: KeyAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
    case 'RSA-OAEP-256':
      return (await generatePair('rsa', { modulusLength: RSA_BITS })).privateKey;
    case 'ES256':
    case 'ECDH-ES':
      return (await generatePair('ec', { namedCurve: 'P-256' })).privateKey;
    case 'EdDSA':
      return (await generatePair('ed25519')).privateKey;
  }
}

/** `privateKey` as a ring holds it. The only place where private bytes exist outside OpenSSL; they are wiped. */
export function sealKey(
  privateKey: KeyObject,
  details: Omit<KeyIdentity, 'kid'> & {
    readonly sealer: Sealer;
    readonly source: NewKey['source'];
  },
): NewKey {
  const { namespace, algorithm, sealer, source } = details;
  const publicJwk = publicJwkOf(privateKey, algorithm);
  const kid = thumbprint(publicJwk);
  const bytes = privateKey.export({ format: 'der', type: 'pkcs8' });
  const sealed = sealer.seal(bytes, sealContext({ namespace, algorithm, kid }));
  bytes.fill(0);
  const use = isForEncryption(algorithm) ? 'enc' : 'sig';
  return { kid, source, publicJwk: { ...publicJwk, kid, alg: algorithm, use }, sealed };
}

/**
 * The private key in `sealed`, its bytes wiped.
 *
 * @throws {SealBroken} when it cannot be opened, or is not the private half of `kid`.
 */
export function openPrivateKey(sealed: string, identity: KeyIdentity, sealer: Sealer): KeyObject {
  const opened = sealer.open(sealed, sealContext(identity));
  const bytes = Buffer.from(opened.buffer, opened.byteOffset, opened.byteLength);
  const privateKey = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  bytes.fill(0);
  const kid = thumbprint(publicJwkOf(privateKey, identity.algorithm));
  if (kid !== identity.kid) throw new SealBroken('a sealed key is the private half of another key');
  return privateKey;
}

/** The `context` under which the private half of a key is sealed. */
export function sealContext({ namespace, algorithm, kid }: KeyIdentity): string {
  return `signing-key ${namespace} ${algorithm} ${kid}`;
}

/** The public members of a key, and nothing else. */
export function publicJwkOf(privateKey: KeyObject, algorithm: KeyAlgorithm): JsonObject {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  const members = THUMBPRINT_MEMBERS[jwk.kty ?? ''] ?? [];
  const entries = members.map((name) => [name, String(jwk[name])]);
  if (entries.length === 0)
    throw new TypeError(`a key of type ${jwk.kty} cannot be for ${algorithm}`);
  return Object.fromEntries(entries);
}

/** RFC 7638: the SHA-256 of a public key's required members, base64url. */
export function thumbprint(publicJwk: JsonObject): string {
  const members =
    THUMBPRINT_MEMBERS[typeof publicJwk['kty'] === 'string' ? publicJwk['kty'] : ''] ?? [];
  const canonical = JSON.stringify(
    Object.fromEntries(members.map((name) => [name, publicJwk[name]])),
  );
  return createHash('sha256').update(canonical).digest('base64url');
}
