import type { Audit } from '../audit/audit.ts';
import type { Clock } from '../runtime/clock.ts';
import type { JsonObject } from '../runtime/json.ts';
import { RecordConflict, type Records } from '../storage/records.ts';
import type { AccountTable } from '../storage/tables.ts';
import type { Deeds } from './account-deeds.ts';
import { acceptTerms, changeIdentity, setEmail, verifyEmail } from './account-queries.ts';
import { accountOf } from './account-row.ts';
import {
  AccountExists,
  InvalidAccount,
  type Account,
  type AccountChanges,
  type Accounts,
  type Editor,
} from './accounts.ts';
import type { AttributeSchema } from './attributes.ts';
import { foldEmail } from './login.ts';
import { identityOf, identityProblems } from './new-account.ts';
import { claimsOfOwn } from './own-claims.ts';
import { claimsWithPhone, phoneOf } from './phone-number.ts';

export interface OwnDataOptions {
  readonly records: Records;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly deeds: Deeds;
  readonly attributes: AttributeSchema;
}

type OwnData = Pick<
  Accounts,
  'update' | 'checkUpdate' | 'setEmail' | 'verifyEmail' | 'acceptTerms'
>;

/** Enough for two who edit one account at once. */
const WRITES_MAX = 5;
const NOT_SHOWN = 'phone: cannot be changed by the person';
const TERMS_VERSION = /^[\w.-]{1,64}$/;

/** What is known of a person, changed by themselves or by an operator. */
export function createOwnData(options: OwnDataOptions): OwnData {
  const { records, audit, clock, deeds } = options;
  const { queries } = records;

  return {
    async update(id, changes, { editor, actor }) {
      for (let tries = 1; tries <= WRITES_MAX; tries += 1) {
        const row = await deeds.row(id);
        if (row === undefined) return false;
        if (!(await updateOnce({ row, changes, editor }, options))) continue;
        await deeds.record({ id, type: 'account.updated', actor });
        return true;
      }
      throw new AccountExists('the account is being changed by others: try again');
    },

    async checkUpdate(id, changes, editor) {
      const row = await deeds.row(id);
      return row === undefined ? [] : problemsOf({ row, changes, editor }, options).problems;
    },

    async setEmail(id, email, actor) {
      const row = await deeds.row(id);
      if (row === undefined) return false;
      const problem = emailProblem(row, email?.address);
      if (problem !== undefined) throw new InvalidAccount([problem]);
      const columns = {
        email: email?.address.normalize('NFC') ?? null,
        email_key: foldEmail(email?.address ?? '') ?? null,
        email_verified: Number(email?.isVerified === true),
        updated_at: clock.now(),
      };
      const deed = { id, type: 'account.email_changed', actor } as const;
      return await refusingTaken(deeds.change(setEmail(queries, id, columns), deed));
    },

    async verifyEmail(id, email, actor) {
      const key = foldEmail(email);
      if (key === undefined) return false;
      const statement = verifyEmail(queries, { id, key, now: clock.now() });
      return await deeds.change(statement, { id, type: 'account.email_verified', actor });
    },

    async acceptTerms(id, version, actor) {
      if (!TERMS_VERSION.test(version)) throw new InvalidAccount(['terms: are no version']);
      const [written] = await records.write(
        acceptTerms(queries, id, { version, acceptedAt: clock.now() }),
      );
      if (written?.rowsAffected !== 1) return false;
      const { by, origin } = actor;
      await audit.record({ type: 'account.terms_accepted', accountId: id, by, origin, version });
      return true;
    },
  };
}

interface Update {
  readonly row: AccountTable;
  readonly changes: AccountChanges;
  readonly editor: Editor;
}

/** False: somebody else has changed the row meanwhile. */
async function updateOnce(update: Update, options: OwnDataOptions): Promise<boolean> {
  const { records, clock } = options;
  const { after, problems } = problemsOf(update, options);
  if (problems.length > 0) throw new InvalidAccount(problems);
  const identity = { ...identityOf(after), updated_at: clock.now() };
  const statement = changeIdentity(records.queries, { before: update.row, identity });
  const [written] = await refusingTaken(records.write(statement));
  return written?.rowsAffected === 1;
}

/** What the account comes to, and what is wrong with that. */
function problemsOf(
  { row, changes, editor }: Update,
  { clock, attributes }: OwnDataOptions,
): { readonly after: Account; readonly problems: readonly string[] } {
  const before = accountOf(row, clock.now());
  const after = changed(before, changes);
  // What was wrong before, by a schema that has changed since, keeps nobody from changing something else.
  const old = new Set(identityProblems(before, attributes));
  const problems = [
    ...(editor === 'person' ? claimsOfOwn(changes.claims ?? {}) : []),
    ...(editor === 'person' && changes.phone !== undefined ? [NOT_SHOWN] : []),
    ...attributes.notForEditor(changes.attributes ?? {}, editor),
    ...identityProblems(after, attributes).filter((problem) => !old.has(problem)),
  ];
  return { after, problems };
}

function changed(before: Account, changes: AccountChanges): Account {
  const { username, phone: given } = changes;
  const claims = merged(before.claims, withoutOldProof(before, changes.claims));
  const phone = given === undefined ? phoneOf(before.phone, claims) : (given ?? undefined);
  return {
    ...before,
    ...(username !== undefined && { username: username ?? undefined }),
    phone,
    claims: claimsWithPhone(claims, phone),
    attributes: merged(before.attributes, changes.attributes),
  };
}

/** What was shown of a number says nothing of another. */
function withoutOldProof({ claims }: Account, changes: JsonObject = {}): JsonObject {
  const { phone_number: number = claims['phone_number'] } = changes;
  return number === claims['phone_number'] ? changes : { phone_number_verified: null, ...changes };
}

/** `null` takes a value away. */
function merged(before: JsonObject, changes: JsonObject = {}): JsonObject {
  return Object.fromEntries(
    Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null),
  );
}

function emailProblem(row: AccountTable, address: string | undefined): string | undefined {
  if (address === undefined)
    return row.username === null && row.phone === null
      ? 'email: is the only name to sign in with'
      : undefined;
  return foldEmail(address) === undefined ? 'email: is no e-mail address' : undefined;
}

async function refusingTaken<Result>(change: Promise<Result>): Promise<Result> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof RecordConflict)) throw error;
    throw new AccountExists(
      'the username, e-mail address or telephone number belongs to another account',
      {
        cause: error,
      },
    );
  }
}
