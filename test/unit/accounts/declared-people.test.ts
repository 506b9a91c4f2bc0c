import { expect, test } from 'vitest';
import { peopleConfig } from '../../../src/accounts/config.ts';
import { planPeople, type Memory } from '../../../src/accounts/declared-people.ts';

const people = (list: readonly object[]): ReturnType<typeof peopleConfig.parse> =>
  peopleConfig.parse(list);
const alice = { username: 'alice', password: 'latchkey-dev' };
const bob = { email: 'bob@example.com', password: 'latchkey-dev' };

function remembered(list: readonly object[], before: Memory = {}): Memory {
  return planPeople(people(list), before).memory;
}

test('people are made once', () => {
  const first = planPeople(people([alice, bob]), {});
  expect(first.changes.map(({ kind }) => kind)).toEqual(['create', 'create']);
  expect(planPeople(people([alice, bob]), first.memory).changes).toEqual([]);
});

test('the order in which people stand does not matter', () => {
  expect(planPeople(people([bob, alice]), remembered([alice, bob])).changes).toEqual([]);
});

test('an id is derived from the sign-in name and stays the same from start to start', () => {
  const [one] = planPeople(people([alice]), {}).changes;
  const [other] = planPeople(people([{ ...alice, username: 'ALICE', owner: true }]), {}).changes;
  expect(one?.id).toMatch(/^p[\w-]{22}$/);
  expect(other?.id).toBe(one?.id);
});

test('a new password is told from a new name', () => {
  const before = remembered([alice]);
  const renamed = planPeople(people([{ ...alice, claims: { name: 'Alice' } }]), before);
  expect(renamed.changes).toMatchObject([{ isIdentityChanged: true, isPasswordChanged: false }]);
  const rekeyed = planPeople(people([{ ...alice, password: 'other password' }]), before);
  expect(rekeyed.changes).toMatchObject([{ isIdentityChanged: false, isPasswordChanged: true }]);
});

test('who is taken out is dismissed once, and comes back when declared again', () => {
  const without = planPeople(people([alice]), remembered([alice, bob]));
  expect(without.changes).toMatchObject([{ kind: 'dismiss' }]);
  expect(planPeople(people([alice]), without.memory).changes).toEqual([]);
  const back = planPeople(people([alice, bob]), without.memory);
  expect(back.changes).toMatchObject([
    { kind: 'update', isBack: true, isIdentityChanged: false, isPasswordChanged: false },
  ]);
});

test('what is remembered holds no password', () => {
  expect(JSON.stringify(remembered([alice, bob]))).not.toContain('latchkey-dev');
});
