import type { Context } from 'koa';
import type { FormTokens } from '../http/form-tokens.ts';
import type { BrowserSessions } from '../provider/contract.ts';
import type { Room } from './room.ts';
import type { ShowOutside } from './show.ts';

/**
 * Where the link in a letter with a code leads. It shows the code, and proves nothing: it may be opened on another device,
 * and by a mail scanner. In the browser where the change began, one button does the rest.
 */
export function createEmailLink(options: {
  readonly factors: Room['factors'];
  readonly sessions: BrowserSessions;
  readonly tokens: FormTokens;
  readonly show: ShowOutside;
}): (ctx: Context) => Promise<void> {
  const { factors, sessions, tokens, show } = options;
  return async (ctx) => {
    const revealed = await factors.emailCodes.reveal(String(ctx['params'].token));
    const session = revealed && (await sessions.current(ctx));
    const url = `/account/email/code/${encodeURIComponent(String(ctx['params'].flow))}`;
    const csrf = session === undefined ? '' : tokens.issue(`account:${session.uid}`);
    const page = { code: revealed?.code ?? '', url, csrf };
    await show(ctx, 'account/email-link', page, revealed === undefined ? 404 : 200);
  };
}
