import { z } from 'zod';

const encoded = z.object({
  value: z.string().max(1024),
  encoding: z.enum(['base64', 'hex', 'utf8']).optional(),
});

/** `custom_password_hash` of a file of users. */
export const customPasswordHash = z.object({
  algorithm: z.string(),
  hash: encoded,
  salt: encoded.extend({ position: z.enum(['prefix', 'suffix']).default('prefix') }).optional(),
  password: z.object({ encoding: z.string() }).optional(),
  keylen: z.int().optional(),
  cost: z.int().optional(),
  blockSize: z.int().optional(),
  parallelization: z.int().optional(),
});
type CustomPasswordHash = z.output<typeof customPasswordHash>;

type Writer = (given: CustomPasswordHash) => string | undefined;

const WRITERS: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['argon2', asItIs],
  ['bcrypt', asItIs],
  ['ldap', asItIs],
  ['pbkdf2', asItIs],
  ['scrypt', scrypt],
  ['sha1', salted],
  ['sha256', salted],
  ['sha512', salted],
]);

/** The hash as our accounts keep those of other systems; undefined: no password could be held against it here. */
export function passwordHashOf(given: CustomPasswordHash): string | undefined {
  const isPlain = (given.password?.encoding ?? 'utf8').replace('-', '').toLowerCase() === 'utf8';
  return isPlain ? WRITERS.get(given.algorithm)?.(given) : undefined;
}

/** Those that say all of themselves. */
function asItIs({ hash }: CustomPasswordHash): string {
  return hash.value;
}

/** Where nothing is said, Auth0 takes what Node takes (`crypto.scrypt`). */
function scrypt(given: CustomPasswordHash): string | undefined {
  const { salt, cost = 16_384, blockSize = 8, parallelization = 1 } = given;
  const bits = Math.log2(cost);
  if (salt === undefined || !Number.isInteger(bits)) return undefined;
  const parameters = `ln=${bits},r=${blockSize},p=${parallelization}`;
  return `$scrypt$${parameters}$${base64(salt, 'utf8')}$${base64(given.hash, 'base64')}`;
}

function salted({ algorithm, hash, salt }: CustomPasswordHash): string | undefined {
  if (salt === undefined) return undefined;
  const order = salt.position === 'prefix' ? 'sp' : 'ps';
  return `$${algorithm}$o=${order}$${base64(salt, 'utf8')}$${base64(hash, 'hex')}`;
}

function base64(
  { value, encoding }: z.output<typeof encoded>,
  standard: 'base64' | 'hex' | 'utf8',
): string {
  return Buffer.from(value, encoding ?? standard)
    .toString('base64')
    .replace(/=+$/, '');
}
