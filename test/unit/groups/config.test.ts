import { describe, expect, test } from 'vitest';
import { apisConfig } from '../../../src/clients/config.ts';
import { groupProblems, groupsConfig, rolesConfig } from '../../../src/groups/config.ts';
import { claimsConfig } from '../../../src/provider/config.ts';

const API = 'https://api.example.com';

function paths(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    return (error as { issues: { path: PropertyKey[] }[] }).issues.map(({ path }) =>
      path.join('.'),
    );
  }
}

describe('groups of the configuration', () => {
  test('may lie in one another, in any order', () => {
    const groups = [{ name: 'staff', groups: ['engineering'] }, { name: 'engineering' }];
    expect(paths(() => groupsConfig.parse(groups))).toEqual([]);
  });

  test.each([
    [
      'a circle',
      [
        { name: 'a', groups: ['b'] },
        { name: 'b', groups: ['a'] },
      ],
      '1.groups.0',
    ],
    ['one in itself', [{ name: 'a', groups: ['a'] }], '0.groups.0'],
    ['one that nobody declares', [{ name: 'a', groups: ['b'] }], '0.groups.0'],
    ['two of one name', [{ name: 'a' }, { name: 'a' }], '1.name'],
    ['a name with a space', [{ name: 'a b' }], '0.name'],
  ])('with %s are refused at its place', (_, groups, path) => {
    expect(paths(() => groupsConfig.parse(groups))).toEqual([path]);
  });
});

describe('roles of the configuration', () => {
  test('of one name belong to different APIs', () => {
    const roles = [{ name: 'reader' }, { name: 'reader', api: API }, { name: 'reader', api: API }];
    expect(paths(() => rolesConfig.parse(roles))).toEqual(['2.name']);
  });

  test('name APIs, permissions and groups that are declared', () => {
    const problems = groupProblems({
      groups: groupsConfig.parse([{ name: 'staff' }]),
      apis: apisConfig.parse([
        { identifier: API, name: 'A', scopes: { read: 'R' }, permissions: { erase: 'E' } },
      ]),
      roles: rolesConfig.parse([
        { name: 'good', api: API, permissions: ['read', 'erase'], groups: ['staff'] },
        { name: 'free', permissions: ['anything'] },
        { name: 'lost', api: 'https://nowhere.example.com' },
        { name: 'wrong', api: API, permissions: ['raed'], groups: ['stuff'] },
      ]),
    });
    expect(problems.map(({ path }) => path.join('.'))).toEqual([
      'roles.2.api',
      'roles.3.permissions.0',
      'roles.3.groups.0',
    ]);
  });
});

test('a prefix is of use with groups, roles and permissions alone', () => {
  const custom = [
    { claim: 'g', attribute: 'groups', prefix: 'shop-' },
    { claim: 'd', attribute: 'department', prefix: 'x' },
  ];
  expect(paths(() => claimsConfig.parse({ custom }))).toEqual(['custom.1.prefix']);
});
