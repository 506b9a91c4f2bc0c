import { checkPrime, createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { createSeededStreams } from '../runtime/seeded-streams.ts';
import type { KeyAlgorithm } from './signing-keys.ts';

/** The next bytes of a key's own stream. */
type Draw = (bytes: number) => Buffer;

const EC_BYTES = 32;
/** Of P-256, the order of its base point (NIST SP 800-186 section 3.2.1.3). */
const EC_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 section 7). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const PRIME_BYTES = 128;
const RSA_EXPONENT = 65_537n;
/** Candidates that one of these divides are not worth a real test. */
const SMALL_PRIMES = primesBelow(4000);

const isPrime = promisify(checkPrime);

/** The private key that follows from `seed`: as good as any, but for whoever knows the seed. */
export async function seededKey(algorithm: KeyAlgorithm, seed: Uint8Array): Promise<KeyObject> {
  const streams = createSeededStreams(seed);
  const draw: Draw = (bytes) => streams.draw(algorithm, bytes);
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
    case 'RSA-OAEP-256':
      return rsaKey(await seededPrime(draw), await seededPrime(draw));
    case 'ES256':
    case 'ECDH-ES':
      return ecKey(draw);
    case 'EdDSA':
      return createPrivateKey({
        key: Buffer.concat([ED25519_PKCS8, draw(32)]),
        format: 'der',
        type: 'pkcs8',
      });
  }
}

function ecKey(draw: Draw): KeyObject {
  let scalar = draw(EC_BYTES);
  while (toInteger(scalar) === 0n || toInteger(scalar) >= EC_ORDER) scalar = draw(EC_BYTES);
  const exchange = createECDH('prime256v1');
  exchange.setPrivateKey(scalar);
  // An uncompressed point: a byte that says so, x, y.
  const point = exchange.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + EC_BYTES), point.subarray(1 + EC_BYTES)];
  const members = { d: base64url(scalar), x: base64url(x), y: base64url(y) };
  return createPrivateKey({ key: { kty: 'EC', crv: 'P-256', ...members }, format: 'jwk' });
}

/** The members of RFC 7518 section 6.3.2. */
function rsaKey(p: bigint, q: bigint): KeyObject {
  const d = inverse(RSA_EXPONENT, (p - 1n) * (q - 1n));
  const members = { n: p * q, e: RSA_EXPONENT, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n) };
  const jwk = Object.entries({ ...members, qi: inverse(q, p) }).map(
    ([name, value]) => [name, base64url(toBytes(value))] as const,
  );
  return createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(jwk) }, format: 'jwk' });
}

/** The first prime from a drawn number on whose two upper bits are set, so that two of them have a product of 2048 bits. */
async function seededPrime(draw: Draw): Promise<bigint> {
  const drawn = draw(PRIME_BYTES);
  drawn.writeUInt8(drawn.readUInt8(0) | 0xc0, 0);
  drawn.writeUInt8(drawn.readUInt8(PRIME_BYTES - 1) | 1, PRIME_BYTES - 1);
  const from = toInteger(drawn);
  const rests = SMALL_PRIMES.map((prime) => Number(from % BigInt(prime)));
  for (let step = 0; ; step += 2) {
    if (SMALL_PRIMES.some((prime, index) => ((rests[index] ?? 0) + step) % prime === 0)) continue;
    const candidate = from + BigInt(step);
    // The exponent must have an inverse.
    if (candidate % RSA_EXPONENT !== 1n && (await isPrime(candidate))) return candidate;
  }
}

/** By Euclid's extended algorithm. */
function inverse(of: bigint, modulus: bigint): bigint {
  let [rest, nextRest, factor, nextFactor] = [modulus, of, 0n, 1n];
  while (nextRest !== 0n) {
    const quotient = rest / nextRest;
    [rest, nextRest] = [nextRest, rest - quotient * nextRest];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  return ((factor % modulus) + modulus) % modulus;
}

function primesBelow(limit: number): readonly number[] {
  const primes: number[] = [];
  for (let number = 3; number < limit; number += 2)
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  return primes;
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
}

function base64url(bytes: Buffer): string {
  return bytes.toString('base64url');
}
