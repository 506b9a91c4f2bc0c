import type { Beginnings } from '../accounts/accounts.ts';
import { LatchkeyError } from '../runtime/errors.ts';
import type { Actor } from '../runtime/origin.ts';

/** Who can be in a group or hold a role. */
export type Holder =
  | { readonly kind: 'account'; readonly id: string }
  | { readonly kind: 'group'; readonly name: string };

/** A person who holds a role where they act in the name of an organization, and nowhere else. */
export interface Member {
  readonly kind: 'member';
  /** Of the account. */
  readonly id: string;
  readonly organization: string;
}

/** A group of people, and of groups. */
export interface Group {
  readonly name: string;
  readonly description: string | undefined;
  readonly source: 'config' | 'cli';
  readonly createdAt: number;
}

/** A group with all that is in it directly. */
export interface GroupContents {
  readonly group: Group;
  readonly groups: readonly string[];
  /** Ids of accounts. */
  readonly people: readonly string[];
}

/** Names a role. */
export interface RoleKey {
  /** The identifier of an API; undefined: a role of the installation. */
  readonly api: string | undefined;
  readonly name: string;
}

/** What may be done at an API, under one name. */
export interface Role extends RoleKey {
  readonly description: string | undefined;
  readonly permissions: readonly string[];
  readonly source: 'config' | 'cli';
  readonly createdAt: number;
}

/** A role with all that hold it directly. */
export interface RoleHolders {
  readonly role: Role;
  readonly groups: readonly string[];
  /** Ids of accounts. */
  readonly people: readonly string[];
  readonly members: readonly Member[];
}

/** Names what may be done at an API. */
export interface PermissionKey {
  /** The identifier of the API. */
  readonly api: string;
  readonly name: string;
}

/** What a person is and may do, sorted, each once. */
export interface Rights {
  /** All that the person is in, whether directly or through other groups. */
  readonly groups: readonly string[];
  /** Of the API, and of the installation. */
  readonly roles: readonly string[];
  /** What the roles of the API permit, and what the person may do there without one; where no API is named, of the installation's roles. */
  readonly permissions: readonly string[];
}

/** One step on the way from a person to a right. */
export type Step =
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'role'; readonly api: string | undefined; readonly name: string }
  | { readonly kind: 'permission'; readonly api: string | undefined; readonly name: string };

/** From the person's own group or role to the right that was asked for. */
export type Path = readonly Step[];

/** A right to be explained: a group, a role or a permission of this name. */
export interface Question {
  readonly name: string;
  /** Roles and permissions of this API alone; left out: of any, and of the installation. */
  readonly api?: string | undefined;
}

/** All that one person holds, as it was when it was read. */
export interface Held {
  rights(of: { readonly api?: string | undefined }): Rights;
  /** Every way by which the person has it, the shortest first, 20 at most; empty: not at all. */
  explain(question: Question): readonly Path[];
  /** What the person has by themselves, not through groups. */
  direct(): Ownership;
  /** Of every API and of the installation, by themselves and through groups; one that comes by several ways comes several times. */
  roles(): readonly RoleKey[];
}

/** Groups, roles and permissions that hang on one person. */
export interface Ownership {
  readonly groups: readonly string[];
  readonly roles: readonly RoleKey[];
  /** What the person may do without a role; left out: nothing. */
  readonly permissions?: readonly PermissionKey[] | undefined;
}

/** How a change is made. */
export interface ChangeOptions {
  /** Ends every session and token of those who lose by it, who may sign in again; else the next token shows it. */
  readonly endTokens?: boolean | undefined;
}

/** Groups, roles, and what follows of them for a person. Nothing is cached: what changes counts from the next token on. */
export interface Groups {
  /**
   * One query, whatever is then asked of it. In the name of an organization people are in their groups, too, and have the
   * roles alone that they were given there, in two queries.
   */
  held(accountId: string, organization?: string): Promise<Held>;
  /** What one person is and may do. */
  rightsOf(
    accountId: string,
    of: { readonly api?: string | undefined; readonly organization?: string | undefined },
  ): Promise<Rights>;
  /** Why one person has a right. */
  explain(accountId: string, question: Question): Promise<readonly Path[]>;
  list(): Promise<readonly Group[]>;
  find(name: string): Promise<GroupContents | undefined>;
  /** @throws {InvalidGroup} {GroupExists} {DeclaredGroup} */
  create(
    group: { readonly name: string; readonly description?: string | undefined },
    actor: Actor,
  ): Promise<Group>;
  /** False: no such group. @throws {DeclaredGroup} */
  delete(name: string, actor: Actor, options?: ChangeOptions): Promise<boolean>;
  /** False: it was in there. @throws {InvalidGroup} for a circle, or when the group or the member is not there. @throws {DeclaredGroup} */
  add(name: string, member: Holder, actor: Actor): Promise<boolean>;
  /** False: it was not in there. @throws {DeclaredGroup} */
  remove(name: string, member: Holder, actor: Actor, options?: ChangeOptions): Promise<boolean>;
  readonly roles: Roles;
  readonly permissions: Permissions;
  /** For an account that is about to be made. @throws {InvalidGroup} with everything that it cannot have. */
  beginnings(of: Ownership): Promise<Beginnings>;
}

/** What a role permits beside what it did, and no more. */
export interface RoleChange {
  readonly permit: readonly string[];
  readonly forbid: readonly string[];
  /** Left out: as it was. */
  readonly description?: string | undefined;
}

/** The roles of the installation and of its APIs. */
export interface Roles {
  list(): Promise<readonly Role[]>;
  find(key: RoleKey): Promise<RoleHolders | undefined>;
  /** @throws {InvalidGroup} {GroupExists} {DeclaredGroup} */
  create(
    role: RoleKey & {
      readonly description?: string | undefined;
      readonly permissions: readonly string[];
    },
    actor: Actor,
  ): Promise<Role>;
  /** What it permits from now on; undefined: no such role. @throws {InvalidGroup} {DeclaredGroup} */
  edit(
    key: RoleKey,
    change: RoleChange,
    actor: Actor,
    options?: ChangeOptions,
  ): Promise<Role | undefined>;
  /** False: no such role. @throws {DeclaredGroup} */
  delete(key: RoleKey, actor: Actor, options?: ChangeOptions): Promise<boolean>;
  /** False: they had it. @throws {InvalidGroup} when the role or the holder is not there. @throws {DeclaredGroup} */
  give(key: RoleKey, holder: Holder | Member, actor: Actor): Promise<boolean>;
  /** False: they did not have it. @throws {DeclaredGroup} */
  take(
    key: RoleKey,
    holder: Holder | Member,
    actor: Actor,
    options?: ChangeOptions,
  ): Promise<boolean>;
  /** Takes all that was given in an organization: to one account, or left out, to everybody. */
  forget(organization: string, accountId?: string): Promise<void>;
}

/** What single people may do at an API without a role. It counts for as long as the API declares it. */
export interface Permissions {
  /** All or none; whoever has one already keeps it. @throws {InvalidGroup} when the person, an API or a permission is not there. */
  give(permissions: readonly PermissionKey[], accountId: string, actor: Actor): Promise<void>;
  /** Tokens that have them end by themselves. */
  take(permissions: readonly PermissionKey[], accountId: string, actor: Actor): Promise<void>;
  /** Takes all at one API from everybody, before another API may come by its identifier. */
  forget(api: string): Promise<void>;
}

/** What was given for a group or a role breaks the rules. */
export class InvalidGroup extends LatchkeyError {
  readonly code = 'ERR_INVALID_GROUP';
}

/** A group or a role of this name exists already. */
export class GroupExists extends LatchkeyError {
  readonly code = 'ERR_GROUP_EXISTS';
}

/** The configuration declares it: it is changed there, on every node, or not at all. */
export class DeclaredGroup extends LatchkeyError {
  readonly code = 'ERR_DECLARED_GROUP';
}
