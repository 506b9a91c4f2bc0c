import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { heldBy, type Given, type Membership, type Ties } from '../../../src/groups/ties.ts';
import type { Rights, Step } from '../../../src/groups/groups.ts';

const GROUPS = ['a', 'b', 'c', 'd', 'e', 'f'];
const APIS = [undefined, 'https://one', 'https://two'];

const who = fc.constantFrom(undefined, ...GROUPS);
const membership: fc.Arbitrary<Membership> = fc.record({
  of: who,
  group: fc.constantFrom(...GROUPS),
});
const gift: fc.Arbitrary<Given> = fc
  .record({
    to: who,
    api: fc.constantFrom(...APIS),
    name: fc.constantFrom('reader', 'writer', 'admin'),
    permissions: fc.subarray(['read', 'write', 'delete']),
  })
  .map(({ to, api, name, permissions }) => ({ to, role: { api, name }, permissions }));
const permitted = fc.record({
  api: fc.constantFrom('https://one', 'https://two'),
  name: fc.constantFrom('read', 'write', 'fly'),
});
/** Circles, diamonds, and groups that lead nowhere among them. */
const ties: fc.Arbitrary<Ties> = fc.record({
  memberships: fc.array(membership, { maxLength: 20 }),
  given: fc.array(gift, { maxLength: 8 }),
  permitted: fc.array(permitted, { maxLength: 3 }),
});

/** The same by going over everything until nothing changes. */
function naive({ memberships, given: all, permitted: own }: Ties, api: string | undefined): Rights {
  let groups = new Set<string>();
  for (let before = -1; before !== groups.size;) {
    before = groups.size;
    const reached = memberships.filter(({ of }) => of === undefined || groups.has(of));
    groups = new Set(reached.map(({ group }) => group));
  }
  const mine = all.filter(({ to }) => to === undefined || groups.has(to));
  const sorted = (names: readonly string[]): string[] => [...new Set(names)].toSorted();
  return {
    groups: sorted([...groups]),
    roles: sorted(
      mine
        .filter(({ role }) => role.api === api || role.api === undefined)
        .map(({ role }) => role.name),
    ),
    permissions: sorted([
      ...mine.filter(({ role }) => role.api === api).flatMap(({ permissions }) => permissions),
      ...own.filter((one) => one.api === api).map(({ name }) => name),
    ]),
  };
}

/** Whether the ties lead from one step (the person when there is none) to the next. */
function isTied(
  { memberships, given: all, permitted: own }: Ties,
  from: Step | undefined,
  to: Step,
): boolean {
  const group = from?.kind === 'group' ? from.name : undefined;
  if (from?.kind === 'role')
    return all.some(
      ({ role, permissions }) =>
        role.name === from.name &&
        role.api === from.api &&
        to.kind === 'permission' &&
        to.api === from.api &&
        permissions.includes(to.name),
    );
  if (to.kind === 'permission')
    return from === undefined && own.some((one) => one.name === to.name && one.api === to.api);
  if (to.kind === 'group')
    return memberships.some((one) => one.of === group && one.group === to.name);
  return all.some(
    (one) =>
      one.to === group &&
      to.kind === 'role' &&
      one.role.name === to.name &&
      one.role.api === to.api,
  );
}

describe('what a person is and may do', () => {
  test('is what going over everything again and again finds', () => {
    fc.assert(
      fc.property(ties, fc.constantFrom(...APIS), (some, api) => {
        expect(heldBy(some).rights({ api })).toEqual(naive(some, api));
      }),
    );
  });

  test('is explained exactly when it is so, by ways that lead there without a circle', () => {
    const names = fc.constantFrom(
      ...GROUPS,
      'reader',
      'writer',
      'admin',
      'read',
      'write',
      'delete',
      'fly',
    );
    fc.assert(
      fc.property(ties, names, fc.constantFrom(...APIS), (some, name, api) => {
        const held = heldBy(some);
        const paths = held.explain({ name, api });
        const apis = api === undefined ? APIS : [api];
        const rights = apis.map((one) =>
          naive({ ...some, given: some.given.filter(({ role }) => role.api === one) }, one),
        );
        const isSo = rights.some((one) =>
          [one.groups, one.roles, one.permissions].flat().includes(name),
        );
        expect(paths.length > 0).toBe(isSo);
        for (const path of paths) {
          expect(path.at(-1)?.name).toBe(name);
          path.forEach((step, index) => expect(isTied(some, path[index - 1], step)).toBe(true));
          const keys = path.map((step) => JSON.stringify(step));
          expect(new Set(keys).size).toBe(keys.length);
        }
        const texts = paths.map((path) => JSON.stringify(path));
        expect(new Set(texts).size).toBe(texts.length);
      }),
    );
  });
});

describe('a tangle of groups', () => {
  test('that lie 2,000 deep is followed to its end', () => {
    const memberships = Array.from({ length: 2000 }, (_, depth) => ({
      of: depth === 0 ? undefined : `g${depth - 1}`,
      group: `g${depth}`,
    }));
    const given = [{ to: 'g1999', role: { api: undefined, name: 'deep' }, permissions: [] }];
    const held = heldBy({ memberships, given, permitted: [] });
    expect(held.rights({}).roles).toEqual(['deep']);
    expect(held.explain({ name: 'deep' })[0]).toHaveLength(2001);
  });

  test('with more ways than anybody can read is explained by the twenty shortest', () => {
    // Twelve diamonds in a row: 4096 ways.
    const memberships = Array.from({ length: 12 }, (_, n) => n).flatMap((n) => {
      const of = n === 0 ? undefined : `end${n - 1}`;
      return ['left', 'right'].flatMap((side) => [
        { of, group: `${side}${n}` },
        { of: `${side}${n}`, group: `end${n}` },
      ]);
    });
    const short = { of: undefined, group: 'end11' };
    const some = { memberships: [...memberships, short], given: [], permitted: [] };
    const paths = heldBy(some).explain({ name: 'end11' });
    expect(paths[0]).toEqual([{ kind: 'group', name: 'end11' }]);
    expect(paths.length).toBeLessThanOrEqual(20);
  });
});
