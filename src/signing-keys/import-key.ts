import { createPrivateKey, createPublicKey, verify, constants, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { KeyOrderRefused } from './faults.ts';
import { publicJwkOf, thumbprint } from './key-material.ts';
import { SAMPLE_KEYS } from './sample-keys.ts';
import { createSigner } from './signers.ts';
import type { SigningAlgorithm } from './signing-keys.ts';

const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 8192;
const RSA_EXPONENT_MIN = 65_537n;
const PROBE = Buffer.from('a text that both halves of a key must agree on', 'utf8');

const jwkSchema = z.looseObject({
  kty: z.string(),
  d: z.string(),
  alg: z.string().optional(),
  use: z.string().optional(),
});

/**
 * The private key in `material` (PEM, or a JWK as JSON text), fit to sign by `algorithm`.
 *
 * @throws {KeyOrderRefused} when it is none, of the wrong type, too small, known to everybody, or when its halves
 * do not fit. The message never tells what was read.
 */
export async function readPrivateKey(
  material: string,
  algorithm: SigningAlgorithm,
): Promise<KeyObject> {
  const text = material.trim();
  const key = text.startsWith('{') ? fromJwk(text, algorithm) : fromPem(text);
  const problem = typeProblem(key, algorithm) ?? sampleProblem(key, algorithm);
  if (problem !== undefined) throw new KeyOrderRefused(problem);
  if (!(await halvesFit(key, algorithm)))
    throw new KeyOrderRefused('the private and the public half of the key do not fit');
  return key;
}

function fromJwk(text: string, algorithm: SigningAlgorithm): KeyObject {
  const jwk = parseJwk(text);
  if (jwk.alg !== undefined && jwk.alg !== algorithm)
    throw new KeyOrderRefused(`the JWK is for another algorithm than ${algorithm}`);
  if (jwk.use !== undefined && jwk.use !== 'sig')
    throw new KeyOrderRefused('the JWK is not for signatures ("use" must be "sig")');
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' });
  } catch {
    // Not as a cause: what OpenSSL says may quote what it read.
    throw new KeyOrderRefused('the JWK is not a private key of a type that can be used');
  }
}

function parseJwk(text: string): z.output<typeof jwkSchema> {
  try {
    return jwkSchema.parse(JSON.parse(text));
  } catch {
    throw new KeyOrderRefused('the text is not a private key as a JWK');
  }
}

function fromPem(text: string): KeyObject {
  if (text.includes('ENCRYPTED'))
    throw new KeyOrderRefused(
      'the PEM file is encrypted: decrypt it first, by: openssl pkey -in FILE',
    );
  try {
    return createPrivateKey({ key: text, format: 'pem' });
  } catch {
    throw new KeyOrderRefused('the text is neither a private key as PEM nor a JWK');
  }
}

function typeProblem(key: KeyObject, algorithm: SigningAlgorithm): string | undefined {
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (algorithm) {
    case 'RS256':
    case 'PS256':
      return key.asymmetricKeyType === 'rsa' ? rsaProblem(key) : `${algorithm} needs an RSA key`;
    case 'ES256':
      return namedCurve === 'prime256v1' ? undefined : 'ES256 needs an EC key on the curve P-256';
    case 'EdDSA':
      return key.asymmetricKeyType === 'ed25519' ? undefined : 'EdDSA needs an Ed25519 key';
  }
}

function rsaProblem(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < RSA_BITS_MIN || modulusLength > RSA_BITS_MAX)
    return `an RSA key must have ${RSA_BITS_MIN} to ${RSA_BITS_MAX} bits, not ${modulusLength}`;
  return publicExponent < RSA_EXPONENT_MIN
    ? 'an RSA key must have a public exponent of at least 65537'
    : undefined;
}

function sampleProblem(key: KeyObject, algorithm: SigningAlgorithm): string | undefined {
  const source = SAMPLE_KEYS.get(thumbprint(publicJwkOf(key, algorithm)));
  return source && `the key is the sample of ${source}: everybody has it`;
}

async function halvesFit(key: KeyObject, algorithm: SigningAlgorithm): Promise<boolean> {
  const signature = await createSigner(algorithm, key)(PROBE);
  const publicKey = createPublicKey(key);
  switch (algorithm) {
    case 'ES256':
      return verify('sha256', PROBE, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    case 'EdDSA':
      return verify(null, PROBE, publicKey, signature);
    case 'RS256':
      return verify('sha256', PROBE, publicKey, signature);
    case 'PS256':
      return verify(
        'sha256',
        PROBE,
        { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING },
        signature,
      );
  }
}
