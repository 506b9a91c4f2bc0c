import { Readable } from 'node:stream';
import type { Account, Accounts, NewAccount } from '../../../src/accounts/accounts.ts';
import type { Client, Clients, NewClient } from '../../../src/clients/clients.ts';
import { fakeAccount, fakeAccounts } from '../../support/fake-account.ts';

/** Accounts in memory, with the passwords that were set. */
export interface FakeAccounts extends Accounts {
  readonly passwords: ReadonlyMap<string, string>;
}

export function createFakeAccounts(): FakeAccounts {
  const people = new Map<string, Account>();
  const passwords = new Map<string, string>();
  const change = (id: string, fields: Partial<Account>): boolean => {
    const account = people.get(id);
    if (account) people.set(id, { ...account, ...fields });
    return account !== undefined;
  };
  return {
    ...fakeAccounts({}),
    passwords,
    find: async (id) => people.get(id),
    findByLogin: async (login) =>
      [...people.values()].find(({ email, username }) => login === email || login === username),
    verifyPassword: async () => ({ kind: 'refused' }),
    list: async ({ after = '', limit }) =>
      [...people.values()].filter(({ id }) => id > after).slice(0, limit),
    create: async (fields) => {
      const account = accountOf(`acc-${people.size + 1}`, fields);
      people.set(account.id, account);
      if (fields.password !== undefined) passwords.set(account.id, fields.password);
      return account;
    },
    setPassword: async (id, password) => {
      passwords.set(id, password);
      return people.has(id);
    },
    disable: async (id) => change(id, { state: 'disabled' }),
    enable: async (id) => change(id, { state: 'active' }),
  };
}

function accountOf(id: string, fields: NewAccount): Account {
  return fakeAccount({
    id,
    username: fields.username,
    email: fields.email,
    emailVerified: fields.emailVerified ?? false,
    claims: fields.claims ?? {},
    attributes: fields.attributes ?? {},
    owner: fields.owner ?? false,
    hasPassword: fields.password !== undefined,
  });
}

/** Clients in memory. */
export function createFakeClients(): Clients {
  const clients = new Map<string, Client>();
  return {
    find: async (id) => clients.get(id),
    sharedSecret: async () => undefined,
    keptSecret: async () => undefined,
    verifySecret: () => false,
    list: async () => [...clients.values()],
    pairwise: async () => [],
    create: async (fields) => {
      const client = clientOf(`client-${clients.size + 1}`, fields);
      clients.set(client.id, client);
      const isPublic = client.metadata['token_endpoint_auth_method'] === 'none';
      return { client, secret: isPublic ? undefined : 'first-secret' };
    },
    update: async () => undefined,
    revise: async () => undefined,
    rotateSecret: async (id) => {
      const client = clients.get(id);
      return client && { client, secret: 'second-secret' };
    },
    delete: async (id) => clients.delete(id),
    resealSecrets: async () => 0,
    close: async () => {},
  };
}

function clientOf(standardId: string, { id = standardId, metadata, policy }: NewClient): Client {
  return {
    id,
    metadata,
    secretHash: 'hash-of-the-secret',
    policy: {
      firstParty: false,
      requirePkce: true,
      anyLoopbackPort: false,
      claimsInIdToken: false,
      introspects: [],
      corsOrigins: [],
      ...policy,
    },
    source: 'cli',
    createdAt: 1_800_000_000,
  };
}

/** What a program pipes in. */
export function piped(text: string): Readable {
  return Readable.from([text]);
}
