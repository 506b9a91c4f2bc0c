import { sha256 } from '../runtime/digest.ts';
import { drawBytes } from '../runtime/random.ts';

/** Crockford's base32: no I, L, O and U, so that nothing is read as something else, and few codes are words. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BYTES = 10;
const BITS_A_CHARACTER = 5;
const CODE = /^[0-9A-HJKMNP-TV-Z]{16}$/;
const GROUP = /.{4}/g;

/** A new code of 80 bits, in groups of four: `7K2M-9QXD-3HVA-WE5T`. */
export function newRecoveryCode(): string {
  const bytes = drawBytes(BYTES, 'recovery code');
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = Array.from({ length: bits.length / BITS_A_CHARACTER }, (_, index) => {
    const at = index * BITS_A_CHARACTER;
    return ALPHABET[Number.parseInt(bits.slice(at, at + BITS_A_CHARACTER), 2)] ?? '';
  });
  return (characters.join('').match(GROUP) ?? []).join('-');
}

/** The code as it was made, however it is typed: spaced anyhow, small, with O for 0, I or L for 1. Undefined: none. */
export function readRecoveryCode(typed: string): string | undefined {
  if (typed.length > 100) return undefined;
  const text = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  return CODE.test(text) ? text : undefined;
}

/**
 * What is kept of a code. One plain SHA-256: nobody tries 2^80 codes, and it has to outlive the master key, since the
 * codes lie in a drawer.
 */
export function recoveryCodeHash(accountId: string, code: string): string {
  return sha256(`recovery-code ${accountId} ${code.replaceAll('-', '')}`);
}
