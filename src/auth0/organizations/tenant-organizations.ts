import { LatchkeyError } from '../../runtime/errors.ts';
import type { JsonObject } from '../../runtime/json.ts';
import type { Actor } from '../../runtime/origin.ts';
import type { Organizations } from '../../provider/organizations.ts';
import type { Invitations } from './invitations.ts';
import type { MemberRoles } from './member-roles.ts';

/** An organization as the Management API shows it. */
export interface TenantOrganization {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  /** Short texts that applications keep there. */
  readonly metadata: JsonObject;
  /** By the configuration, which alone changes it. */
  readonly isDeclared: boolean;
}

/** What to change; what is left out stays. */
export interface OrganizationChanges {
  readonly name?: string | undefined;
  readonly displayName?: string | undefined;
  readonly metadata?: JsonObject | undefined;
}

/** The organizations of one tenant. Changes are audited here. */
export interface TenantOrganizations extends Organizations {
  /** By name. */
  list(): Promise<readonly TenantOrganization[]>;
  get(named: string): Promise<TenantOrganization | undefined>;
  /** @throws {OrganizationExists} */
  create(
    organization: { readonly name: string } & OrganizationChanges,
    actor: Actor,
  ): Promise<TenantOrganization>;
  /** Undefined: there is none. @throws {OrganizationExists} {DeclaredOrganization} */
  update(
    id: string,
    changes: OrganizationChanges,
    actor: Actor,
  ): Promise<TenantOrganization | undefined>;
  /** Ends what its members hold at the tenant. False: there was none. @throws {DeclaredOrganization} */
  delete(id: string, actor: Actor): Promise<boolean>;
  readonly invitations: Invitations;
  readonly memberRoles: MemberRoles;
  /** Ids of accounts. */
  members(id: string): Promise<readonly string[]>;
  /** Of a person. */
  listOf(accountId: string): Promise<readonly TenantOrganization[]>;
  add(id: string, accountId: string, actor: Actor): Promise<void>;
  /** Ends what the person holds at the tenant: they sign in anew. @throws {DeclaredOrganization} */
  remove(id: string, accountId: string, actor: Actor): Promise<void>;
}

/** The name is taken by another one of the tenant. */
export class OrganizationExists extends LatchkeyError {
  readonly code = 'ERR_ORGANIZATION_EXISTS';
}

/** The configuration has it so. */
export class DeclaredOrganization extends LatchkeyError {
  readonly code = 'ERR_DECLARED_ORGANIZATION';
}
