import { isPasswordHash } from './rules.ts';

type Digest = 'sha1' | 'sha256' | 'sha512';

/** A hash that another system made, taken apart. */
export type ForeignHash =
  | { readonly kind: 'argon2' | 'bcrypt'; readonly text: string }
  | (Salted & {
      readonly kind: 'scrypt';
      readonly cost: { readonly n: number; readonly r: number; readonly p: number };
    })
  | (Salted & { readonly kind: 'pbkdf2'; readonly digest: Digest; readonly iterations: number })
  | (Salted & { readonly kind: 'sha'; readonly digest: Digest; readonly isSaltFirst: boolean });

interface Salted {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** What one foreign hash may cost at most: about a second of one core, and 256 MiB. */
const ARGON2_MEMORY_KIB_MAX = 262_144;
const ARGON2_KIB_PASSES_MAX = 1_048_576;
const ARGON2_LANES_MAX = 16;
const BCRYPT_COST = { min: 4, max: 14 };
const SCRYPT_BYTES_MAX = 268_435_456;
const SCRYPT_LANES_MAX = 16;
const PBKDF2_ITERATIONS_MAX = 2_000_000;
/** Longer strings are no hashes. */
const CHARACTERS_MAX = 512;
const HASH_BYTES = { min: 16, max: 128 };
const SALT_BYTES_MAX = 128;

const ARGON2 =
  /^\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=(?<memory>\d{1,7}),t=(?<passes>\d{1,3}),p=(?<lanes>\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,172}$/;
const BCRYPT = /^\$2[abxy]\$(?<cost>\d{2})\$[./A-Za-z0-9]{53}$/;
const SCRYPT =
  /^\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[A-Za-z0-9+/.]*)\$(?<hash>[A-Za-z0-9+/.]+)=*$/;
/** `$pbkdf2-sha256$29000$salt$hash` as passlib writes it, or `$pbkdf2-sha256$i=29000,l=32$salt$hash` (PHC). */
const PBKDF2 =
  /^\$pbkdf2(?:-(?<digest>sha1|sha256|sha512))?\$(?:i=)?(?<iterations>\d{1,8})(?:,l=\d{1,3})?\$(?<salt>[A-Za-z0-9+/.]*)\$(?<hash>[A-Za-z0-9+/.]+)=*$/;
/** `pbkdf2_sha256$600000$salt$hash` as Django writes it: there the salt is text. */
const DJANGO =
  /^pbkdf2_(?<digest>sha1|sha256)\$(?<iterations>\d{1,8})\$(?<salt>[\w-]{1,128})\$(?<hash>[A-Za-z0-9+/]+)=*$/;
/** `{SSHA256}` and Base64 of digest and salt, as LDAP servers write it (RFC 2307 and after). */
const LDAP = /^\{SSHA(?<bits>256|512)?\}(?<value>[A-Za-z0-9+/]+)=*$/;
/** `$sha256$o=sp$salt$hash`: salt before password (`sp`) or behind (`ps`), both in Base64. */
const SALTED =
  /^\$(?<digest>sha1|sha256|sha512)\$o=(?<order>sp|ps)\$(?<salt>[A-Za-z0-9+/]+)=*\$(?<hash>[A-Za-z0-9+/]+)=*$/;
const DIGEST_BYTES: Readonly<Record<Digest, number>> = { sha1: 20, sha256: 32, sha512: 64 };

/** The formats in turn; each knows its own by its beginning. */
const READERS: readonly ((text: string) => ForeignHash | undefined)[] = [
  readArgon2,
  readBcrypt,
  readScrypt,
  readPbkdf2,
  readLdap,
  readSalted,
];

/** A hash of ours, or one of another system that may be held against a password once. */
export function isKnownHash(text: string): boolean {
  return isPasswordHash(text) || parseForeignHash(text) !== undefined;
}

/** Undefined: of no known format, or dearer than one sign-in may be. */
export function parseForeignHash(text: string): ForeignHash | undefined {
  if (text.length > CHARACTERS_MAX) return undefined;
  for (const read of READERS) {
    const hash = read(text);
    if (hash !== undefined) return hash;
  }
  return undefined;
}

/** A hash of nobody's that costs what `text` costs. */
export function decoyOf(text: string): string {
  // The zero of each alphabet, so that no bits are left over at the end.
  const zero = BCRYPT.test(text) ? '.' : 'A';
  return text.replace(/[A-Za-z0-9+/.]+(?==*$)/, (last) => zero.repeat(last.length));
}

function readArgon2(text: string): ForeignHash | undefined {
  const { memory, passes, lanes } = ARGON2.exec(text)?.groups ?? {};
  const [kib, times, threads] = [Number(memory), Number(passes), Number(lanes)];
  const isBearable =
    kib <= ARGON2_MEMORY_KIB_MAX &&
    kib * times <= ARGON2_KIB_PASSES_MAX &&
    times >= 1 &&
    threads >= 1 &&
    threads <= ARGON2_LANES_MAX &&
    kib >= 8 * threads;
  return isBearable ? { kind: 'argon2', text } : undefined;
}

function readBcrypt(text: string): ForeignHash | undefined {
  const cost = Number(BCRYPT.exec(text)?.groups?.['cost']);
  return cost >= BCRYPT_COST.min && cost <= BCRYPT_COST.max ? { kind: 'bcrypt', text } : undefined;
}

function readScrypt(text: string): ForeignHash | undefined {
  const { ln, r, p, salt, hash } = SCRYPT.exec(text)?.groups ?? {};
  const cost = { n: 2 ** Number(ln), r: Number(r), p: Number(p) };
  const isBearable =
    cost.n >= 2 &&
    cost.r >= 1 &&
    cost.p >= 1 &&
    cost.p <= SCRYPT_LANES_MAX &&
    128 * cost.n * cost.r * cost.p <= SCRYPT_BYTES_MAX;
  const bytes = isBearable ? salted(salt, hash) : undefined;
  return bytes && { kind: 'scrypt', cost, ...bytes };
}

function readPbkdf2(text: string): ForeignHash | undefined {
  const django = DJANGO.exec(text)?.groups;
  const groups = django ?? PBKDF2.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const iterations = Number(groups['iterations']);
  const bytes = salted(groups['salt'], groups['hash'], django && 'utf8');
  if (bytes === undefined || iterations < 1 || iterations > PBKDF2_ITERATIONS_MAX) return undefined;
  return { kind: 'pbkdf2', digest: digestOf(groups['digest']), iterations, ...bytes };
}

function readLdap(text: string): ForeignHash | undefined {
  const groups = LDAP.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const digest = digestOf(groups['bits'] && `sha${groups['bits']}`);
  const value = Buffer.from(groups['value'] ?? '', 'base64');
  const length = DIGEST_BYTES[digest];
  const [hash, salt] = [value.subarray(0, length), value.subarray(length)];
  const isSound = hash.length === length && salt.length > 0 && salt.length <= SALT_BYTES_MAX;
  return isSound ? { kind: 'sha', digest, isSaltFirst: false, hash, salt } : undefined;
}

function readSalted(text: string): ForeignHash | undefined {
  const groups = SALTED.exec(text)?.groups;
  const bytes = groups && salted(groups['salt'], groups['hash']);
  if (bytes === undefined) return undefined;
  const digest = digestOf(groups?.['digest']);
  if (bytes.hash.length !== DIGEST_BYTES[digest]) return undefined;
  return { kind: 'sha', digest, isSaltFirst: groups?.['order'] === 'sp', ...bytes };
}

/** SHA-1 where nothing is said, as the formats have it. */
function digestOf(name: string | undefined): Digest {
  return name === 'sha256' || name === 'sha512' ? name : 'sha1';
}

function salted(
  salt: string | undefined,
  hash: string | undefined,
  saltEncoding: 'base64' | 'utf8' = 'base64',
): Salted | undefined {
  if (salt === undefined || hash === undefined) return undefined;
  const bytes = {
    // passlib writes `.` where Base64 has `+`.
    salt: Buffer.from(saltEncoding === 'base64' ? salt.replaceAll('.', '+') : salt, saltEncoding),
    hash: Buffer.from(hash.replaceAll('.', '+'), 'base64'),
  };
  const { length } = bytes.hash;
  const isSound =
    length >= HASH_BYTES.min && length <= HASH_BYTES.max && bytes.salt.length <= SALT_BYTES_MAX;
  return isSound ? bytes : undefined;
}
