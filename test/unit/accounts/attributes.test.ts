import { describe, expect, test } from 'vitest';
import { createAttributeSchema } from '../../../src/accounts/attributes.ts';
import { accountsConfig } from '../../../src/accounts/attributes-config.ts';
import { settingsSchema, withSensitiveAttributes } from '../../../src/settings.ts';

const { attributes } = accountsConfig.parse({
  attributes: [
    { name: 'department', type: 'string', required: true, pattern: '[A-Z]{2}\\d', max: 3 },
    { name: 'level', type: 'number' },
    { name: 'remote', type: 'boolean', editableBy: 'person' },
    { name: 'joined', type: 'date' },
    { name: 'size', type: 'enum', values: ['S', 'M'], editableBy: 'person' },
    { name: 'hobbies', type: 'list', editableBy: 'person' },
    { name: 'sites', type: 'list', values: ['Bonn', 'Kiel'] },
  ],
});
const schema = createAttributeSchema(attributes);
const department = 'AB1';

test('values of their types are taken', () => {
  expect(
    schema.problems({
      department,
      level: 3,
      remote: false,
      joined: '2024-02-29',
      size: 'M',
      hobbies: ['chess', 'running'],
      sites: ['Kiel'],
    }),
  ).toEqual([]);
});

test.each([
  [{}, 'department: is missing'],
  [{ department: 'ab1' }, 'must match'],
  [{ department: 'AB1\n' }, '1 to 3 characters'],
  [{ department: 1 }, 'must be text'],
  [{ department, level: '3' }, 'level: must be a number'],
  [{ department, remote: 'yes' }, 'remote: must be true or false'],
  [{ department, joined: '2023-02-29' }, 'joined: must be a date'],
  [{ department, joined: '2023-2-9' }, 'joined: must be a date'],
  [{ department, size: 'XL' }, 'size: must be one of S, M'],
  [{ department, hobbies: 'chess' }, 'hobbies: must be a list'],
  [{ department, hobbies: ['chess', 1] }, 'hobbies: must be a list of texts'],
  [{ department, hobbies: [''] }, 'hobbies: must have 1 to 200 characters'],
  [{ department, sites: ['Rom'] }, 'sites: must have no entries but Bonn, Kiel'],
  [{ department, isAdmin: true }, 'isAdmin: is not declared'],
])('%j is refused', (given, problem) => {
  const problems = schema.problems(given);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(problem);
});

test('people change what is theirs to change, operators everything', () => {
  expect(schema.notForEditor({ size: 'S', hobbies: null }, 'person')).toEqual([]);
  expect(schema.notForEditor({ level: 9, isAdmin: true }, 'person')).toEqual([
    'attributes.level: cannot be changed by the person',
    'attributes.isAdmin: cannot be changed by the person',
  ]);
  expect(schema.notForEditor({ level: 9 }, 'operator')).toEqual([]);
});

test('with none declared operators write what they like, within a size, and people nothing', () => {
  const open = createAttributeSchema([]);
  expect(open.problems({ anything: { deep: [1] } })).toEqual([]);
  expect(open.problems({ notes: 'x'.repeat(20_000) })).toEqual(['attributes: are too large']);
  expect(open.notForEditor({ anything: 1 }, 'person')).toHaveLength(1);
});

test.each([
  [{ name: 'size', type: 'enum' }, 'values'],
  [{ name: '__proto__', type: 'string' }, 'name'],
  [{ name: 'a', type: 'string', pattern: '(' }, 'pattern'],
])('the declaration %j is refused', (one, field) => {
  const { error } = accountsConfig.safeParse({ attributes: [one] });
  expect(error?.issues.map(({ path }) => path.at(-1))).toContain(field);
});

test('a name is declared once', () => {
  const twice = { name: 'a', type: 'string' };
  expect(accountsConfig.safeParse({ attributes: [twice, twice] }).success).toBe(false);
});

describe('a sensitive attribute', () => {
  const sensitive = { attributes: [{ name: 'diet', type: 'string', sensitive: true }] };

  test('is told at userinfo alone, like those that the claims name', () => {
    const custom = [{ claim: 'diet', attribute: 'diet', in: ['userinfo'] }];
    const settings = settingsSchema.parse({ accounts: sensitive, claims: { custom } });
    expect(withSensitiveAttributes(settings).claims.sensitive).toEqual(['diet']);
  });

  test('is refused in tokens, by claims and by APIs', () => {
    const { error } = settingsSchema.safeParse({
      accounts: sensitive,
      claims: { custom: [{ claim: 'diet', attribute: 'diet', in: ['id_token'] }] },
      apis: [{ identifier: 'https://api.example', name: 'API', claims: { diet: 'diet' } }],
    });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([
      'apis.0',
      'claims.custom.0.in',
    ]);
  });
});
