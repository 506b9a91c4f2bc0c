import type { Context } from 'koa';
import { readForm } from '../http/form.ts';
import type { FormTokens } from '../http/form-tokens.ts';
import { languagesOf, originOf } from '../http/page.ts';
import type { Mail } from '../mail/mail.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Restorer, RestoreKind } from '../notices/restorer.ts';
import type { ShowOutside } from './show.ts';

/**
 * Where the links in letters lead. Nobody need be signed in: the link is the proof. Looking does nothing, since mail
 * scanners look at every link.
 */
export function createRestorePages(options: {
  readonly restorer: Restorer;
  readonly tokens: FormTokens;
  readonly mail: Mail;
  readonly clock: Clock;
  readonly show: ShowOutside;
}): (kind: RestoreKind) => (ctx: Context) => Promise<void> {
  const { restorer, tokens, mail, clock, show } = options;

  return (kind) => async (ctx) => {
    const token = String(ctx['params'].token);
    const page = { kind, email: '', csrf: tokens.issue(`account:${kind}:${token}`) };
    if (ctx.method !== 'POST') {
      const point = await restorer.peek(kind, token);
      const state = point === undefined ? 'gone' : 'asks';
      const status = point === undefined ? 404 : 200;
      await show(ctx, 'account/restore', { ...page, state, email: point?.email ?? '' }, status);
      return;
    }
    tokens.check(`account:${kind}:${token}`, (await readForm(ctx)).get('csrf'));
    const origin = originOf(ctx);
    const point = await restorer.restore(kind, token, { by: 'self', origin });
    if (point === undefined) {
      await show(ctx, 'account/restore', { ...page, state: 'gone' }, 404);
      return;
    }
    const { email } = point;
    await mail.send({
      to: email,
      name: 'notice',
      data: {
        what: 'account-locked',
        at: clock.now(),
        device: '',
        address: origin.address,
        notMeUrl: '',
      },
      languages: languagesOf(ctx),
    });
    await show(ctx, 'account/restore', { ...page, state: 'done', email });
  };
}
