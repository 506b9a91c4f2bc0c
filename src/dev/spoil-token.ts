import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload } from 'jose';
import type { SigningKey } from '../signing-keys/signing-keys.ts';
import { BadOrder } from './order.ts';

/** What can be wrong with a token. Each breaks one rule of RFC 9068 section 4, and no other. */
export const FLAWS = ['expired', 'issuer', 'audience', 'type', 'signature', 'key', 'none'] as const;
type Flaw = (typeof FLAWS)[number];

interface Parts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: JWTPayload;
}

interface SpoilOptions {
  readonly flaw: Flaw;
  readonly keys: readonly SigningKey[];
  readonly now: number;
}

const HOUR = 3600;

/**
 * The same token with one flaw, signed by the key that signs at the time unless the signature is the flaw.
 *
 * @throws {BadOrder} for a token that an API cannot read by itself: opaque or encrypted.
 */
export async function spoilToken(token: string, options: SpoilOptions): Promise<string> {
  const { flaw, keys, now } = options;
  const { header, payload } = spoilt(read(token), flaw, now);
  if (flaw === 'none') return `${joined(header, payload)}.`;
  const key = keys.find(
    ({ algorithm, phase }) => algorithm === header['alg'] && phase === 'signing',
  );
  if (key === undefined) throw new BadOrder(`No key signs ${String(header['alg'])} now.`);
  const signature = Buffer.from(await key.sign(Buffer.from(joined(header, payload))));
  // Its last byte: the first of an RSA signature may not be raised over the modulus.
  if (flaw === 'signature')
    signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
  return `${joined(header, payload)}.${signature.toString('base64url')}`;
}

function read(token: string): Parts {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) };
  } catch (cause) {
    if (!(cause instanceof errors.JWTInvalid) && !(cause instanceof TypeError)) throw cause;
    const words =
      'Only a signed JWT has a flaw that an API could see: this API gets opaque or encrypted tokens.';
    throw new BadOrder(words, { cause });
  }
}

function spoilt({ header, payload }: Parts, flaw: Flaw, now: number): Parts {
  switch (flaw) {
    case 'expired':
      return { header, payload: { ...payload, iat: now - 2 * HOUR, exp: now - HOUR } };
    case 'issuer':
      return { header, payload: { ...payload, iss: 'https://another-issuer.example' } };
    case 'audience':
      return { header, payload: { ...payload, aud: 'https://another-api.example' } };
    case 'type':
      return { header: { ...header, typ: 'JWT' }, payload };
    case 'key':
      return { header: { ...header, kid: 'a-key-that-is-not-in-the-key-set' }, payload };
    case 'none':
      return { header: { typ: header['typ'], alg: 'none' }, payload };
    case 'signature':
      return { header, payload };
  }
}

function joined(...parts: readonly object[]): string {
  return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}
