import type { Context } from 'koa';
import { z } from 'zod';
import { readForm } from '../http/form.ts';
import { seeOther } from '../http/page.ts';
import type { Room } from './room.ts';

/** What a ticket says that was sent and not handed over: where the letter went. */
const letter = z.object({ email: z.string() });

/**
 * Where the link of the letter leads. Looking uses nothing up, since mail scanners look at every link; the form does, and
 * what follows is tied to the browser that sent it.
 */
export function createLink(room: Room): (ctx: Context) => Promise<void> {
  const { tickets, tokens, recoveries, clock, show, hasMail } = room;

  /** The id of the flow that begins here; undefined: the link was of no use. */
  async function begin(ctx: Context, token: string): Promise<string | undefined> {
    const ticket = await tickets.use('recovery', token);
    if (ticket === undefined) return undefined;
    const accountId = ticket.about;
    const data = { accountId, ...letter.safeParse(ticket.payload).data };
    const proof = { method: 'email-code', accountId, at: clock.now() } as const;
    return await recoveries.begin(ctx, { proofs: [proof], data });
  }

  return async (ctx) => {
    const token = String(ctx['params'].token);
    const name = `recovery:${token}`;
    if (ctx.method === 'POST') {
      const form = await readForm(ctx);
      tokens.check(name, form.get('csrf'));
      if (form.get('action') === 'cancel') {
        await show(ctx, 'recover/stopped', {});
        return;
      }
      const id = await begin(ctx, token);
      if (id !== undefined) {
        seeOther(ctx, `/recover/step/${id}`);
        return;
      }
    }
    const isGood = (await tickets.peek('recovery', token)) !== undefined;
    const page = { isGood, canAsk: hasMail, csrf: tokens.issue(name) };
    await show(ctx, 'recover/link', page, isGood ? 200 : 404);
  };
}
