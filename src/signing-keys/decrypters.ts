import type { KeyObject } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader, errors } from 'jose';
import type { Sealer } from '../runtime/sealing.ts';
import { openPrivateKey, type KeyIdentity } from './key-material.ts';
import type { DecryptionKey, EncryptionAlgorithm } from './signing-keys.ts';

/** Neither weaker ciphers nor any whose authentication stands apart from it. */
const CIPHERS = ['A256GCM'];

/** Reads what was encrypted to one private key, which nothing else can reach. */
export type Decrypter = DecryptionKey['decrypt'];

/**
 * Opens a sealed private half. It lives on as a handle of OpenSSL inside the decrypter.
 *
 * @throws {SealBroken} when it cannot be opened, or is not the private half of `kid`.
 */
export function openDecrypter(
  sealed: string,
  identity: KeyIdentity & { readonly algorithm: EncryptionAlgorithm },
  sealer: Sealer,
): Decrypter {
  const privateKey = openPrivateKey(sealed, identity, sealer);
  return (jwe) => decrypt(jwe, privateKey, identity);
}

async function decrypt(
  jwe: string,
  privateKey: KeyObject,
  { algorithm, kid }: { readonly algorithm: EncryptionAlgorithm; readonly kid: string },
): Promise<string | undefined> {
  try {
    const header = decodeProtectedHeader(jwe);
    // Compressed text gives away by its length what it says, and may be small and hold much.
    if ((header.kid ?? kid) !== kid || 'zip' in header) return undefined;
    const { plaintext } = await compactDecrypt(jwe, privateKey, {
      keyManagementAlgorithms: [algorithm],
      contentEncryptionAlgorithms: CIPHERS,
    });
    return Buffer.from(plaintext).toString('utf8');
  } catch (error) {
    // Of the form of the text, by TypeErrors, or of what is in it: a stranger wrote it.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
