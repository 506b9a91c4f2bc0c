import { describe, expect, test } from 'vitest';
import { readSearch } from '../../../src/auth0/management/lucene.ts';

const ANN = {
  email: 'Ann@example.com',
  email_verified: true,
  name: 'Ann "the fan" Smith',
  logins_count: 3,
  last_login: '2026-11-26T17:00:00.000Z',
  user_metadata: { plan: 'Gold', nested: { colour: 'red' }, tags: ['a', 'b'] },
  identities: [{ connection: 'Username-Password-Authentication' }],
};

describe('searches for users', () => {
  test.each([
    ['email:"ann@example.com"', true],
    ['email:ann@example.com', true],
    ['email:"ann@example"', false],
    ['name:*smith', true],
    ['name:ann*', true],
    ['name:*the*fan*', true],
    ['name:*fan*the*', false],
    ['name:"*smith"', false],
    [String.raw`name:"Ann \"the fan\" Smith"`, true],
    ['email_verified:true', true],
    ['logins_count:3', true],
    ['user_metadata.plan:"gold"', true],
    ['user_metadata.nested.colour:red', true],
    ['user_metadata.tags:b', true],
    ['user_metadata:gold', false],
    ['user_metadata.constructor:*', false],
    ['identities.connection:"Username-Password-Authentication"', true],
    ['email:*@example.com AND user_metadata.plan:silver', false],
    ['email:nobody OR user_metadata.plan:gold', true],
    ['email:nobody AND name:x OR logins_count:3 AND email_verified:true', true],
    ['name:a*a', false],
    ['logins_count:[1 TO 3]', true],
    ['logins_count:[10 TO *]', false],
    ['last_login:[2026-11-01 TO 2026-11-26]', true],
    ['last_login:[2026-11-26T18:00:00Z TO *]', false],
    ['last_login:[* TO 2026-11-25]', false],
    ['blocked_at:[* TO *]', false],
  ])('%s', (q, isFound) => {
    expect(readSearch(q).matches(ANN)).toBe(isFound);
  });

  test.each([
    'ann',
    'email:',
    'NOT email:a',
    'email:a email:b',
    'email:a AND',
    'AND email:a',
    '(email:a)',
    'logins_count:[1 TO]',
    'logins_count:{1 TO 3}',
    'logins_count:>1',
    'name:jo~1',
    'name:j?n',
    '_exists_:email AND -email:a',
    `email:${'*a'.repeat(9)}`,
    `email:${'a'.repeat(1000)}`,
    Array.from({ length: 30 }, () => 'email:a').join(' OR '),
  ])('%s is refused, and told what would not be', (q) => {
    expect(() => readSearch(q)).toThrow(/^q: .*what is known here: field:value/u);
  });

  test('tell what everybody who is found has of a field', () => {
    expect(readSearch('email:"Ann@x.io" AND name:a*').exactly('email')).toEqual(['Ann@x.io']);
    expect(readSearch('email:a OR email:b AND name:c').exactly('email')).toEqual(['a', 'b']);
    expect(readSearch('email:a*').exactly('email')).toBeUndefined();
    expect(readSearch('email:a OR name:b').exactly('email')).toBeUndefined();
    const dated = 'date:[2026-01-01T00:00:00Z TO *]';
    const range = { low: '2026-01-01T00:00:00Z', high: undefined };
    expect(readSearch(`type:s AND ${dated}`).between('date')).toMatchObject(range);
    expect(readSearch(`type:s OR ${dated}`).between('date').low).toBeUndefined();
    expect([...readSearch(`type:s OR ${dated}`).fields]).toEqual(['type', 'date']);
  });
});
