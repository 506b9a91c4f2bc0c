import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BadEncoding } from '../../../src/client-certificates/der-reader.ts';
import { readRevocationLists } from '../../../src/client-certificates/revocation-list.ts';
import { isTrusted } from '../../../src/client-certificates/trust.ts';
import {
  CLIENT_AUTH,
  createTestAuthority,
  selfSigned,
  SERVER_AUTH,
  type Issued,
  type Wish,
} from '../../support/certificates.ts';

const authority = createTestAuthority('Clients');
const other = createTestAuthority('Clients');
const now = Math.floor(Date.now() / 1000);

function trusted(
  { cert }: Issued,
  by: {
    readonly authority?: Issued;
    readonly lists?: readonly string[];
    readonly at?: number;
  } = {},
): boolean {
  const authorities = [new X509Certificate((by.authority ?? authority).cert)];
  const lists = by.lists?.flatMap(readRevocationLists);
  return isTrusted(new X509Certificate(cert), { authorities, lists }, by.at ?? now);
}

describe('a certificate of a client', () => {
  test.each<[string, Wish]>([
    ['of a known authority', {}],
    ['for TLS clients', { uses: [SERVER_AUTH, CLIENT_AUTH] }],
  ])('%s is trusted', (_, wish) => {
    expect(trusted(authority.issue(wish))).toBe(true);
  });

  test.each<[string, Issued]>([
    ['of an authority of the same name', other.issue()],
    ['that stands for itself', selfSigned()],
    ['that is over', authority.issue({ notAfter: now - 1 })],
    ['that is not good yet', authority.issue({ notBefore: now + 60 })],
    ['for servers alone', authority.issue({ uses: [SERVER_AUTH] })],
    ['of an authority itself', authority.issue({ isAuthority: true })],
    ['that is the authority', authority],
    ['with an extension that must be known', authority.issue({ critical: ['1.2.3.4'] })],
  ])('%s is not', (_, issued) => {
    expect(trusted(issued)).toBe(false);
  });

  test('is not once its authority is over', () => {
    const old = createTestAuthority('Old', { notAfter: now - 1 });
    expect(trusted(old.issue(), { authority: old })).toBe(false);
  });

  test('signed by an intermediate is trusted where the intermediate is named, and only there', () => {
    const client = authority.issue();
    expect(trusted(client, { authority: other })).toBe(false);
  });
});

describe('a list of revoked certificates', () => {
  const good = authority.issue();
  const bad = authority.issue();

  test('takes trust from those on it, and from nobody else', () => {
    const lists = [authority.revocationList([bad])];
    expect(trusted(good, { lists })).toBe(true);
    expect(trusted(bad, { lists })).toBe(false);
  });

  test('that revokes nobody is a list', () => {
    expect(trusted(good, { lists: [authority.revocationList([])] })).toBe(true);
  });

  test.each<[string, readonly string[]]>([
    ['is missing', []],
    ['is over', [authority.revocationList([], { nextUpdate: now - 1 })]],
    ['is of another authority', [other.revocationList([])]],
  ])('that %s leaves nobody trusted', (_, lists) => {
    expect(trusted(good, { lists })).toBe(false);
  });

  test('of several, one is enough to revoke', () => {
    const lists = [authority.revocationList([]), authority.revocationList([bad])];
    expect(trusted(bad, { lists })).toBe(false);
  });

  test('that is a part of one is refused', () => {
    const delta = authority.revocationList([], { critical: '2.5.29.27' });
    expect(() => readRevocationLists(delta)).toThrow(BadEncoding);
  });
});
