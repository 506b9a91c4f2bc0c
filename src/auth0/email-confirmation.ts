import { Router } from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { House } from '../capability.ts';
import { createFormTokens } from '../http/form-tokens.ts';
import { readForm } from '../http/form.ts';
import { languagesOf, originOf, sendPage } from '../http/page.ts';
import { createSameOriginGuard } from '../http/same-origin.ts';
import type { TenantConfig } from './config.ts';

const PATH = '/u/email-verification';
const proven = z.object({ email: z.string() });

/** What `views/auth0/confirm-email.liquid` is given. */
export interface ConfirmEmailPage {
  readonly state: 'ask' | 'done' | 'gone';
  readonly email: string;
  readonly csrf: string;
}

/** Links by which people show that an address is theirs. */
export interface EmailConfirmation {
  /** The last one of an account is good, once, for as long as the address is that of the account. */
  link(
    accountId: string,
    email: string,
  ): Promise<{ readonly url: string; readonly expiresAt: number }>;
  /** Where they lead. */
  readonly router: Router;
}

/** At the origin of the tenant. Looking uses nothing up, since mail scanners look at every link. */
export function createEmailConfirmation(
  house: Pick<House, 'accounts' | 'renderer' | 'sealer' | 'tickets'>,
  { issuer }: Pick<TenantConfig, 'issuer'>,
): EmailConfirmation {
  const { accounts, renderer, sealer, tickets } = house;
  const tokens = createFormTokens(sealer.keysFor('email-confirmation-forms'));

  async function show(ctx: Context, page: Partial<ConfirmEmailPage>): Promise<void> {
    const whole: ConfirmEmailPage = { state: 'gone', email: '', csrf: '', ...page };
    const html = await renderer.render('auth0/confirm-email', whole, languagesOf(ctx));
    sendPage(ctx, html, { status: whole.state === 'gone' ? 404 : 200 });
  }

  async function look(ctx: Context, ticket: string): Promise<void> {
    const found = await tickets.peek('verify-email', ticket);
    const email = emailIn(found?.payload);
    if (email === undefined) await show(ctx, {});
    else await show(ctx, { state: 'ask', email, csrf: tokens.issue(ticket) });
  }

  async function confirm(ctx: Context, ticket: string): Promise<void> {
    const form = await readForm(ctx);
    tokens.check(ticket, form.get('csrf'));
    // Used up by either answer: whose address it is not does not want to be asked again.
    const used = await tickets.use('verify-email', ticket);
    const email = emailIn(used?.payload);
    const actor = { by: 'self', origin: originOf(ctx) };
    const isTheirs =
      used !== undefined &&
      email !== undefined &&
      form.get('action') !== 'cancel' &&
      (await accounts.verifyEmail(used.about, email, actor));
    await show(ctx, { state: isTheirs ? 'done' : 'gone' });
  }

  const router = new Router({ sensitive: true, strict: true });
  router.use(createSameOriginGuard(new URL(issuer).origin));
  return {
    async link(accountId, email) {
      const ticket = { kind: 'verify-email', about: accountId, payload: { email } } as const;
      const { token, expiresAt } = await tickets.issue(ticket);
      return { url: `${new URL(PATH, issuer).href}?ticket=${token}`, expiresAt };
    },
    router: router
      .get(PATH, (ctx) => look(ctx, ticketIn(ctx)))
      .post(PATH, (ctx) => confirm(ctx, ticketIn(ctx))),
  };
}

function ticketIn({ query }: Context): string {
  const { ticket } = query;
  return typeof ticket === 'string' ? ticket : '';
}

function emailIn(payload: unknown): string | undefined {
  return proven.safeParse(payload).data?.email;
}
