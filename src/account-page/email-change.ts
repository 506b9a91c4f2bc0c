import { z } from 'zod';
import { AccountExists } from '../accounts/accounts.ts';
import { languagesOf } from '../http/page.ts';
import { waiting } from '../http/waiting.ts';
import { sha256 } from '../runtime/digest.ts';
import { localesOf } from '../notices/notices.ts';
import { createOwnFlows, type OwnFlow } from './own-flow.ts';
import type { Problem } from './pages.ts';
import type { Room } from './room.ts';
import { NO_PROBLEM } from './show.ts';
import type { Visit } from './visit.ts';

const MINUTE = 60;
const REFUSED: Problem = { kind: 'refused' };

/**
 * `codeOf`: for whom the code is. Of an address that is somebody else's it is for nobody, so that the page looks the
 * same and no code is ever right.
 */
const change = z.object({ address: z.string(), codeOf: z.string() });
type Change = z.output<typeof change>;

/** From an address that was typed to an address that is theirs. */
export interface EmailChanges {
  newId(): string;
  find(visit: Visit, id: string): Promise<OwnFlow<Change> | undefined>;
  /** Sends a code to `address`, or to whoever has it already that they do. */
  begin(visit: Visit, id: string, address: string): Promise<Problem>;
  /** Writes the address, once, if `code` is the one that was sent there. */
  finish(visit: Visit, found: OwnFlow<Change>, code: string): Promise<Problem>;
}

export function createEmailChanges(room: Room): EmailChanges {
  const { accounts, factors, flows, mail, notices, issuer } = room;
  const changes = createOwnFlows(flows, 'email', change);

  /** False: the address is somebody else's by now. */
  async function write(visit: Visit, address: string): Promise<boolean> {
    const { account, actor } = visit;
    if (account.email === address) return await accounts.verifyEmail(account.id, address, actor);
    try {
      await accounts.setEmail(account.id, { address, isVerified: true }, actor);
    } catch (error) {
      if (error instanceof AccountExists) return false;
      throw error;
    }
    await notices.tellOfNewEmail(visit, address);
    return true;
  }

  return {
    newId: changes.newId,
    find: changes.find,

    async begin(visit, id, address) {
      const { account, actor, ctx } = visit;
      const owner = await accounts.findByLogin(address);
      const isTaken = owner !== undefined && owner.id !== account.id;
      const codeOf = isTaken ? `nobody:${sha256(address.toLowerCase())}` : account.id;
      const ask = { flowId: id, accountId: codeOf, origin: actor.origin };
      const issued = await factors.emailCodes.issue(ask);
      if (issued.kind === 'throttled') return waiting(ctx, issued.retryAfterSeconds);
      if (!(await changes.keep(visit, id, { address, codeOf }))) return REFUSED;
      const letter = { to: address, languages: languagesOf(ctx, localesOf(account)) };
      const url = `${issuer}/account`;
      if (isTaken) await mail.send({ ...letter, name: 'account-exists', data: { url } });
      else {
        const { code, linkToken, lifetimeSeconds } = issued;
        const minutes = Math.round(lifetimeSeconds / MINUTE);
        const data = { code, minutes, url: `${url}/email/link/${id}/${linkToken}` };
        await mail.send({ ...letter, name: 'verify-email', data });
      }
      return NO_PROBLEM;
    },

    async finish(visit, found, code) {
      const { address, codeOf } = found.data;
      const flowId = found.flow.id;
      const attempt = { flowId, accountId: codeOf, code, origin: visit.actor.origin };
      const outcome = await factors.emailCodes.check(attempt);
      if (outcome.kind === 'throttled') return waiting(visit.ctx, outcome.retryAfterSeconds);
      if (outcome.kind === 'refused' || !(await changes.end(found))) return REFUSED;
      return (await write(visit, address)) ? NO_PROBLEM : REFUSED;
    },
  };
}
