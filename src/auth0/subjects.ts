import type { Subjects } from '../subjects/subjects.ts';

/** All clients of all tenants are of this one sector (OpenID Connect Core section 8.1). Nothing is ever fetched there. */
export const SECTOR_URI = 'https://auth0.invalid/';
const SECTOR = new URL(SECTOR_URI).host;
const PREFIX = 'auth0|';

/** `subjects` that know the sector of the tenants, whose names hide nothing. */
export function withAuth0Subjects(subjects: Subjects): Subjects {
  return {
    of: async (sector, accountId) =>
      sector === SECTOR ? auth0Subject(accountId) : await subjects.of(sector, accountId),
    hide: async (sector, sessionUid) =>
      sector === SECTOR ? sessionUid : await subjects.hide(sector, sessionUid),
    reveal: async (sector, hidden) =>
      sector === SECTOR ? hidden : await subjects.reveal(sector, hidden),
  };
}

/** The name of an account at every tenant: people keep it when they come from Auth0 with their ids. */
export function auth0Subject(accountId: string): string {
  return `${PREFIX}${accountId}`;
}

/** The account that is called so at every tenant; undefined: nobody can be. */
export function accountIdOf(subject: string): string | undefined {
  return subject.startsWith(PREFIX) ? subject.slice(PREFIX.length) : undefined;
}
