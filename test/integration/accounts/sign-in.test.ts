import { describe, expect, test } from 'vitest';
import type { PasswordOutcome } from '../../../src/accounts/accounts.ts';
import { StateUnavailable, type State } from '../../../src/storage/state.ts';
import { expectAlike } from '../../support/alike.ts';
import { rounds } from '../../support/counts.ts';
import { ACTOR, CHEAP, openPeople, type People } from './fixture.ts';

const password = 'a long enough password';

async function signIn(
  { accounts }: Pick<People, 'accounts'>,
  login: string,
  typed: string,
  address = '192.0.2.1',
): Promise<PasswordOutcome['kind']> {
  const origin = { address };
  return (await accounts.verifyPassword({ login, password: typed, origin })).kind;
}

async function failTimes(people: People, count: number, address?: string): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await signIn(people, 'alice', 'wrong', address);
  }
}

describe('signing in by password', () => {
  test('the right password is verified, by e-mail address and by username', async () => {
    const people = await openPeople();
    const alice = { username: 'alice', email: 'alice@example.com', password };
    const account = await people.accounts.create(alice, ACTOR);
    for (const login of ['alice', 'Alice@Example.com', ' alice ']) {
      expect(
        await people.accounts.verifyPassword({ login, password, origin: { address: '::1' } }),
      ).toEqual({ kind: 'verified', account });
    }
  });

  test('unknown, wrong, disabled, without a password, and too long all read the same', async () => {
    const people = await openPeople();
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    await people.accounts.create({ username: 'carol' }, ACTOR);
    const bob = await people.accounts.create({ username: 'bob', password }, ACTOR);
    await people.accounts.disable(bob.id, ACTOR);
    const origin = { address: '192.0.2.1' };
    for (const [login, typed] of [
      ['nobody', password],
      ['no body', password],
      ['alice', 'wrong'],
      ['alice', 'x'.repeat(5000)],
      ['alice', ''],
      ['carol', password],
      ['carol', ''],
      ['bob', password],
      ['', ''],
    ] as const) {
      expect(await people.accounts.verifyPassword({ login, password: typed, origin })).toEqual({
        kind: 'refused',
      });
    }
  });

  test('failure is audited, a name that is nobody only by its digest', async () => {
    const people = await openPeople();
    const { id } = await people.accounts.create({ username: 'alice', password }, ACTOR);
    await signIn(people, 'ALICE', password);
    await signIn(people, 'alice', 'wrong');
    await signIn(people, 'my password typed into the wrong field', 'x');
    const [, wrong, unknown] = await people.events();
    expect(wrong).toMatchObject({ reason: 'credentials', accountId: id, login: 'alice' });
    expect(unknown).toMatchObject({ reason: 'credentials', login: /^sha256:.{8}$/ });
    expect(unknown).not.toHaveProperty('accountId');
  });

  test('an old hash is renewed at the next sign-in, once', async () => {
    const people = await openPeople();
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    const hash = async (): Promise<string | null | undefined> =>
      (await people.records.first(people.records.queries.selectFrom('account').selectAll()))
        ?.password_hash;
    const stronger = { accounts: people.open({ argon2: { memoryKib: 8192, iterations: 2 } }) };
    expect(await signIn(stronger, 'alice', 'wrong')).toBe('refused');
    expect(await hash()).toContain('m=7168,t=1');
    expect(await signIn(stronger, 'alice', password)).toBe('verified');
    const renewed = await hash();
    expect(renewed).toContain('m=8192,t=2');
    expect(await signIn(stronger, 'alice', password)).toBe('verified');
    expect(await hash()).toBe(renewed);
  });

  test('beyond the bound of the queue people are asked to come again, and it counts as no failure', async () => {
    const people = await openPeople({
      argon2: { ...CHEAP, atOnce: 1, waitingMax: 2 },
      limits: { perPath: 100 },
    });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => signIn(people, 'alice', password)),
    );
    expect(outcomes.filter((kind) => kind === 'verified').length).toBeGreaterThanOrEqual(3);
    expect(outcomes.filter((kind) => kind === 'busy').length).toBeGreaterThan(5);
    expect(await signIn(people, 'alice', password)).toBe('verified');
  });
});

describe('limits on guessing', () => {
  const limits = {
    perPath: 5,
    perAddress: 12,
    strangers: 20,
    acquaintances: 10,
    overall: 40,
    window: '10m',
  };

  test('a path that failed too often is blocked, until the window has passed', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    await failTimes(people, 5);
    const origin = { address: '192.0.2.1' };
    expect(await people.accounts.verifyPassword({ login: 'alice', password, origin })).toEqual({
      kind: 'throttled',
      retryAfterSeconds: 600,
    });
    people.clock.advance(601);
    expect(await signIn(people, 'alice', password)).toBe('verified');
  });

  test('a name that is nobody is throttled like one that is somebody', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    const kinds = async (login: string, address: string): Promise<readonly string[]> => {
      const outcomes: string[] = [];
      for (let index = 0; index < 8; index += 1) {
        outcomes.push(await signIn(people, login, 'wrong', address));
      }
      return outcomes;
    };
    expect(await kinds('nobody', '192.0.2.2')).toEqual(await kinds('alice', '192.0.2.3'));
  });

  test('a success gives back what was counted', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    for (let round = 0; round < 6; round += 1) {
      await failTimes(people, 4);
      expect(await signIn(people, 'alice', password)).toBe('verified');
    }
  });

  test('a stranger blocks strangers, and not the person at an address they have signed in from', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    expect(await signIn(people, 'alice', password, '198.51.100.7')).toBe('verified');
    for (let index = 0; index < 30; index += 1) {
      await failTimes(people, 1, `203.0.113.${index}`);
    }
    expect(await signIn(people, 'alice', password, '203.0.113.200')).toBe('throttled');
    expect(await signIn(people, 'alice', password, '198.51.100.7')).toBe('verified');
    // And with that success, the person is as good as new everywhere.
    expect(await signIn(people, 'alice', password, '203.0.113.201')).toBe('verified');
  });

  test('failures in a row from strangers are bounded however many addresses and windows they take', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    let evaluated = 0;
    for (let index = 0; index < 60; index += 1) {
      const kind = await signIn(people, 'alice', 'wrong', `203.0.113.${index}`);
      if (kind === 'refused') evaluated += 1;
      people.clock.advance(601);
    }
    expect(evaluated).toBe(20);
  });

  test('an operator clears the failures in a row, by a new password or by enabling', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    const { id } = await people.accounts.create({ username: 'alice', password }, ACTOR);
    const block = async (network: string): Promise<void> => {
      for (let index = 0; index < 21; index += 1) await failTimes(people, 1, `${network}.${index}`);
      people.clock.advance(601);
      expect(await signIn(people, 'alice', password, `${network}.99`)).toBe('throttled');
    };
    await block('203.0.113');
    await people.accounts.enable(id, ACTOR);
    expect(await signIn(people, 'alice', password, '192.0.2.9')).toBe('verified');
    await block('198.51.100');
    await people.accounts.setPassword(id, 'another long password', ACTOR);
    expect(await signIn(people, 'alice', 'another long password', '192.0.2.10')).toBe('verified');
  });

  test('one address cannot try one password on many names; a /64 is one address', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    const kinds: string[] = [];
    for (let index = 0; index < 14; index += 1) {
      kinds.push(await signIn(people, `person-${index}`, 'Winter2026!', `2001:db8::${index + 1}`));
    }
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(12);
    expect(await signIn(people, 'someone', 'Winter2026!', '2001:db8:0:1::1')).toBe('refused');
  });

  test('guesses from everywhere are bounded, and people at known addresses go on', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    expect(await signIn(people, 'alice', password, '198.51.100.7')).toBe('verified');
    const kinds: string[] = [];
    for (let index = 0; index < 45; index += 1) {
      kinds.push(await signIn(people, `person-${index}`, 'guess', `203.0.113.${index}`));
    }
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(40);
    expect(await signIn(people, 'alice', password, '198.51.100.7')).toBe('verified');
  });

  test('many guesses at once do not slip through together', async () => {
    const people = await openPeople({ argon2: { ...CHEAP, waitingMax: 500 }, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, () => signIn(people, 'alice', 'wrong')),
    );
    expect(outcomes.filter((kind) => kind === 'refused')).toHaveLength(5);
    expect(outcomes.filter((kind) => kind === 'throttled')).toHaveLength(59);
  });

  test('knocking at a blocked path uses up nothing of what others have', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    await failTimes(people, 60, '192.0.2.1');
    expect(await signIn(people, 'nobody', 'x', '192.0.2.1')).toBe('refused');
    expect(await signIn(people, 'alice', password, '192.0.2.2')).toBe('verified');
  });

  test('of a blocked path the first refusal is audited, not the thousandth', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    await failTimes(people, 40);
    const throttled = (await people.events()).filter(({ reason }) => reason === 'throttled');
    expect(throttled).toHaveLength(1);
    expect(throttled[0]).toMatchObject({ type: 'sign_in.failed', login: 'alice' });
  });

  test('when state cannot count, nobody is let in', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    const down: State = {
      ...people.state,
      count: async () => await Promise.reject(new StateUnavailable('down')),
    };
    const accounts = people.open({ argon2: CHEAP, limits }, down);
    await expect(signIn({ accounts }, 'alice', password)).rejects.toThrow(StateUnavailable);
  });

  test('a limit holds over two nodes on one store', async () => {
    const people = await openPeople({ argon2: CHEAP, limits });
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    const other = { accounts: people.open({ argon2: CHEAP, limits }) };
    const kinds: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      kinds.push(await signIn(people, 'alice', 'wrong'), await signIn(other, 'alice', 'wrong'));
    }
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(5);
  });
});

describe('who exists cannot be told from the work done', () => {
  const logins = ['alice', 'nobody', 'bob', 'carol'] as const;

  async function openKinds(settings: object = {}): Promise<People> {
    const people = await openPeople({
      limits: { perPath: 100, perAddress: 100_000, overall: 10_000_000 },
      ...settings,
    });
    const bob = await people.accounts.create({ username: 'bob', password }, ACTOR);
    await people.accounts.disable(bob.id, ACTOR);
    await people.accounts.create({ username: 'alice', password }, ACTOR);
    await people.accounts.create({ username: 'carol' }, ACTOR);
    return people;
  }

  test('known, unknown, disabled and without a password take the same steps at the stores', async () => {
    const people = await openKinds({ argon2: CHEAP });
    const steps = new Map<string, string[]>();
    for (const login of logins) {
      const taken: string[] = [];
      const note = <Verb extends (...given: never[]) => unknown>(verb: Verb): Verb =>
        ((...given: Parameters<Verb>) => {
          taken.push(verb.name);
          return verb(...given);
        }) as unknown as Verb;
      const { get, count, put } = people.state;
      const watched = { ...people.state, get: note(get), count: note(count), put: note(put) };
      const accounts = people.open({ argon2: CHEAP }, watched);
      const before = (await people.events()).length;
      expect(await signIn({ accounts }, login, 'wrong', '192.0.2.50')).toBe('refused');
      taken.push(`${(await people.events()).length - before} event`);
      steps.set(login, taken);
    }
    expect(new Set([...steps.values()].map((taken) => taken.join())).size).toBe(1);
    expect(steps.get('nobody')).toEqual([
      'get',
      ...Array.from({ length: 5 }, () => 'count'),
      '1 event',
    ]);
  });

  /** Milliseconds on the processor for a sign-in of each, of all threads: on a busy machine the clock on the wall tells nothing. */
  async function millisecondsOf(people: People): Promise<Readonly<Record<string, number>>> {
    const times = new Map<string, number[]>(logins.map((login) => [login, []]));
    for (let round = 0; round < rounds(16, 400); round += 1) {
      // In turns, so that whatever else the machine does falls on all of them alike.
      const order = [...logins.slice(round % 4), ...logins.slice(0, round % 4)];
      for (const login of order) {
        const before = process.cpuUsage();
        await signIn(people, login, 'wrong', `10.0.0.${round % 4}`);
        const { user, system } = process.cpuUsage(before);
        times.get(login)?.push((user + system) / 1000);
      }
      people.clock.advance(86_400 * 31);
    }
    return Object.fromEntries([...times].map(([login, taken]) => [login, quantile(taken, 0.25)]));
  }

  test('known, unknown, disabled and without a password cost the same time', async () => {
    const people = await openKinds();
    await expectAlike(rounds(1.2, 1.05), async () => {
      const costs = await millisecondsOf(people);
      expect(Math.min(...Object.values(costs))).toBeGreaterThan(5);
      return costs;
    });
  });
});

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}
