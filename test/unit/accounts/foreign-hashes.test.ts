import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { hash as argon2 } from '@node-rs/argon2';
import { hash as bcrypt } from '@node-rs/bcrypt';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyForeign } from '../../../src/accounts/foreign-hashes.ts';
import { decoyOf, isKnownHash, parseForeignHash } from '../../../src/accounts/hash-formats.ts';
import { rounds } from '../../support/counts.ts';

const password = 'päss word 1';
const salt = Buffer.from('0123456789abcdef');

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

function digest(algorithm: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function pbkdf2(algorithm: string, of: string | Buffer = salt): string {
  return base64(pbkdf2Sync(password, of, 1000, 32, algorithm));
}

const scrypt = scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
const cost = { memoryCost: 8192, timeCost: 1, parallelism: 2 };

/** One of each format, as the systems that write them do. */
const HASHES: Readonly<Record<string, string>> = {
  argon2id: await argon2(password, { ...cost, algorithm: 2 }),
  argon2i: await argon2(password, { ...cost, algorithm: 1 }),
  argon2d: await argon2(password, { ...cost, algorithm: 0 }),
  bcrypt: await bcrypt(password, 4),
  'bcrypt as PHP writes it': (await bcrypt(password, 4)).replace('$2b', '$2y'),
  scrypt: `$scrypt$ln=10,r=8,p=1$${base64(salt)}$${base64(scrypt)}`,
  'PBKDF2 with SHA-1 (passlib)': `$pbkdf2$1000$${base64(salt).replaceAll('+', '.')}$${pbkdf2('sha1').replaceAll('+', '.')}`,
  'PBKDF2 with SHA-256 (passlib)': `$pbkdf2-sha256$1000$${base64(salt)}$${pbkdf2('sha256').replaceAll('+', '.')}`,
  'PBKDF2 with SHA-512 (PHC)': `$pbkdf2-sha512$i=1000,l=32$${base64(salt)}$${pbkdf2('sha512')}`,
  'PBKDF2 (Django)': `pbkdf2_sha256$1000$somesalt$${pbkdf2('sha256', Buffer.from('somesalt'))}=`,
  'SSHA (LDAP)': `{SSHA}${Buffer.concat([digest('sha1', password, salt), salt]).toString('base64')}`,
  'SSHA256 (LDAP)': `{SSHA256}${Buffer.concat([digest('sha256', password, salt), salt]).toString('base64')}`,
  'SSHA512 (LDAP)': `{SSHA512}${Buffer.concat([digest('sha512', password, salt), salt]).toString('base64')}`,
  'SHA-1, salt first': `$sha1$o=sp$${base64(salt)}$${base64(digest('sha1', salt, password))}`,
  'SHA-256, salt behind': `$sha256$o=ps$${base64(salt)}$${base64(digest('sha256', password, salt))}`,
  'SHA-512, salt first': `$sha512$o=sp$${base64(salt)}$${base64(digest('sha512', salt, password))}`,
};

async function verify(text: string, typed: string): Promise<boolean | undefined> {
  const hash = parseForeignHash(text);
  return hash && (await verifyForeign(hash, typed));
}

describe('hashes of other systems', () => {
  test.each(Object.entries(HASHES))('%s is held against its password', async (_, text) => {
    expect(isKnownHash(text)).toBe(true);
    expect(await verify(text, password)).toBe(true);
    expect(await verify(text, 'pass word 1')).toBe(false);
  });

  test.each(Object.entries(HASHES))(
    'a decoy of %s costs the same and is nobody’s',
    async (_, text) => {
      const decoy = decoyOf(text);
      expect(decoy).toHaveLength(text.length);
      expect(isKnownHash(decoy)).toBe(true);
      expect(await verify(decoy, password)).toBe(false);
    },
  );

  test.each([
    ['bcrypt of cost 15', `$2b$15$${'a'.repeat(53)}`],
    ['Argon2 with 2 GiB', `$argon2id$v=19$m=2097152,t=1,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`],
    [
      'Argon2 with 256 MiB ten times',
      `$argon2i$v=19$m=262144,t=10,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`,
    ],
    ['scrypt with 1 GiB', `$scrypt$ln=20,r=8,p=1$${base64(salt)}$${base64(scrypt)}`],
    ['scrypt with no memory at all', `$scrypt$ln=0,r=8,p=1$${base64(salt)}$${base64(scrypt)}`],
    ['PBKDF2 with ten million rounds', `$pbkdf2-sha256$10000000$${base64(salt)}$${base64(scrypt)}`],
    ['PBKDF2 with none', `$pbkdf2-sha256$0$${base64(salt)}$${base64(scrypt)}`],
    ['a digest of another length', `$sha256$o=sp$${base64(salt)}$${base64(scrypt.subarray(1))}`],
    ['SSHA without a salt', `{SSHA}${digest('sha1', password).toString('base64')}`],
    ['an unsalted digest', digest('md5', password).toString('hex')],
    ['crypt with MD5', '$1$salt$qJH7.N4xYta3aEG/dfqo/0'],
    ['clear text', password],
    ['nothing', ''],
    ['a megabyte', `$2b$10$${'a'.repeat(1_000_000)}`],
  ])('%s is refused', (_, text) => {
    expect(isKnownHash(text)).toBe(false);
  });

  test('whatever is read can be verified, and nothing that is written makes that fail', async () => {
    const marks = fc.constantFrom(
      ...Object.values(HASHES).flatMap((text) => text.split(/(?=[$={},])/)),
    );
    const texts = fc.array(marks, { minLength: 2, maxLength: 6 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect([true, false, undefined]).toContain(await verify(text, 'x'));
      }),
      { numRuns: rounds(200, 5000) },
    );
  });
});
