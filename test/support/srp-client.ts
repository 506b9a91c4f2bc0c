import { createHash, createHmac, getDiffieHellman, hkdfSync, randomBytes } from 'node:crypto';

/** The client's side of SRP as SDKs of Cognito have it, by plain arithmetic. */
export interface SrpClient {
  readonly A: string;
  /** The answer to `PASSWORD_VERIFIER`. */
  answer(
    parameters: Readonly<Record<string, string>>,
    proof: { readonly pool: string; readonly password: string },
  ): Readonly<Record<string, string>>;
}

export const N = BigInt(`0x${getDiffieHellman('modp15').getPrime('hex')}`);
const TIMESTAMP = 'Thu Nov 26 13:00:00 UTC 2026';

export function createSrpClient(secret = randomBytes(32).toString('hex')): SrpClient {
  const a = BigInt(`0x${secret}`);
  const A = power(2n, a).toString(16);
  return {
    A,
    answer(parameters, { pool, password }) {
      const { SALT = '', SRP_B = '', SECRET_BLOCK = '', USER_ID_FOR_SRP: user = '' } = parameters;
      const name = `${pool.slice(pool.indexOf('_') + 1)}${user}`;
      const x = hash(pad(SALT), hash(Buffer.from(`${name}:${password}`)));
      const u = hash(pad(A), pad(SRP_B));
      const k = hash(pad(N.toString(16)), pad('2'));
      const base = big(SRP_B.padStart(2, '0')) - big(k) * power(2n, big(x));
      const S = power(((base % N) + N) % N, a + big(u) * big(x));
      const key = hkdfSync('sha256', pad(S.toString(16)), pad(u), 'Caldera Derived Key', 16);
      const signature = createHmac('sha256', Buffer.from(key))
        .update(name)
        .update(Buffer.from(SECRET_BLOCK, 'base64'))
        .update(TIMESTAMP)
        .digest('base64');
      return {
        USERNAME: user,
        PASSWORD_CLAIM_SECRET_BLOCK: SECRET_BLOCK,
        PASSWORD_CLAIM_SIGNATURE: signature,
        TIMESTAMP,
      };
    },
  };
}

export function power(base: bigint, exponent: bigint): bigint {
  let [result, square, left] = [1n, base % N, exponent];
  for (; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % N;
    square = (square * square) % N;
  }
  return result;
}

function big(hex: string): bigint {
  return BigInt(`0x${hex}`);
}

function pad(hex: string): Buffer {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Buffer.from(/^[89a-f]/i.test(even) ? `00${even}` : even, 'hex');
}

function hash(...parts: readonly (Buffer | string)[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(typeof part === 'string' ? Buffer.from(part, 'hex') : part);
  return sum.digest('hex');
}
