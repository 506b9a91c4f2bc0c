import { z } from 'zod';
import { readInvitation, type Invitation } from '../accounts/invitation.ts';
import type { Tickets } from '../accounts/tickets.ts';
import type { Flow, Flows } from '../flows/flows.ts';
import type { JsonObject } from '../runtime/json.ts';

/** What the steps of joining keep between two requests. Passwords are never among it. */
const joiningData = z.strictObject({
  /** Where the letter with the code went. */
  address: z.string().optional(),
  /** The code came back: the address is theirs. */
  isProven: z.boolean().default(false),
  /** The account that was made here, and that nobody can sign in to yet. */
  accountId: z.string().optional(),
  /** What an open page was given to make a passkey with. */
  challenge: z.string().optional(),
});
export type JoiningData = z.output<typeof joiningData>;

/** An invitation whose link was opened in this browser. */
export interface Invited {
  readonly token: string;
  readonly invitation: Invitation;
}

/** Where somebody stands who joins. */
export interface Joining {
  readonly flow: Flow;
  readonly data: JoiningData;
  readonly invited: Invited | undefined;
}

/** People who join, each within one interaction, whose cookie ties them to their browser. */
export interface Joinings {
  /** `token`: of an invitation, good or not. */
  find(uid: string, token: string | undefined): Promise<Joining>;
  /** Undefined: another request of this browser was faster; nothing was written. */
  keep(joining: Joining, change: Partial<JoiningData>): Promise<Joining | undefined>;
  /** True once. */
  end(joining: Joining): Promise<boolean>;
}

const LIFE_SECONDS = 3600;

export function createJoinings({
  flows,
  tickets,
}: {
  readonly flows: Flows;
  readonly tickets: Tickets;
}): Joinings {
  async function invitedBy(token: string | undefined): Promise<Invited | undefined> {
    const ticket = token === undefined ? undefined : await tickets.peek('invitation', token);
    const invitation = ticket && readInvitation(ticket.payload);
    return token !== undefined && invitation ? { token, invitation } : undefined;
  }

  return {
    async find(uid, token) {
      const known = await flows.find('register', uid);
      const flow = known ?? flows.begin({ purpose: 'register', id: uid, ttlSeconds: LIFE_SECONDS });
      return { flow, data: joiningData.parse(flow.data), invited: await invitedBy(token) };
    },
    async keep(joining, change) {
      const data = { ...joining.data, ...change };
      const flow = await flows.change(joining.flow, { data: kept(data) });
      return flow && { ...joining, flow, data };
    },
    end: async ({ flow }) => flow.version === undefined || (await flows.end(flow)),
  };
}

/** JSON has no undefined members. */
function kept(data: JoiningData): JsonObject {
  return z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(data)));
}
