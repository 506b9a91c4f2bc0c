import { foldEmail } from '../accounts/login.ts';
import type { Account } from '../accounts/accounts.ts';
import { languagesOf, originOf } from '../http/page.ts';
import { pageUrl } from '../http/page-url.ts';
import { waiting } from '../http/waiting.ts';
import { sha256 } from '../runtime/digest.ts';
import type { Letter } from '../mail/mail.ts';
import { NO_PROBLEM, type Room } from './room.ts';
import type { Problem } from './pages.ts';
import type { Visit } from './visit.ts';

const MINUTE = 60;

/** For whom the code to an address is: of nobody yet, and of the same nobody for however it is written. */
export function codeOwner(address: string): string {
  return `joining:${sha256(foldEmail(address) ?? address)}`;
}

/**
 * Sends the code to an address that is free; to one that is somebody's, word that it is. Both take the same
 * steps and lead to the same page, so that nobody learns which it was.
 */
export function createJoiningLetters(
  room: Room,
): (visit: Visit, address: string) => Promise<Problem> {
  const { accounts, factors, quotas, settings, issuer, joinedAt, mail, logger } = room;
  const accountUrl = room.accountUrl === '' ? '/recover' : room.accountUrl;

  function letterTo(
    owner: Account | undefined,
    code: { readonly code: string; readonly url: string; readonly minutes: number },
  ): Pick<Letter<'verify-email'> | Letter<'account-exists'>, 'name' | 'data'> | undefined {
    if (owner === undefined) return { name: 'verify-email', data: code };
    // Whoever may not get in is not written to.
    if (owner.state !== 'active' && owner.state !== 'locked') return undefined;
    return { name: 'account-exists', data: { url: `${issuer}${accountUrl}` } };
  }

  return async (visit, address) => {
    const { ctx, interaction } = visit;
    const flowId = interaction.uid;
    const origin = originOf(ctx);
    const owner = await accounts.findByLogin(address);
    const ask = { flowId, accountId: codeOwner(address), origin };
    const issued = await factors.emailCodes.issue(ask);
    if (issued.kind === 'throttled') return waiting(ctx, issued.retryAfterSeconds);
    const mailbox = foldEmail(address) ?? address;
    const ration = { mailbox, address: origin.address, max: settings.perMailbox };
    const mayWrite = await quotas.takeLetter(ration);
    const letter = letterTo(owner, {
      code: issued.code,
      url: pageUrl(joinedAt, `/sign-in-code/${issued.linkToken}`),
      minutes: Math.round(issued.lifetimeSeconds / MINUTE),
    });
    if (letter === undefined || !mayWrite) return NO_PROBLEM;
    const languages = languagesOf(ctx, interaction.uiLocales);
    // Not waited for: how long a letter takes must tell nothing.
    mail.send({ to: address, languages, ...letter }).catch((error: Error) => {
      logger.error({ event: 'mail.not_queued', error }, 'a letter could not be queued');
    });
    return NO_PROBLEM;
  };
}
