import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readImportLine } from '../../../src/accounts/import-format.ts';
import { rounds } from '../../support/counts.ts';

describe('a line of a file of people', () => {
  test('goes by our names and by those of others', () => {
    const line = {
      user_id: 'auth0|1',
      userName: 'ada',
      email: 'ada@example.com',
      email_verified: true,
      password_hash: '$2b$10$x',
      blocked: true,
      given_name: 'Ada',
      preferred_username: 'Ada L.',
      claims: { family_name: 'Lovelace' },
      expiresAt: '2030-01-01T01:00:00+01:00',
      nickname: null,
      created_at: '2020-01-01T00:00:00Z',
      groups: ['lab'],
      roles: ['keeper', { name: 'reader', api: 'https://api.example.com' }],
      permissions: [{ name: 'write', api: 'https://api.example.com' }],
      totp: 'JBSWY3DPEHPK3PXP',
    };
    expect(readImportLine(JSON.stringify(line))).toEqual({
      ok: true,
      account: {
        id: 'auth0|1',
        username: 'ada',
        email: 'ada@example.com',
        emailVerified: true,
        passwordHash: '$2b$10$x',
        disabled: true,
        expiresAt: 1_893_456_000,
        createdAt: 1_577_836_800,
        claims: { given_name: 'Ada', preferred_username: 'Ada L.', family_name: 'Lovelace' },
      },
      groups: ['lab'],
      roles: [{ name: 'keeper' }, { name: 'reader', api: 'https://api.example.com' }],
      permissions: [{ name: 'write', api: 'https://api.example.com' }],
      totp: 'JBSWY3DPEHPK3PXP',
      lost: [],
    });
  });

  test('names what has no place here, a password in clear among it', () => {
    const read = readImportLine('{"email":"a@example.com","password":"secret","logins":3}');
    expect(read).toMatchObject({ ok: true, lost: ['password', 'logins'] });
    expect(JSON.stringify(read)).not.toContain('secret');
  });

  test.each([
    ['', 'is no JSON object'],
    ['[]', 'is no JSON object'],
    ['{', 'is no JSON object'],
    ['{"email":1}', 'email: '],
    ['{"expiresAt":"soon"}', 'expiresAt: '],
    ['{"groups":"lab"}', 'groups: '],
    ['{"roles":[{"api":"x"}]}', 'roles.0: '],
    ['{"permissions":["write"]}', 'permissions.0: '],
    [`{"email":"${'x'.repeat(70_000)}"}`, 'is too long'],
  ])('%.20s is refused', (line, problem) => {
    const read = readImportLine(line);
    expect(read.ok ? [] : read.problems).toEqual([expect.stringContaining(problem)]);
  });

  test('whatever it holds, it is read or refused, and sets nothing that it does not name', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        const read = readImportLine(line);
        if (read.ok) expect(read.account.owner).toBeUndefined();
      }),
      { numRuns: rounds(300, 20_000) },
    );
    const hostile = readImportLine('{"__proto__":{"owner":true},"constructor":1}');
    expect(hostile).toMatchObject({ ok: true, lost: ['constructor'] });
    expect(hostile.ok && hostile.account.owner).toBeUndefined();
  });
});
