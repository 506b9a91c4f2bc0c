import { seeOther } from '../http/page.ts';
import type { Room } from './room.ts';
import { loginOf, type ShowOutside } from './show.ts';
import type { Step, Visit } from './visit.ts';

/** The end of an account, by whoever it belongs to, where the installation lets them. */
export function createDeletion(
  { accounts, notices, settings, show }: Room,
  showOutside: ShowOutside,
): { readonly show: Step; readonly delete: Step } {
  const mayDelete = ({ account }: Visit): boolean => settings.deletion && !account.owner;

  async function showForm(visit: Visit, isWrong: boolean): Promise<void> {
    const page = { login: loginOf(visit.account), isWrong };
    await show(visit, 'account/delete', page, { status: isWrong ? 422 : 200 });
  }

  return {
    async show(visit) {
      if (mayDelete(visit)) await showForm(visit, false);
      else seeOther(visit.ctx, '/account/data');
    },
    async delete(visit) {
      const { ctx, account, actor, form } = visit;
      if (!mayDelete(visit)) {
        seeOther(ctx, '/account/data');
        return;
      }
      const typed = (form.get('confirmation') ?? '').trim();
      if (typed.toLowerCase() !== loginOf(account).toLowerCase()) {
        await showForm(visit, true);
        return;
      }
      await accounts.delete(account.id, actor);
      await notices.tell(visit, 'account-deleted');
      await showOutside(ctx, 'account/deleted', {});
    },
  };
}
