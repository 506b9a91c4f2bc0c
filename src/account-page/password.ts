import { passwordWords } from '../accounts/password-words.ts';
import { seeOther } from '../http/page.ts';
import type { Room } from './room.ts';
import { loginOf, type ShowOutside } from './show.ts';
import type { Step, Visit } from './visit.ts';
import { canDoWithout } from './ways-in.ts';

type Review = Parameters<typeof passwordWords>[0];

/** A new password, the first one, or none any more. */
export function createPassword(
  { accounts, factors, authentication, notices, show }: Room,
  showOutside: ShowOutside,
): { readonly show: Step; readonly set: Step; readonly remove: Step } {
  async function canRemove({ account }: Visit): Promise<boolean> {
    const has = account.hasPassword ? await factors.of(account.id) : undefined;
    // A passkey, not just any other way: it is what takes the place of a password.
    if (has === undefined || has.passkeys.length === 0) return false;
    return canDoWithout({ kind: 'password' }, has, authentication);
  }

  async function showAgain(visit: Visit, review: Review): Promise<void> {
    const page = {
      ...passwordWords(review),
      hasPassword: visit.account.hasPassword,
      login: loginOf(visit.account),
      canRemove: await canRemove(visit),
    };
    await show(visit, 'account/password', page, { status: review === undefined ? 200 : 422 });
  }

  return {
    show: (visit) => showAgain(visit, undefined),
    async set(visit) {
      const { ctx, account, actor, form } = visit;
      const password = form.get('password') ?? '';
      const review = await accounts.checkNewPassword(password, account);
      if (!review.ok) {
        await showAgain(visit, review);
        return;
      }
      await accounts.setPassword(account.id, password, actor);
      await notices.tell(visit, 'password-changed');
      // Every session has ended, this one with them.
      await showOutside(ctx, 'account/password-changed', {});
    },
    async remove(visit) {
      const { ctx, account, actor } = visit;
      if (await canRemove(visit)) {
        await accounts.removePassword(account.id, actor);
        await notices.tell(visit, 'password-removed');
        seeOther(ctx, '/account/security?done=password-removed');
      } else await showAgain(visit, undefined);
    },
  };
}
