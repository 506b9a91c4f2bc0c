import { beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import { createSrp } from '../../src/cognito/srp.ts';
import { compatFile, installCompat, requireCompat } from '../support/compat.ts';
import { rounds } from '../support/counts.ts';

type Done<Result> = (error: Error | null, result: Result) => void;

/** As far as we use it. */
interface VendorNumber {
  toString(radix: number): string;
}
type VendorNumbers = new (text: string, radix: number) => VendorNumber;
interface VendorHelper {
  getLargeAValue(done: Done<VendorNumber>): void;
  getPasswordAuthenticationKey(
    username: string,
    password: string,
    serverB: VendorNumber,
    salt: VendorNumber,
    done: Done<Uint8Array>,
  ): void;
}
type VendorHelpers = new (poolName: string) => VendorHelper;

let BigInteger: VendorNumbers;
let AuthenticationHelper: VendorHelpers;

beforeAll(async () => {
  await installCompat();
  const vendor = (name: string): string => compatFile(`amazon-cognito-identity-js/lib/${name}.js`);
  ({ default: BigInteger } = requireCompat(vendor('BigInteger')));
  ({ default: AuthenticationHelper } = requireCompat(vendor('AuthenticationHelper')));
});

const srp = createSrp();
const byte = (least = 0): fc.Arbitrary<number> => fc.integer({ min: least, max: 255 });
const salts = fc
  .tuple(fc.constantFrom(0, 0, 1, 2), fc.array(byte(1), { minLength: 12, maxLength: 16 }))
  .map(([zeros, rest]) => Uint8Array.from([...Array.from({ length: zeros }, () => 0), ...rest]));
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 24 });

test('the vendor’s client and the server come to one key, whatever salts, names and passwords are', async () => {
  await fc.assert(
    fc.asyncProperty(salts, words, words, async (salted, user, password) => {
      const { salt, verifier } = srp.verifierOf(`Dev00001${user}`, password, salted);
      const keys = srp.serverKeys(verifier);
      const helper = new AuthenticationHelper('Dev00001');
      const A = await done<VendorNumber>((tell) => helper.getLargeAValue(tell));
      const key = await done<Uint8Array>((tell) =>
        helper.getPasswordAuthenticationKey(
          user,
          password,
          new BigInteger(keys.B, 16),
          new BigInteger(salt, 16),
          tell,
        ),
      );
      const ours = srp.signingKey({ A: A.toString(16), keys, verifier });
      expect(ours?.toString('hex')).toBe(Buffer.from(key).toString('hex'));
    }),
    { numRuns: rounds(8, 1000) },
  );
});

function done<Result>(work: (tell: Done<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    work((error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
