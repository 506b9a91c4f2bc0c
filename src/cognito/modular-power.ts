import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { bitString, integer, octetString, oid, sequence } from '../http/der.ts';

/** base ^ exponent mod the prime; the highest byte first. */
export type ModularPower = (base: Uint8Array, exponent: Uint8Array) => Buffer;

/** dhKeyAgreement (PKCS #3 section 9). */
const DH_KEY_AGREEMENT = '1.2.840.113549.1.3.1';

/**
 * Powers by OpenSSL, which takes a tenth of the time of `BigInt`: the shared secret of Diffie-Hellman is the public value to
 * the power of the private one. As keys (RFC 5208, RFC 5280), since an object of `createDiffieHellman` would test its prime
 * for more than a second.
 */
export function createModularPower(prime: Uint8Array, generator: Uint8Array): ModularPower {
  const parameters = sequence(integer(prime), integer(generator));
  const algorithm = sequence(oid(DH_KEY_AGREEMENT), parameters);
  const version = integer(Buffer.from([0]));
  return (base, exponent) => {
    const pkcs8 = sequence(version, algorithm, octetString(integer(trimmed(exponent))));
    const spki = sequence(algorithm, bitString(integer(trimmed(base))));
    return diffieHellman({
      privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }),
      publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
    });
  };
}

/** DER has no leading zeros (ITU-T X.690 section 8.3.2). */
function trimmed(bytes: Uint8Array): Uint8Array {
  const from = bytes.findIndex((byte) => byte !== 0);
  return from < 0 ? Buffer.from([0]) : bytes.subarray(from);
}
