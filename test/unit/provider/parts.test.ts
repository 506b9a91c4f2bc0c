import { describe, expect, test } from 'vitest';
import type { Account } from '../../../src/accounts/accounts.ts';
import { claimsConfig } from '../../../src/provider/config.ts';
import { cookieNames } from '../../../src/provider/cookies.ts';
import { createCustomClaims } from '../../../src/provider/custom-claims.ts';
import { isOutage } from '../../../src/provider/outage.ts';
import { indicatorOf, identifierOf, namedResources } from '../../../src/provider/resources.ts';
import { createEndpoints } from '../../../src/provider/routes.ts';
import { heldBy } from '../../../src/groups/ties.ts';
import { createCrowd } from '../../../src/provider/store/crowd.ts';
import { StateFull, StateUnavailable } from '../../../src/storage/state.ts';

describe('cookies', () => {
  test('have the prefixes of https, and on http the name of the issuer', () => {
    expect(cookieNames({ issuer: 'https://id.example.com', namespace: 'main' })).toEqual({
      session: '__Host-main-session',
      interaction: '__Secure-main-interaction',
      resume: '__Secure-main-resume',
    });
    const one = cookieNames({ issuer: 'http://localhost:4000', namespace: 'main' });
    const other = cookieNames({ issuer: 'http://localhost:5000', namespace: 'main' });
    expect(one.session).not.toBe(other.session);
  });
});

describe('paths', () => {
  const { enginePath } = createEndpoints({ issuer: 'https://id.example.com/tenant' }, true);

  test.each([
    ['/tenant/token', '/token'],
    ['/tenant/authorize/Abc_-9', '/authorize/Abc_-9'],
    ['/tenant/register/client.1', '/register/client.1'],
    ['/tenant/logout/confirm', '/logout/confirm'],
  ])('%s is %s to the engine', (path, inner) => {
    expect(enginePath(path)).toBe(inner);
  });

  test.each([
    '/token',
    '/tenant',
    '/tenant/token/',
    '/tenant/Token',
    '/tenant/authorize/a/b',
    '/tenantx/token',
    '/tenant/logout/other',
  ])('%s is nobody’s', (path) => {
    expect(enginePath(path)).toBeUndefined();
  });
});

describe('resources', () => {
  test('with a plain name become a URI for the engine and come back', () => {
    for (const identifier of ['my-api', 'My API/ü', 'https://api.example.com', 'urn:x:y']) {
      expect(URL.canParse(indicatorOf(identifier))).toBe(true);
      expect(identifierOf(indicatorOf(identifier))).toBe(identifier);
    }
  });

  test('are named by resource and by audience, each once', () => {
    expect(namedResources(undefined, undefined)).toBeUndefined();
    expect(namedResources('https://a.example', 'https://a.example')).toBe('https://a.example');
    expect(namedResources('https://a.example', 'b')).toEqual([
      'https://a.example',
      indicatorOf('b'),
    ]);
  });
});

describe('an outage', () => {
  test('is known by its code, also inside of another error; all else is a bug', () => {
    expect(isOutage(new StateUnavailable('x'))).toBe(true);
    expect(isOutage(new Error('outer', { cause: new StateFull('x') }))).toBe(true);
    expect(isOutage(new TypeError('x'))).toBe(false);
    expect(isOutage('x')).toBe(false);
  });
});

describe('a crowd', () => {
  let nowMs = 0;
  const crowd = createCrowd({ nowMs: () => nowMs, rememberMs: 1000 });

  test('is two at once, or one soon after two', () => {
    const leave = crowd.join('a');
    expect(crowd.isCrowded('a')).toBe(false);
    const leaveToo = crowd.join('a');
    expect(crowd.isCrowded('a')).toBe(true);
    leave();
    leaveToo();
    nowMs = 900;
    expect(crowd.isCrowded('a')).toBe(true);
    nowMs = 1100;
    expect(crowd.isCrowded('a')).toBe(false);
  });

  test('is not two who come one after the other', () => {
    crowd.join('b')();
    crowd.join('b');
    expect(crowd.isCrowded('b')).toBe(false);
  });
});

describe('custom claims', () => {
  const account = {
    attributes: { roles: ['admin'], department: 'research', ssn: '1' },
  } as unknown as Account;
  const subject = {
    account,
    held: async () => heldBy({ memberships: [], given: [], permitted: [] }),
  };
  const claims = createCustomClaims(
    claimsConfig.parse({
      custom: [
        { claim: 'roles', attribute: 'roles', in: ['access_token', 'id_token'] },
        { claim: 'dept', attribute: 'department', scopes: ['profile'], clients: ['web'] },
        { claim: 'dept', attribute: 'department', in: ['access_token'], apis: ['https://api'] },
        { claim: 'ssn', attribute: 'ssn' },
      ],
      sensitive: ['ssn'],
    }),
  );
  const audience = { clientId: 'web', scopes: new Set(['openid', 'profile']) };

  test('are told where, to whom and for what the configuration says', async () => {
    expect(await claims.tell(subject, audience, ['userinfo'])).toEqual({
      dept: 'research',
      ssn: '1',
    });
    expect(await claims.tell(subject, { ...audience, clientId: 'spa' }, ['userinfo'])).toEqual({
      ssn: '1',
    });
    expect(await claims.tell(subject, { ...audience, scopes: new Set() }, ['userinfo'])).toEqual({
      ssn: '1',
    });
    expect(await claims.tell(subject, audience, ['access_token'])).toEqual({ roles: ['admin'] });
    const api = { identifier: 'https://api', claims: new Map() } as never;
    expect(await claims.tell(subject, { ...audience, api }, ['access_token'])).toEqual({
      roles: ['admin'],
      dept: 'research',
    });
  });

  test('that are sensitive stand in no token that is not encrypted, whoever asks', async () => {
    const places = ['id_token', 'userinfo'] as const;
    expect(await claims.tell(subject, audience, places)).not.toHaveProperty('ssn');
    const encrypted = { ...audience, isEncrypted: true };
    expect(await claims.tell(subject, encrypted, places)).toHaveProperty('ssn');
    const api = {
      claims: new Map([
        ['number', 'ssn'],
        ['r', 'roles'],
      ]),
    } as never;
    expect(await claims.forApi(subject, { ...audience, api })).toEqual({ r: ['admin'] });
    expect(await claims.forApi(subject, { ...encrypted, api })).toHaveProperty('number');
  });

  const MEMBER = heldBy({
    permitted: [],
    memberships: [
      { of: undefined, group: 'shop-staff' },
      { of: 'shop-staff', group: 'everybody' },
    ],
    given: [
      { to: 'everybody', role: { api: 'https://api', name: 'reader' }, permissions: ['read'] },
      { to: undefined, role: { api: undefined, name: 'guest' }, permissions: ['enter'] },
    ],
  });

  test('of groups, roles and permissions join attributes with what the person is and may do', async () => {
    const member = { account, held: async () => MEMBER };
    const mapped = createCustomClaims(
      claimsConfig.parse({
        custom: [
          { claim: 'g', attribute: 'groups', in: ['id_token'], prefix: 'shop-' },
          { claim: 'roles', attribute: 'roles', in: ['id_token', 'access_token'] },
          { claim: 'may', attribute: 'permissions', in: ['id_token'] },
        ],
      }),
    );
    expect(await mapped.tell(member, audience, ['id_token'])).toEqual({
      g: ['shop-staff'],
      roles: ['admin', 'guest'],
      may: ['enter'],
    });
    const api = { identifier: 'https://api', claims: new Map([['may', 'permissions']]) } as never;
    expect(await mapped.tell(member, { ...audience, api }, ['access_token'])).toEqual({
      roles: ['admin', 'guest', 'reader'],
    });
    expect(await mapped.forApi(member, { ...audience, api })).toEqual({ may: ['read'] });
    expect(await mapped.tell(subject, audience, ['id_token'])).toEqual({ roles: ['admin'] });
  });

  test('that name no group, role or permission read none', async () => {
    const held = (): never => expect.fail('was read');
    expect(await claims.tell({ account, held }, audience, ['userinfo'])).toHaveProperty('dept');
  });
});
