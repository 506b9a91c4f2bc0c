import type { Context } from 'koa';
import { readInvitation } from '../accounts/invitation.ts';
import { readForm } from '../http/form.ts';
import type { FormTokens } from '../http/form-tokens.ts';
import { seeOther } from '../http/page.ts';
import { joinRequest } from './join-client.ts';
import type { Room } from './room.ts';

/**
 * Where the link of an invitation leads. Looking uses nothing up, since mail scanners look at every link; whoever
 * accepts goes on to where accounts are made, and the invitation is used up there.
 */
export function createInvitations(
  { tickets, show, cookie, issuer }: Room,
  tokens: FormTokens,
): (ctx: Context) => Promise<void> {
  async function look(ctx: Context, token: string): Promise<void> {
    const email = await addressOf(token);
    const page = { email, csrf: tokens.issue(`invitation:${token}`) };
    await show(ctx, 'join/invitation', page, { status: email === '' ? 404 : 200 });
  }

  /** Empty: it is good no more. */
  async function addressOf(token: string): Promise<string> {
    const ticket = await tickets.peek('invitation', token);
    return (ticket && readInvitation(ticket.payload)?.email) ?? '';
  }

  return async (ctx) => {
    const token = String(ctx['params'].token);
    if (ctx.method !== 'POST') {
      await look(ctx, token);
      return;
    }
    const form = await readForm(ctx);
    tokens.check(`invitation:${token}`, form.get('csrf'));
    if (form.get('action') === 'cancel') await show(ctx, 'join/done', { isRefused: true });
    else if ((await addressOf(token)) === '') await look(ctx, token);
    else {
      cookie.write(ctx, token);
      seeOther(ctx, joinRequest(issuer));
    }
  };
}
