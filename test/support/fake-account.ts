import type { Account, Accounts } from '../../src/accounts/accounts.ts';

/** Somebody of whom little is known, with what a test says of them. */
export function fakeAccount(fields: Partial<Account> & Pick<Account, 'id'>): Account {
  return {
    username: undefined,
    email: undefined,
    emailVerified: false,
    phone: undefined,
    claims: {},
    attributes: {},
    owner: false,
    state: 'active',
    expiresAt: undefined,
    hasPassword: true,
    mustChangePassword: false,
    terms: undefined,
    createdAt: 1_800_000_000,
    updatedAt: 1_800_000_000,
    ...fields,
  };
}

/** The room with what a test needs of it; the rest must not be called. */
export function fakeAccounts(parts: Partial<Accounts>): Accounts {
  const beyond = (): never => {
    throw new Error('the test does not expect that of accounts');
  };
  return {
    find: beyond,
    findByLogin: beyond,
    findByPhone: beyond,
    verifyPassword: beyond,
    list: beyond,
    create: beyond,
    passwordHash: beyond,
    check: beyond,
    checkNewPassword: beyond,
    passwordStrength: beyond,
    setPassword: beyond,
    removePassword: beyond,
    requirePasswordChange: beyond,
    update: beyond,
    checkUpdate: beyond,
    setEmail: beyond,
    verifyEmail: beyond,
    acceptTerms: beyond,
    disable: beyond,
    enable: beyond,
    lock: beyond,
    unlock: beyond,
    setExpiry: beyond,
    delete: beyond,
    limits: beyond,
    resetLimits: beyond,
    close: async () => {},
    ...parts,
  };
}
