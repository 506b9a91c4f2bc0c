import { z } from 'zod';
import { seeOther } from '../http/page.ts';
import { createOwnFlows } from './own-flow.ts';
import type { Problem } from './pages.ts';
import type { Room } from './room.ts';
import { NO_PROBLEM, statusOf } from './show.ts';
import type { Step, Visit } from './visit.ts';

const SECURITY = '/account/security';
const PAGE = '/account/authenticator';
/** All that the page shows again after a wrong code: another secret would make what was scanned worthless. */
const enrolment = z.object({
  sealed: z.string(),
  uri: z.string(),
  key: z.string(),
  qr: z.object({ size: z.number(), path: z.string() }),
});
type Enrolment = z.output<typeof enrolment>;

/** Sets up an authenticator app, which counts once it has shown a right code; or takes it away. */
export function createAuthenticator({ factors, flows, notices, show }: Room): {
  readonly show: Step;
  readonly confirm: Step;
  readonly showRemove: Step;
  readonly remove: Step;
} {
  const enrolments = createOwnFlows(flows, 'authenticator', enrolment);

  async function showForm(
    visit: Visit,
    { id, data }: { readonly id: string; readonly data: Enrolment },
    problem: Problem = NO_PROBLEM,
  ): Promise<void> {
    const has = await factors.of(visit.account.id);
    const { qr, key, uri } = data;
    const isReplacing = has?.totp !== undefined;
    const page = { isReplacing, qr, key, uri, action: `${PAGE}/${id}`, problem };
    await show(visit, 'account/authenticator', page, { status: statusOf(problem) });
  }

  return {
    async show(visit) {
      const id = enrolments.newId();
      const data = await factors.totp.beginEnrolment(visit.account.id);
      const isKept = data && (await enrolments.keep(visit, id, enrolment.parse(data)));
      if (isKept === true) await showForm(visit, { id, data });
      else seeOther(visit.ctx, SECURITY);
    },

    async confirm(visit) {
      const { ctx, form, account, actor } = visit;
      const id = String(ctx['params'].flow);
      const found = await enrolments.find(visit, id);
      if (found === undefined) {
        seeOther(ctx, PAGE);
        return;
      }
      const { data } = found;
      const code = (form.get('code') ?? '').replaceAll(/\s/gu, '');
      if (code === '') {
        await showForm(visit, { id, data }, { kind: 'incomplete' });
        return;
      }
      const { sealed } = data;
      const answer = { accountId: account.id, sealed, code, actor };
      // An enrolment is good once: of several right codes at once, one sets the app up.
      if (!(await factors.totp.finishEnrolment(answer))) {
        await showForm(visit, { id, data }, { kind: 'refused' });
        return;
      }
      await enrolments.end(found);
      await notices.tell(visit, 'totp-added');
      seeOther(ctx, `${SECURITY}?done=authenticator-added`);
    },

    showRemove: (visit) => show(visit, 'account/authenticator-remove', {}),

    async remove(visit) {
      const { ctx, account, actor } = visit;
      if (await factors.totp.remove(account.id, actor)) await notices.tell(visit, 'totp-removed');
      seeOther(ctx, `${SECURITY}?done=authenticator-removed`);
    },
  };
}
