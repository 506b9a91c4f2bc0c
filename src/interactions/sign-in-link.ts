import type { Context } from 'koa';
import type { Factors } from '../factors/factors.ts';
import type { ShowPage } from './pages.ts';

/**
 * Where the link of a letter leads: shows the code, to be typed in the browser that waits for it. Nobody is signed in
 * by opening it, and it can be opened again, so that a mail scanner which follows every link does no harm.
 */
export function createSignInLink(options: {
  readonly factors: Pick<Factors, 'emailCodes'>;
  readonly show: ShowPage;
}): (ctx: Context) => Promise<void> {
  const { factors, show } = options;
  return async (ctx) => {
    const found = await factors.emailCodes.reveal(String(ctx['params'].token));
    const code = found?.code ?? '';
    await show(ctx, 'sign-in-link', { code }, { status: code === '' ? 404 : 200 });
  };
}
