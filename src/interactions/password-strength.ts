import type { Context } from 'koa';
import type { Accounts } from '../accounts/accounts.ts';
import { readForm } from '../http/form.ts';
import type { Clock } from '../runtime/clock.ts';

/** A measurement may take 50 ms of a core: strangers get so many a second out of us, and after a while so many at once. */
const PER_SECOND = 4;
const AT_ONCE = 20;
/** What a page takes. */
const CHARACTERS_MAX = 1024;

/**
 * `POST /password-strength`: how hard a password is to guess, for the script of a page on which somebody chooses one. It
 * is advice: when many type at once the answer is 204, and the page says nothing.
 */
export function createPasswordStrength({
  accounts,
  clock,
}: {
  readonly accounts: Pick<Accounts, 'passwordStrength'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}): (ctx: Context) => Promise<void> {
  const take = createRation(clock);
  return async (ctx) => {
    const password = (await readForm(ctx)).get('password') ?? '';
    if (password === '' || password.length > CHARACTERS_MAX || !take()) {
      ctx.status = 204;
      return;
    }
    const { score, hint } = await accounts.passwordStrength(password);
    ctx.body = { score, ...(hint !== undefined && { hint }) };
  };
}

/** Whether there is one more, which it takes. */
export function createRation(clock: Pick<Clock, 'nowMs'>): () => boolean {
  let left = AT_ONCE;
  let atMs = clock.nowMs();
  return () => {
    const nowMs = clock.nowMs();
    left = Math.min(AT_ONCE, left + (Math.max(0, nowMs - atMs) * PER_SECOND) / 1000);
    atMs = nowMs;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
