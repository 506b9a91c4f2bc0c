import { z } from 'zod';

const KEYS_MAX = 20;
const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 8192;

const member = z.string().min(1).max(2048);
const base64url = member.regex(/^[A-Za-z0-9_-]+$/, { error: 'expected base64url' });
/** The members a public key may have beside its own; a private one (`d`, `p`, `k`, ...) is none of them. */
const common = {
  kid: z.string().min(1).max(255).optional(),
  use: z.enum(['sig', 'enc']).optional(),
  alg: z.string().max(50).optional(),
  key_ops: z.array(z.string().max(50)).max(10).optional(),
  x5c: z.array(z.string().max(10_000)).max(10).optional(),
  x5t: base64url.optional(),
  'x5t#S256': base64url.optional(),
  x5u: z
    .never({ error: 'must not be there: keys are never fetched from where a key says' })
    .optional(),
};
const PRIVATE = 'must hold public keys only, of type RSA, EC or OKP, without private members';

const publicOnly = {
  error: ({ code }: { readonly code?: string | undefined }): string | undefined =>
    code === 'unrecognized_keys' ? PRIVATE : undefined,
};

const publicJwk = z.discriminatedUnion(
  'kty',
  [
    z.strictObject(
      {
        kty: z.literal('RSA'),
        n: base64url.refine((n) => isRsaSize(n), {
          error: `must be an RSA modulus of ${RSA_BITS_MIN} to ${RSA_BITS_MAX} bit`,
        }),
        e: base64url,
        ...common,
      },
      publicOnly,
    ),
    z.strictObject(
      {
        kty: z.literal('EC'),
        crv: z.enum(['P-256', 'P-384', 'P-521']),
        x: base64url,
        y: base64url,
        ...common,
      },
      publicOnly,
    ),
    z.strictObject(
      {
        kty: z.literal('OKP'),
        crv: z.enum(['Ed25519', 'X25519']),
        x: base64url,
        ...common,
      },
      publicOnly,
    ),
  ],
  { error: PRIVATE },
);

/** The public keys of a client (RFC 7517): what its assertions are verified with. */
export const publicKeySet = z.strictObject({
  keys: z
    .array(publicJwk)
    .min(1)
    .max(KEYS_MAX)
    .refine((keys) => !hasRepeated(keys.flatMap(({ kid }) => kid ?? [])), {
      error: 'must give every key a `kid` of its own',
    }),
});

function isRsaSize(modulus: string): boolean {
  const bits = Buffer.from(modulus, 'base64url').length * 8;
  return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
}

function hasRepeated(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}
