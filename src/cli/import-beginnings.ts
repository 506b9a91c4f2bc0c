import type { Beginnings } from '../accounts/accounts.ts';
import type { ImportedPerson } from '../accounts/import-format.ts';
import type { Totp } from '../factors/totp.ts';
import { InvalidGroup, type Groups } from '../groups/groups.ts';

/** The rooms that keep what comes with an account. */
export interface BeginningsRooms {
  readonly groups: Pick<Groups, 'beginnings'>;
  readonly totp: Pick<Totp, 'carried'>;
}

const TOTP_EXPECTED =
  'totp: must be a secret in base32 of 80 bits at least, or otpauth://totp/... with SHA-1, six digits and 30 seconds';

/** What comes with the account; nobody is carried without their second factor, or with less than the file gives them. */
export async function beginningsOf(
  { groups, roles, permissions, totp }: ImportedPerson,
  rooms: BeginningsRooms,
): Promise<{ readonly beginnings: readonly Beginnings[]; readonly problems: readonly string[] }> {
  const beginnings: Beginnings[] = [];
  const problems: string[] = [];
  const app = totp === undefined ? undefined : rooms.totp.carried(totp);
  if (app !== undefined) beginnings.push(app);
  else if (totp !== undefined) problems.push(TOTP_EXPECTED);
  if (groups.length + roles.length + permissions.length === 0) return { beginnings, problems };
  try {
    beginnings.push(
      await rooms.groups.beginnings({
        groups,
        roles: roles.map(({ api, name }) => ({ api, name })),
        permissions,
      }),
    );
  } catch (error) {
    if (!(error instanceof InvalidGroup)) throw error;
    problems.push(error.message);
  }
  return { beginnings, problems };
}
