import {
  AccountExists,
  InvalidAccount,
  type Accounts,
  type Beginnings,
  type NewAccount,
} from '../../accounts/accounts.ts';
import { foldUsername } from '../../accounts/login.ts';
import { InvalidGroup, type Groups } from '../../groups/groups.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { CognitoUserTable } from '../../storage/tables.ts';
import { readAttributes, type WantedAttributes } from '../attribute-input.ts';
import { CognitoException } from '../exception.ts';
import { namingMedia, type Pool } from '../pool.ts';
import { insertUser } from '../user-queries.ts';
import { newUserRow, type Users } from '../users.ts';
import type { ExportedUser } from './exported.ts';
import type { Counting } from './report.ts';

/** What users are made with. */
export interface UserRooms {
  readonly accounts: Pick<Accounts, 'check' | 'create' | 'find'>;
  readonly groups: Pick<Groups, 'beginnings'>;
  readonly users: Pick<Users, 'byAccount'>;
  readonly clock: Clock;
}

/** How one export is carried. */
export interface Carrying {
  readonly pool: Pool;
  readonly counting: Counting;
  readonly isDryRun: boolean;
}

const IMPORT: Actor = { by: 'import', origin: { address: 'cli' } };

/**
 * A user of an export, whose `sub` stays. A password is never in it: whoever was confirmed has to set one by a code before they get in
 * (`RESET_REQUIRED`).
 */
export async function importUser(
  given: ExportedUser & { readonly groups: readonly string[] },
  rooms: UserRooms,
  { pool, counting, isDryRun }: Carrying,
): Promise<void> {
  const id = valueOf(given, 'sub');
  const refuse = (problem: string): void => counting.refuse('users', given.Username, problem);
  if (id === undefined) return refuse('has no attribute sub');
  if ((await rooms.users.byAccount(pool, id)) !== undefined)
    return counting.count('users', 'present');
  const read = attributesOf(given, pool);
  if (typeof read === 'string') return refuse(read);
  const account = accountOf(given, id, read.wanted);
  const problems = await rooms.accounts.check(account);
  if (problems.length > 0) return refuse(problems.join('; '));
  if (!isDryRun) {
    const problem = await make({ given, account, wanted: read.wanted, pool }, rooms);
    if (problem !== undefined) return refuse(problem);
  }
  counting.count('users', 'made');
  counting.lose(read.lost);
  if (account.emailVerified !== true) counting.unreachable();
}

/** Attributes as the pool has them, and the names of those that it has not. */
function attributesOf(
  { Attributes: given, MFAOptions }: ExportedUser,
  pool: Pool,
): { readonly wanted: WantedAttributes; readonly lost: readonly string[] } | string {
  const own = new Set(pool.attributes.map(({ name }) => `custom:${name}`));
  const isKnown = ({ Name }: { readonly Name: string }): boolean =>
    Name !== 'identities' && (!/^(?:custom|dev):/.test(Name) || own.has(Name));
  const lost = given.filter((one) => !isKnown(one)).map(({ Name }) => Name);
  try {
    const kept = given.filter((one) => one.Name !== 'sub' && isKnown(one));
    const wanted = readAttributes(kept, { pool, by: 'operator' });
    return { wanted, lost: [...lost, ...(MFAOptions?.length ? ['MFAOptions'] : [])] };
  } catch (error) {
    if (error instanceof CognitoException) return error.message;
    throw error;
  }
}

function accountOf(given: ExportedUser, id: string, wanted: WantedAttributes): NewAccount {
  const { Username: name, UserCreateDate: createdAt, Enabled: isEnabled } = given;
  const isVerified = wanted.emailVerified === true && typeof wanted.email === 'string';
  return {
    id,
    username: foldUsername(name) === undefined ? id : name,
    ...(isVerified && { email: wanted.email ?? undefined, emailVerified: true }),
    claims: Object.fromEntries(Object.entries(wanted.claims).filter(([, value]) => value !== null)),
    disabled: !isEnabled,
    createdAt,
  };
}

/** Account, user of the pool and groups in one transaction. Gives why not. */
async function make(
  made: {
    readonly given: ExportedUser & { readonly groups: readonly string[] };
    readonly account: NewAccount;
    readonly wanted: WantedAttributes;
    readonly pool: Pool;
  },
  { accounts, groups, clock }: UserRooms,
): Promise<string | undefined> {
  const { given, account, wanted, pool } = made;
  const ofPool: Beginnings = {
    statements: (queries, accountId) => [
      insertUser(queries, rowOf({ given, wanted, pool, accountId, now: clock.now() })),
    ],
    record: async () => undefined,
  };
  try {
    const ofGroups = await groups.beginnings({ groups: given.groups, roles: [] });
    await accounts.create(account, IMPORT, [ofPool, ofGroups]);
    return undefined;
  } catch (error) {
    if (
      error instanceof InvalidAccount ||
      error instanceof AccountExists ||
      error instanceof InvalidGroup
    )
      return error.message;
    throw error;
  }
}

function rowOf(made: {
  readonly given: ExportedUser;
  readonly wanted: WantedAttributes;
  readonly pool: Pool;
  readonly accountId: string;
  readonly now: number;
}): CognitoUserTable {
  const { given, wanted, pool, accountId, now } = made;
  const { email, emailVerified, custom } = wanted;
  const waiting = typeof email === 'string' && emailVerified !== true ? email : undefined;
  const values = Object.entries(custom).filter(([, value]) => value !== null);
  return newUserRow({
    pool,
    accountId,
    username: given.Username,
    typed: typedBy(wanted, pool) ?? given.Username,
    now,
    status: given.UserStatus === 'UNCONFIRMED' ? 'UNCONFIRMED' : 'RESET_REQUIRED',
    attributes: JSON.stringify({
      custom: Object.fromEntries(values),
      ...(waiting !== undefined && { email: waiting }),
    }),
  });
}

function valueOf({ Attributes: given }: ExportedUser, name: string): string | undefined {
  return given.find(({ Name }) => Name === name)?.Value;
}

/** What they type to sign in, where that is no name. */
function typedBy({ email, claims }: WantedAttributes, pool: Pool): string | undefined {
  const { phone_number: number } = claims;
  const named = {
    email: email ?? undefined,
    phone: typeof number === 'string' ? number : undefined,
  };
  return namingMedia(pool)
    .map((medium) => named[medium])
    .find((one) => one !== undefined);
}
