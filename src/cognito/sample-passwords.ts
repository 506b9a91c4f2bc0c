import type { Accounts } from '../accounts/accounts.ts';
import type { DeclaredPerson } from '../accounts/config.ts';
import type { SrpSecrets } from './srp-secrets.ts';
import { directoryLogin, loginKeyOf, type PoolUser, type Users } from './users.ts';

/** In the dev profile passwords lie in the configuration in clear: whoever is declared so proves theirs from the start. */
export interface SamplePasswords {
  /** The user with a verifier of that password, if it is theirs still. Tried once for each user. */
  tryOut(user: PoolUser): Promise<PoolUser>;
}

export function createSamplePasswords(house: {
  readonly accounts: Pick<Accounts, 'verifyPassword'>;
  readonly isDev: boolean;
  readonly people: readonly DeclaredPerson[];
  readonly srpSecrets: SrpSecrets;
  readonly users: Users;
}): SamplePasswords {
  const { accounts, isDev, people, srpSecrets, users } = house;
  const passwords = new Map(
    people.flatMap(({ username, email, password }) =>
      isDev && password !== undefined
        ? [[loginKeyOf(username ?? email ?? ''), password] as const]
        : [],
    ),
  );
  const tried = new Set<string>();
  return {
    async tryOut(user) {
      const login = directoryLogin(user.account);
      const key = loginKeyOf(login);
      const password = passwords.get(key);
      const attempt = `${user.pool.id} ${key}`;
      if (password === undefined || tried.has(attempt) || srpSecrets.of(user) !== undefined)
        return user;
      // One that was changed meanwhile must not be counted as a guess again and again.
      tried.add(attempt);
      const origin = { address: 'config' };
      const outcome = await accounts.verifyPassword({ login, password, origin });
      if (outcome.kind !== 'verified') return user;
      await srpSecrets.keep(user, password);
      return (await users.byAccount(user.pool, user.account.id)) ?? user;
    },
  };
}
