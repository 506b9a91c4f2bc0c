import { hash as digest, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';
import type { ForeignHash } from './hash-formats.ts';

const deriveByPbkdf2 = promisify(pbkdf2);
/** What the bounds of `hash-formats.ts` come to, and room for the library's own. */
const SCRYPT_MEMORY_MAX = 300_000_000;

/** Holds a password against a hash of another system, on libuv's threads but for plain digests, which take microseconds. */
export async function verifyForeign(hash: ForeignHash, password: string): Promise<boolean> {
  switch (hash.kind) {
    case 'argon2':
      return await verifyArgon2(hash.text, password);
    case 'bcrypt':
      // bcrypt reads 72 bytes and no more; the hash of ours that follows reads all of them.
      return await verifyBcrypt(password, hash.text);
    case 'scrypt':
      return equal(hash.hash, await deriveByScrypt(hash, password));
    case 'pbkdf2': {
      const { salt, iterations, digest: name } = hash;
      return equal(
        hash.hash,
        await deriveByPbkdf2(password, salt, iterations, hash.hash.length, name),
      );
    }
    case 'sha': {
      const typed = Buffer.from(password);
      const parts = hash.isSaltFirst ? [hash.salt, typed] : [typed, hash.salt];
      return equal(hash.hash, digest(hash.digest, Buffer.concat(parts), 'buffer'));
    }
  }
}

function deriveByScrypt(
  { cost, salt, hash }: Extract<ForeignHash, { kind: 'scrypt' }>,
  password: string,
): Promise<Buffer> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: SCRYPT_MEMORY_MAX };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hash.length, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function equal(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
