import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeGrants } from '../../../src/provider/store/grant-merge.ts';
import { mergeSessions } from '../../../src/provider/store/session-merge.ts';
import type { JsonObject } from '../../../src/runtime/json.ts';

const CLIENTS = ['a', 'b', 'c', 'd'];

const authorizations = fc.dictionary(
  fc.constantFrom(...CLIENTS),
  fc.record({ grantId: fc.string({ minLength: 1, maxLength: 3 }) }),
);

function session(clients: JsonObject, more: JsonObject = {}): JsonObject {
  return { uid: 'u', accountId: 'alice', ...more, authorizations: clients };
}

describe('a session that two requests changed at once', () => {
  test('has every client that either added', () => {
    fc.assert(
      fc.property(authorizations, authorizations, authorizations, (base, here, there) => {
        const merged = mergeSessions({
          base: session(base),
          ours: session({ ...base, ...here }),
          current: session({ ...base, ...there }),
        });
        const clients = Object.keys((merged['authorizations'] ?? {}) as object);
        const expected = new Set([
          ...Object.keys(base),
          ...Object.keys(here),
          ...Object.keys(there),
        ]);
        expect(new Set(clients)).toEqual(expected);
      }),
    );
  });

  test('forgets a client that one of them signed out, and keeps what the other changed', () => {
    const merged = mergeSessions({
      base: session({ a: { grantId: '1' }, b: { grantId: '2' } }, { acr: 'old' }),
      ours: session({ b: { grantId: '2' } }, { acr: 'old' }),
      current: session({ a: { grantId: '1' }, b: { grantId: '3' } }, { acr: 'new' }),
    });
    expect(merged).toEqual(session({ b: { grantId: '3' } }, { acr: 'new' }));
  });

  test('is ours where nobody else wrote', () => {
    fc.assert(
      fc.property(authorizations, authorizations, (base, ours) => {
        const merged = mergeSessions({
          base: session(base),
          ours: session(ours),
          current: session(base),
        });
        expect(merged['authorizations'] ?? {}).toEqual(ours);
      }),
    );
  });
});

const scopes = fc.array(fc.constantFrom('openid', 'email', 'profile', 'read', 'write'), {
  maxLength: 4,
});
const grant = fc
  .record({ openid: scopes, api: scopes, claims: scopes, exp: fc.nat() })
  .map(({ openid, api, claims, exp }): JsonObject => ({
    kind: 'Grant',
    exp,
    openid: { scope: openid.join(' '), claims },
    resources: { api: api.join(' ') },
  }));

test('a merged grant allows all that either allows, and lives as long as the longer', () => {
  const allowed = (one: JsonObject): Set<string> => {
    const { openid, resources } = one as {
      openid?: { scope?: string; claims?: string[] };
      resources?: { api?: string };
    };
    return new Set(
      [
        ...(openid?.scope ?? '').split(' '),
        ...(openid?.claims ?? []).map((claim) => `claim ${claim}`),
        ...(resources?.api ?? '').split(' ').map((scope) => `api ${scope}`),
      ].filter((word) => word !== '' && word !== 'api '),
    );
  };
  fc.assert(
    fc.property(grant, grant, (kept, added) => {
      const merged = mergeGrants(kept, added);
      expect(allowed(merged)).toEqual(new Set([...allowed(kept), ...allowed(added)]));
      expect(merged['exp']).toBe(Math.max(Number(kept['exp']), Number(added['exp'])));
    }),
  );
});
