import type { Compilable } from 'kysely';
import type { Audit } from '../audit/audit.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Clock } from '../runtime/clock.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Actor } from '../runtime/origin.ts';
import { RecordConflict, type Records } from '../storage/records.ts';
import {
  accountByLogin,
  declaredPeople,
  disableAccount,
  enableAccount,
  putAccount,
  rememberDeclaredPeople,
  retiredAccount,
  setPasswordHash,
  updateIdentity,
} from './account-queries.ts';
import { newRow } from './account-row.ts';
import { InvalidAccount } from './accounts.ts';
import { createAttributeSchema, type AttributeSchema } from './attributes.ts';
import type { AccountsSettings } from './attributes-config.ts';
import type { DeclaredPerson, SignInSettings } from './config.ts';
import { planPeople, type Change, type Memory } from './declared-people.ts';
import { foldLogin } from './login.ts';
import { identityOf, identityProblems, type Identity } from './new-account.ts';
import { createNewPasswords } from './new-passwords.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { passwordProblemText } from './rules.ts';

export interface SeedPeopleOptions {
  readonly records: Records;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SignInSettings;
  /** None declared when left out. */
  readonly attributes?: AccountsSettings['attributes'] | undefined;
  readonly profile: 'dev' | 'production';
  readonly revocation?: Pick<Revocation, 'revoke'> | undefined;
}

/** Enough for a node that starts at the same time as several others. */
const WRITES_MAX = 5;
const CONFIGURATION: Actor = { by: 'config', origin: { address: 'config' } };

/**
 * Makes the people of the configuration, or brings them up to date; a second start with the same people
 * reads one row. What was changed elsewhere since (a password by its owner) stays until the configuration
 * says something new. A person taken out of the configuration is disabled, one put back enabled again.
 *
 * @throws {InvalidAccount} when somebody cannot be made as declared, with every mistake.
 */
export async function seedPeople(
  people: readonly DeclaredPerson[],
  options: SeedPeopleOptions,
): Promise<void> {
  refuseClearPasswords(people, options.profile);
  const { records, settings, attributes } = options;
  const remembered = await records.first(declaredPeople(records.queries));
  const before: Memory = JSON.parse(remembered?.value ?? '{}');
  const { changes: planned, memory } = planPeople(people, before);
  if (planned.length === 0) return;
  const changes = await withoutDeleted(planned, options);

  const schema = createAttributeSchema(attributes ?? []);
  const identities = await readIdentities(changes, settings.password, schema);
  await refuseRetired(records, changes);
  // Nobody waits in a queue at start but the configuration's own people.
  const passwords = createPasswords({ ...settings.argon2, waitingMax: people.length });
  const statements = await Promise.all(
    changes.map((change, index) =>
      statementsOf(change, { ...options, passwords, identity: identities[index] }),
    ),
  );
  await writeOnce(records, statements.flat(), changes);
  for (const change of changes) await announce(change, options);
  // Last, so that a start which was cut short is made good by the next.
  await records.write(rememberDeclaredPeople(records.queries, JSON.stringify(memory)));
}

function refuseClearPasswords(people: readonly DeclaredPerson[], profile: string): void {
  if (profile === 'dev') return;
  const clear = people.filter(({ password }) => password !== undefined);
  if (clear.length === 0) return;
  throw new InvalidAccount(
    clear.map(
      (person) =>
        `people: ${nameOf(person)} has a password in clear, which only the dev profile takes: write its hash as passwordHash`,
    ),
  );
}

/** In the order of `changes`; undefined for who is dismissed. */
async function readIdentities(
  changes: readonly Change[],
  rules: SignInSettings['password'],
  schema: AttributeSchema,
): Promise<readonly (Identity | undefined)[]> {
  const newPasswords = createNewPasswords({ rules });
  const problems: string[] = [];
  const identities: (Identity | undefined)[] = [];
  for (const change of changes) {
    const person = change.kind === 'dismiss' ? undefined : change.person;
    identities.push(person && identityOf(person));
    if (person === undefined) continue;
    const { password } = person;
    const refused = password === undefined ? [] : await newPasswords.problems(password, person);
    const found = [
      ...identityProblems(person, schema),
      ...refused.map((problem) => `password: ${passwordProblemText(problem)}`),
    ];
    problems.push(...found.map((problem) => `people: ${nameOf(person)}: ${problem}`));
  }
  if (problems.length > 0) throw new InvalidAccount(problems);
  return identities;
}

/** Who was made and has been deleted since stays deleted, whatever the configuration says of them now. */
async function withoutDeleted(
  changes: readonly Change[],
  { records, logger }: SeedPeopleOptions,
): Promise<readonly Change[]> {
  const left: Change[] = [];
  for (const change of changes) {
    const { kind, id: accountId } = change;
    const isGone =
      kind !== 'create' && (await records.first(retiredAccount(records.queries, accountId)));
    if (!isGone) left.push(change);
    else if (kind === 'update')
      logger.warn(
        { event: 'people.deleted', accountId },
        'a person of the configuration was deleted and is not made again',
      );
  }
  return left;
}

async function refuseRetired(records: Records, changes: readonly Change[]): Promise<void> {
  for (const change of changes) {
    if (change.kind !== 'create') continue;
    const retired = await records.first(retiredAccount(records.queries, change.id));
    if (retired === undefined) continue;
    throw new InvalidAccount([
      `people: ${nameOf(change.person)} had the id ${change.id} and was deleted: give them an \`id\` of their own`,
    ]);
  }
}

interface Making extends SeedPeopleOptions {
  readonly passwords: Passwords;
  readonly identity: Identity | undefined;
}

async function statementsOf(change: Change, making: Making): Promise<readonly Compilable[]> {
  const { records, clock, identity } = making;
  const { queries } = records;
  const now = clock.now();
  if (change.kind === 'dismiss') return [disableAccount(queries, change.id, now)];
  if (identity === undefined) throw new TypeError('an identity was read for everybody declared');
  const { id, person } = change;
  if (change.kind === 'create') {
    const passwordHash = await passwordHashOf(person, making.passwords);
    const row = newRow({ id, identity, passwordHash, source: CONFIGURATION.by, now });
    return [putAccount(queries, row)];
  }
  return [
    ...(change.isIdentityChanged
      ? [updateIdentity(queries, id, { ...identity, updated_at: now })]
      : []),
    ...(change.isPasswordChanged
      ? [setPasswordHash(queries, id, await passwordHashOf(person, making.passwords))]
      : []),
    ...(change.isBack ? [enableAccount(queries, id)] : []),
  ];
}

async function passwordHashOf(
  { password, passwordHash }: DeclaredPerson,
  passwords: Passwords,
): Promise<string | null> {
  return password === undefined ? (passwordHash ?? null) : await passwords.hash(password);
}

/** Another node that starts at the same time writes the same rows: written again, they are its own. */
async function writeOnce(
  records: Records,
  statements: readonly Compilable[],
  changes: readonly Change[],
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await records.write(...statements);
      return;
    } catch (error) {
      if (!(error instanceof RecordConflict)) throw error;
      const problems = await takenNames(records, changes);
      if (problems.length > 0) throw new InvalidAccount(problems, { cause: error });
      if (tries === WRITES_MAX) throw error;
    }
  }
}

/** Which sign-in names belong to somebody else. */
async function takenNames(
  records: Records,
  changes: readonly Change[],
): Promise<readonly string[]> {
  const names = changes.flatMap((change) =>
    change.kind === 'dismiss'
      ? []
      : [change.person.username, change.person.email].map((name) => ({ id: change.id, name })),
  );
  const problems: string[] = [];
  for (const { id, name } of names) {
    const login = foldLogin(name ?? '');
    const row = login && (await records.first(accountByLogin(records.queries, login)));
    if (row === undefined || row.id === id) continue;
    problems.push(`people: ${name} belongs to the account ${row.id}: give that \`id\` to keep it`);
  }
  return problems;
}

/** Takes back what the change ends, then puts it on record. */
async function announce(change: Change, options: SeedPeopleOptions): Promise<void> {
  const { id: accountId } = change;
  const record = async (
    type:
      | 'account.created'
      | 'account.updated'
      | 'account.password_set'
      | 'account.disabled'
      | 'account.enabled',
  ): Promise<void> => {
    const { by, origin } = CONFIGURATION;
    await options.audit.record({ type, accountId, by, origin });
  };
  if (change.kind === 'create') return await record('account.created');
  if (change.kind === 'dismiss') {
    await takeBack(accountId, 'account.disabled', options);
    return await record('account.disabled');
  }
  if (change.isIdentityChanged) await record('account.updated');
  if (change.isPasswordChanged) {
    await takeBack(accountId, 'account.password_set', options);
    await record('account.password_set');
  }
  if (change.isBack) await record('account.enabled');
}

async function takeBack(
  accountId: string,
  reason: string,
  { revocation, logger }: SeedPeopleOptions,
): Promise<void> {
  try {
    await revocation?.revoke({ kind: 'account', accountId }, { reason, actor: CONFIGURATION });
  } catch (error) {
    // It waits in the outbox and will stand: no reason to keep the process from starting.
    if (!(error instanceof LatchkeyError) || error.code !== 'ERR_REVOCATION_UNCONFIRMED') {
      throw error;
    }
    logger.warn({ event: 'people.revocation_waits', accountId, error }, error.message);
  }
}

function nameOf({ username, email, phone }: DeclaredPerson): string {
  return username ?? email ?? phone ?? '';
}
