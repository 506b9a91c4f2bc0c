import { z } from 'zod';
import type { Json } from '../runtime/json.ts';
import { standardClaims } from './standard-claims.ts';

const invitation = z.strictObject({
  email: z.string(),
  username: z.string().optional(),
  claims: standardClaims.default({}),
  attributes: z.record(z.string(), z.json()).default({}),
  /** Groups that the person will be in. */
  groups: z.array(z.string()).default([]),
  /** Roles that they will have; `api` left out: one of the installation. */
  roles: z.array(z.strictObject({ name: z.string(), api: z.string().optional() })).default([]),
});

/** What somebody was invited to: the payload of a ticket `invitation`, whose `about` is the folded address. */
export type Invitation = z.output<typeof invitation>;

/** The invitation in a ticket; undefined: it is none. */
export function readInvitation(payload: Json): Invitation | undefined {
  return invitation.safeParse(payload).data;
}

/** Where the letter leads: `views` has the page, and whoever builds the page takes the path from here. */
export function invitationUrl(issuer: string, token: string): string {
  return `${issuer}/invitation/${token}`;
}
