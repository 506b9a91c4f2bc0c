import type { JsonObject } from '../runtime/json.ts';
import type { Origin } from '../runtime/origin.ts';

/** A group of people in whose name a client asks somebody to sign in. */
export interface Organization {
  readonly id: string;
  /** What ID tokens and access tokens say of it. */
  readonly claims: JsonObject;
}

/** Whether a client has people sign in in the name of organizations: never, where it names one, or always. */
export type OrganizationUsage = 'deny' | 'allow' | 'require';

/** Somebody who comes with an invitation to an organization, to the client that it leads to. */
export interface Invited {
  readonly organizationId: string;
  readonly accountId: string;
  readonly clientId: string;
  /** What proves the invitation. */
  readonly ticket: string;
  readonly origin: Origin;
}

/** The organizations of an issuer. Each sign-in is in the name of one, or of none. */
export interface Organizations {
  /** By what a client calls it: its id, or its name. */
  find(named: string): Promise<Organization | undefined>;
  usageOf(clientId: string): Promise<OrganizationUsage>;
  isMember(organizationId: string, accountId: string): Promise<boolean>;
  /** Makes somebody a member. False: the invitation is not theirs, or not good any more. */
  accept(invited: Invited): Promise<boolean>;
}
