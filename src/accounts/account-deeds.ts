import type { Compilable } from 'kysely';
import type { Audit, AuditEvent } from '../audit/audit.ts';
import type { Revocation } from '../revocation/revocation.ts';
import type { Actor } from '../runtime/origin.ts';
import type { Queries, Records } from '../storage/records.ts';
import type { AccountTable } from '../storage/tables.ts';
import { accountById } from './account-queries.ts';
import type { Throttle } from './throttle.ts';

/** A change of one account that is on record under its own name. */
export type DeedType = Exclude<
  Extract<AuditEvent['type'], `account.${string}`>,
  'account.terms_accepted' | 'account.invited' | 'account.hashes_exported'
>;

/** What was done to which account, by whom. */
export interface Deed {
  readonly id: string;
  readonly type: DeedType;
  readonly actor: Actor;
}

/** What a room takes away of an account, in the transaction of a change that asks for it. */
export type Belongings = (queries: Queries, accountId: string) => readonly Compilable[];

/** What every change of an account comes to. */
export interface Deeds {
  row(id: string): Promise<AccountTable | undefined>;
  /** Writes one statement that changes one row, and puts that on record. False: there was no such row. */
  change(statement: Compilable, deed: Deed): Promise<boolean>;
  /** `change`, with `belongings` taken away, and takes back every token and session. */
  changeAndTakeBack(
    statement: Compilable,
    deed: Deed,
    belongings?: readonly Belongings[],
  ): Promise<boolean>;
  /** After the record has changed, so that nothing is issued in between on the strength of the old one. */
  takeBack(deed: Deed): Promise<void>;
  record(deed: Deed): Promise<void>;
  /** Forgets the failures in a row of the account's sign-in names. */
  forgive(row: AccountTable): Promise<void>;
}

export interface DeedsOptions {
  readonly records: Records;
  readonly audit: Audit;
  /** Takes back what a disabled account holds; without it, disabling only ends what is read anew. */
  readonly revocation?: Pick<Revocation, 'revoke'> | undefined;
  readonly throttle: Throttle;
}

/** Over the records; each deed is audited. */
export function createDeeds({ records, audit, revocation, throttle }: DeedsOptions): Deeds {
  async function record({ id, type, actor }: Deed): Promise<void> {
    await audit.record({ type, accountId: id, by: actor.by, origin: actor.origin });
  }

  async function takeBack(deed: Deed): Promise<void> {
    const { id, type, actor } = deed;
    try {
      await revocation?.revoke({ kind: 'account', accountId: id }, { reason: type, actor });
    } finally {
      // Whatever becomes of the revocation, that the record changed is told.
      await record(deed);
    }
  }

  async function write(statement: Compilable, more: readonly Compilable[] = []): Promise<boolean> {
    const [written] = await records.write(statement, ...more);
    return written?.rowsAffected === 1;
  }

  return {
    row: (id) => records.first(accountById(records.queries, id)),
    async change(statement, deed) {
      if (!(await write(statement))) return false;
      await record(deed);
      return true;
    },
    async changeAndTakeBack(statement, deed, belongings = []) {
      const more = belongings.flatMap((statementsFor) => statementsFor(records.queries, deed.id));
      if (!(await write(statement, more))) return false;
      await takeBack(deed);
      return true;
    },
    takeBack,
    record,
    async forgive({ username_key: username, email_key: email }) {
      await throttle.forgive([username, email].filter((key) => key !== null));
    },
  };
}
