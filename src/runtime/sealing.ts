import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { LatchkeyError } from './errors.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MASTER_KEY_BYTES = 32;
const KEY_ID_BYTES = 6;
const SEALED = /^v1\.(?<keyId>[\w-]{8})\.(?<body>[\w-]+)$/;

/** Encrypts what must not lie in a store in clear: AES-256-GCM under the installation's master key. */
export interface Sealer {
  /** The name of the master key under which it seals; tells nothing of it. */
  readonly keyId: string;
  /** `context` (what the secret is for: `signing-key RS256 <kid>`) is authenticated, not kept. */
  seal(plain: Uint8Array, context: string): string;
  /** @throws {SealBroken} when the text was changed, cut, or sealed for another context or under an unknown master key. */
  open(sealed: string, context: string): Uint8Array;
  /**
   * Keys of 32 bytes for one other purpose (signing cookies, tokens of forms), the same on every node: one from each
   * master key, the current first, so that what was made before a change of master key is still accepted.
   */
  keysFor(purpose: string): readonly [Uint8Array, ...Uint8Array[]];
}

/** What was sealed cannot be opened. */
export class SealBroken extends LatchkeyError {
  readonly code = 'ERR_SEAL_BROKEN';
}

interface DerivedKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/**
 * Seals under the first of `masterKeys` (32 random bytes each) and opens under any of them, so that a
 * master key can be changed while nodes run. A sealed text is `v1.<key id>.<nonce, ciphertext, tag>`.
 */
export function createSealer(masterKeys: readonly [Uint8Array, ...Uint8Array[]]): Sealer {
  const keys = masterKeys.map(derive);
  const byId = new Map(keys.map((key) => [key.id, key]));
  const current = derive(masterKeys[0]);
  const expandFor =
    (purpose: string) =>
    (masterKey: Uint8Array): Uint8Array =>
      expand(masterKey, `purpose ${purpose}`, MASTER_KEY_BYTES);
  const [first, ...others] = masterKeys;
  return {
    keyId: current.id,
    keysFor: (purpose) => [expandFor(purpose)(first), ...others.map(expandFor(purpose))],
    seal(plain, context) {
      // Random nonces are good for 2^32 texts under one key; an installation seals a few thousand.
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, current.bytes, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associatedData(current.id, context));
      const body = [nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()];
      return `v1.${current.id}.${Buffer.concat(body).toString('base64url')}`;
    },
    open(sealed, context) {
      const { keyId, body } = SEALED.exec(sealed)?.groups ?? {};
      if (keyId === undefined || body === undefined)
        throw new SealBroken('not a sealed text, or a part of one');
      const key = byId.get(keyId);
      if (key === undefined) throw new SealBroken(`sealed under the unknown master key ${keyId}`);
      return decrypt(key, Buffer.from(body, 'base64url'), context);
    },
  };
}

/** The name that sealed texts and messages give to a master key; tells nothing of it. */
export function masterKeyId(masterKey: Uint8Array): string {
  return derive(masterKey).id;
}

/** Two keys that cannot be traced to one another: one that encrypts, one whose start is the public name. */
function derive(masterKey: Uint8Array): DerivedKey {
  if (masterKey.length !== MASTER_KEY_BYTES)
    throw new TypeError(`a master key has ${MASTER_KEY_BYTES} bytes`);
  return {
    id: expand(masterKey, 'key id', KEY_ID_BYTES).toString('base64url'),
    bytes: expand(masterKey, 'aes-256-gcm', MASTER_KEY_BYTES),
  };
}

function expand(masterKey: Uint8Array, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', `latchkey sealing ${info}`, bytes));
}

function decrypt(key: DerivedKey, body: Buffer, context: string): Uint8Array {
  const tagAt = body.length - TAG_BYTES;
  if (tagAt < NONCE_BYTES) throw new SealBroken('the sealed text was cut');
  const nonce = body.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(key.id, context));
  decipher.setAuthTag(body.subarray(tagAt));
  const plain = decipher.update(body.subarray(NONCE_BYTES, tagAt));
  try {
    // GCM holds nothing back: the end only judges the tag, and no second copy of a secret is made.
    decipher.final();
    return plain;
  } catch (error) {
    throw new SealBroken('the sealed text was changed, or sealed for something else', {
      cause: error,
    });
  }
}

function associatedData(keyId: string, context: string): Buffer {
  return Buffer.from(`v1.${keyId}.${context}`, 'utf8');
}
