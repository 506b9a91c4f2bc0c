import { foldEmail } from '../accounts/login.ts';
import { seeOther } from '../http/page.ts';
import { isMailbox } from '../mail/mailbox.ts';
import { createEmailChanges } from './email-change.ts';
import type { Problem } from './pages.ts';
import type { Room } from './room.ts';
import { NO_PROBLEM, statusOf } from './show.ts';
import type { Step, Visit } from './visit.ts';

const FIRST = '/account/email';
const REFUSED: Problem = { kind: 'refused' };
const INCOMPLETE: Problem = { kind: 'incomplete' };

/** Another e-mail address, which counts once a code that was sent there comes back; or the same, to be verified. */
export function createEmail(room: Room): {
  readonly show: Step;
  readonly ask: Step;
  readonly showCode: Step;
  readonly confirm: Step;
} {
  const { show } = room;
  const changes = createEmailChanges(room);

  async function showForm(visit: Visit, typed: string, problem = NO_PROBLEM): Promise<void> {
    const { email = '', emailVerified } = visit.account;
    const page = { email, isEmailVerified: emailVerified, typed, problem };
    await show(visit, 'account/email', page, { status: statusOf(problem) });
  }

  async function showCode(visit: Visit, typed: string, problem = NO_PROBLEM): Promise<void> {
    await show(visit, 'account/email-code', { typed, problem }, { status: statusOf(problem) });
  }

  return {
    async show(visit) {
      const { draft, account } = visit;
      const unverified = account.emailVerified ? undefined : account.email;
      await showForm(visit, draft['email'] ?? unverified ?? '');
    },

    async ask(visit) {
      const { form, account, ctx } = visit;
      const typed = (form.get('email') ?? '').trim();
      const isSame = account.emailVerified && typed === account.email;
      // An account may have it, and a letter may go there.
      const isAddress = foldEmail(typed) !== undefined && isMailbox(typed);
      if (!isAddress || isSame) {
        await showForm(visit, typed, typed === '' || isSame ? INCOMPLETE : REFUSED);
        return;
      }
      const id = changes.newId();
      const problem = await changes.begin(visit, id, typed);
      if (problem.kind === 'none') seeOther(ctx, `${FIRST}/code/${id}`);
      else await showForm(visit, typed, problem);
    },

    async showCode(visit) {
      const found = await changes.find(visit, String(visit.ctx['params'].flow));
      if (found === undefined) seeOther(visit.ctx, FIRST);
      else await showCode(visit, found.data.address);
    },

    async confirm(visit) {
      const { ctx, form } = visit;
      const found = await changes.find(visit, String(ctx['params'].flow));
      if (found === undefined) {
        seeOther(ctx, FIRST);
        return;
      }
      const code = (form.get('code') ?? '').replaceAll(/\s/gu, '');
      const problem = code === '' ? INCOMPLETE : await changes.finish(visit, found, code);
      if (problem.kind === 'none') seeOther(ctx, '/account/profile?done=email');
      else await showCode(visit, found.data.address, problem);
    },
  };
}
