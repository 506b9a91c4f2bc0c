import type { Compilable } from 'kysely';
import type { House } from '../../capability.ts';
import type { Account } from '../../accounts/accounts.ts';
import { foldEmail } from '../../accounts/login.ts';
import type { Invited } from '../../provider/organizations.ts';
import { sha256 } from '../../runtime/digest.ts';
import type { Actor } from '../../runtime/origin.ts';
import { randomId } from '../../runtime/random.ts';
import type { Auth0InvitationTable } from '../../storage/tables.ts';
import { deleteInvitation, insertInvitation, invitationsTo } from './invitation-queries.ts';
import type { MemberRoles } from './member-roles.ts';
import type { Membership } from './membership.ts';

const TICKET_BYTES = 32;
const ID_BYTES = 12;

/** Who is invited to what, and where they are led to. */
export interface NewInvitation {
  readonly organizationId: string;
  readonly clientId: string;
  readonly email: string;
  readonly inviter: string;
  readonly ttlSeconds: number;
  /** Ids of those that they will have there. */
  readonly roles: readonly string[];
}

/** An invitation that nobody has accepted. */
export interface Invitation {
  readonly id: string;
  readonly organizationId: string;
  readonly clientId: string;
  readonly email: string;
  readonly inviter: string;
  readonly roles: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What is told when it is made, and never again. */
export interface MadeInvitation {
  readonly invitation: Invitation;
  /** What proves it at /authorize. */
  readonly ticket: string;
}

/** Invitations to the organizations of a tenant. */
export interface Invitations {
  list(organizationId: string): Promise<readonly Invitation[]>;
  /** What `letters` gives is written together with it. Undefined: the address is none. */
  create(
    wanted: NewInvitation,
    actor: Actor,
    letters: (made: MadeInvitation) => readonly Compilable[],
  ): Promise<MadeInvitation | undefined>;
  /** False: there was none. */
  delete(organizationId: string, id: string, actor: Actor): Promise<boolean>;
  /** Whoever shows that the address is theirs becomes a member by it, once. False: it is no invitation of theirs. */
  accept(invited: Invited): Promise<boolean>;
}

/** Kept with the records, their tickets as hashes. */
export function createInvitations({
  accounts,
  audit,
  clock,
  membership,
  memberRoles,
  records,
}: Pick<House, 'accounts' | 'audit' | 'clock' | 'records'> & {
  readonly membership: Pick<Membership, 'add'>;
  readonly memberRoles: Pick<MemberRoles, 'giveByIds'>;
}): Invitations {
  const { queries } = records;
  const rowsOf = async (organizationId: string): Promise<readonly Auth0InvitationTable[]> =>
    await records.all(invitationsTo(queries, organizationId, clock.now()));

  async function remove(organizationId: string, id: string): Promise<boolean> {
    const key = { organization_id: organizationId, id };
    const [written] = await records.write(deleteInvitation(queries, key));
    return written?.rowsAffected === 1;
  }

  async function record(
    type: 'organization.invited' | 'organization.invitation_deleted',
    organization: string,
    actor: Actor,
  ): Promise<void> {
    await audit.record({ type, organization, ...actor });
  }

  return {
    list: async (organizationId) => (await rowsOf(organizationId)).map(invitationOf),
    async create(wanted, actor, letters) {
      const emailKey = foldEmail(wanted.email);
      if (emailKey === undefined) return undefined;
      const ticket = randomId(TICKET_BYTES, 'organization invitation');
      const row = rowOf(wanted, { emailKey, ticket, now: clock.now() });
      const made = { invitation: invitationOf(row), ticket };
      await records.write(...insertInvitation(queries, row), ...letters(made));
      await record('organization.invited', wanted.organizationId, actor);
      return made;
    },
    async delete(organizationId, id, actor) {
      if (!(await remove(organizationId, id))) return false;
      await record('organization.invitation_deleted', organizationId, actor);
      return true;
    },
    async accept({ organizationId, accountId, clientId, ticket, origin }) {
      const hash = sha256(ticket);
      const row = (await rowsOf(organizationId)).find(
        (one) => one.ticket_hash === hash && one.client_id === clientId,
      );
      if (row === undefined || !isFor(row, await accounts.find(accountId))) return false;
      // In this order, so that nothing is used up in vain: the address is one account's.
      const actor = { by: 'self', origin };
      await membership.add(organizationId, accountId, actor);
      const member = { id: accountId, organization: organizationId };
      await memberRoles.giveByIds(member, invitationOf(row).roles, actor);
      await remove(organizationId, row.id);
      return true;
    },
  };
}

/** Whoever has not shown that the address is theirs may have typed anybody's. */
function isFor(row: Auth0InvitationTable, account: Account | undefined): boolean {
  if (account?.email === undefined || !account.emailVerified) return false;
  return foldEmail(account.email) === row.email_key;
}

function rowOf(
  { organizationId, clientId, email, inviter, roles, ttlSeconds }: NewInvitation,
  made: { readonly emailKey: string; readonly ticket: string; readonly now: number },
): Auth0InvitationTable {
  return {
    id: `uinv_${randomId(ID_BYTES, 'invitation id')}`,
    organization_id: organizationId,
    client_id: clientId,
    email,
    email_key: made.emailKey,
    inviter,
    roles: JSON.stringify(roles),
    ticket_hash: sha256(made.ticket),
    created_at: made.now,
    expires_at: made.now + ttlSeconds,
  };
}

function invitationOf(row: Auth0InvitationTable): Invitation {
  const { id, organization_id, client_id, email, inviter, created_at, expires_at } = row;
  return {
    id,
    organizationId: organization_id,
    clientId: client_id,
    email,
    inviter,
    // JSON that this room wrote.
    roles: JSON.parse(row.roles),
    createdAt: created_at,
    expiresAt: expires_at,
  };
}
