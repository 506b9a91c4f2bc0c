import type { Context } from 'koa';
import type { ProtocolPages } from './contract.ts';
import { ROUTES } from './routes.ts';

/** A browser that comes back from a page. */
const RESUMING = new RegExp(`^${ROUTES.authorization}/`);
/**
 * Who signs in where somebody else's session is, the engine sends by a bare page of its own to the end of that session
 * first (`actions/authorization/resume.js`). No setting gives that page, so its two values are read out of it.
 */
const FORM =
  /<form method="post" action="(?<action>[^"]+)">\s*<input type="hidden" name="xsrf" value="(?<xsrf>[\w-]+)"\/>\s*<input type="hidden" name="logout" value="yes"\/>/u;

/** Puts our page in the place of the engine's, where somebody else's session has to end before a sign-in goes on. */
export async function showAccountSwitch(
  ctx: Context,
  pages: Pick<ProtocolPages, 'switchAccount'>,
): Promise<void> {
  const body: unknown = ctx.body;
  if (typeof body !== 'string' || !RESUMING.test(ctx.path)) return;
  const { action, xsrf } = FORM.exec(body)?.groups ?? {};
  if (action === undefined || xsrf === undefined) return;
  await pages.switchAccount(ctx, { action, xsrf });
}
