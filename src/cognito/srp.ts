import { createHash, createHmac, getDiffieHellman, hkdfSync, randomBytes } from 'node:crypto';
import { createModularPower } from './modular-power.ts';

/** What is kept of a password: it cannot be signed in with, but guesses can be held against it. Hexadecimal. */
export interface Verifier {
  readonly salt: string;
  readonly verifier: string;
}

/** The server's half of one handshake. Hexadecimal; `b` is a secret. */
export interface ServerKeys {
  readonly b: string;
  readonly B: string;
}

/** SRP-6a (RFC 5054 section 2.6) with the group, the hash and the key derivation that Cognito has. */
export interface Srp {
  /** `name`: of the pool behind `_`, and of the user (`USER_ID_FOR_SRP`), one behind the other. `salt`: by chance when left out. */
  verifierOf(name: string, password: string, salt?: Uint8Array): Verifier;
  serverKeys(verifier: string): ServerKeys;
  /** What both sides sign with. Undefined: `A` is no public value (A mod N = 0, RFC 5054 section 2.5.4). */
  signingKey(handshake: {
    readonly A: string;
    readonly keys: ServerKeys;
    readonly verifier: string;
  }): Buffer | undefined;
}

const GENERATOR = Buffer.from([2]);
const SALT_BYTES = 16;
const SECRET_BYTES = 32;
const KEY_BYTES = 16;
const HEX = /^[0-9a-f]{1,1024}$/i;

/** A handshake costs the event loop some milliseconds; nothing is kept between two. */
export function createSrp(): Srp {
  const prime = getDiffieHellman('modp15').getPrime();
  const N = bigOf(prime);
  const k = hashOf(padded(prime), GENERATOR);
  const power = createModularPower(prime, GENERATOR);
  const powerOfG = (exponent: Uint8Array): bigint => bigOf(power(GENERATOR, exponent));

  return {
    verifierOf(name, password, salted = randomBytes(SALT_BYTES)) {
      // Clients take it for a number, and lose zeros that it begins with.
      const salt = bytesOf(bigOf(salted));
      const identity = sha256(Buffer.from(`${name}:${password}`, 'utf8'));
      const verifier = powerOfG(sha256(padded(salt), identity));
      return { salt: salt.toString('hex'), verifier: bytesOf(verifier).toString('hex') };
    },

    serverKeys(verifier) {
      const b = randomBytes(SECRET_BYTES);
      const B = (k * bigFrom(verifier) + powerOfG(b)) % N;
      return { b: b.toString('hex'), B: bytesOf(B).toString('hex') };
    },

    signingKey({ A: text, keys, verifier }) {
      if (!HEX.test(text)) return undefined;
      const A = bigFrom(text);
      if (A % N === 0n) return undefined;
      const B = bigFrom(keys.B);
      const u = sha256(padded(bytesOf(A)), padded(bytesOf(B)));
      try {
        const base = ((A % N) * bigOf(power(Buffer.from(verifier, 'hex'), u))) % N;
        const S = bytesOf(bigOf(power(bytesOf(base), Buffer.from(keys.b, 'hex'))));
        const key = hkdfSync('sha256', padded(S), padded(u), 'Caldera Derived Key', KEY_BYTES);
        return Buffer.from(key);
      } catch (error) {
        // OpenSSL takes no base outside of the group: whoever sent it does not know the password.
        if (isRefusedBase(error)) return undefined;
        throw error;
      }
    },
  };
}

/** What the client shows for the password (`PASSWORD_CLAIM_SIGNATURE`), base64. */
export function claimSignature(
  key: Uint8Array,
  claim: { readonly name: string; readonly secretBlock: string; readonly timestamp: string },
): string {
  return createHmac('sha256', key)
    .update(Buffer.from(claim.name, 'utf8'))
    .update(Buffer.from(claim.secretBlock, 'base64'))
    .update(Buffer.from(claim.timestamp, 'utf8'))
    .digest('base64');
}

function isRefusedBase(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? /^ERR_(?:OSSL|CRYPTO)/.test(error.code)
    : false;
}

function hashOf(...parts: readonly Uint8Array[]): bigint {
  return bigOf(sha256(...parts));
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** As a signed integer has it: a zero before a first bit that is set. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc((bytes[0] ?? 0) >= 0x80 ? 1 : 0), bytes]);
}

function bigFrom(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

function bigOf(bytes: Uint8Array): bigint {
  return bigFrom(Buffer.from(bytes).toString('hex'));
}

/** Without leading zeros. */
function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}
