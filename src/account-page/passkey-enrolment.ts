import { z } from 'zod';
import { readCredential } from '../factors/read-credential.ts';
import { answerScript } from '../http/script-answer.ts';
import { seeOther } from '../http/page.ts';
import { createOwnFlows } from './own-flow.ts';
import type { Problem } from './pages.ts';
import type { Room } from './room.ts';
import { NO_PROBLEM, statusOf } from './show.ts';
import type { Step, Visit } from './visit.ts';

const enrolment = z.object({ challenge: z.string() });

/** A passkey more. The page's script asks for a challenge, and sends what the browser made of it. */
export function createPasskeyEnrolment({ factors, flows, notices, show }: Room): {
  readonly show: Step;
  readonly challenge: Step;
  readonly add: Step;
} {
  const { passkeys } = factors;
  const enrolments = createOwnFlows(flows, 'passkey', enrolment);

  async function showForm(visit: Visit, problem: Problem = NO_PROBLEM): Promise<void> {
    const action = `/account/passkeys/add/${enrolments.newId()}`;
    const page = { action, challengeUrl: `${action}/challenge`, problem };
    await show(visit, 'account/passkey-add', page, { status: statusOf(problem) });
  }

  /** The challenge is given out once, whatever becomes of the answer. */
  async function takeChallenge(visit: Visit): Promise<string | undefined> {
    const found = await enrolments.find(visit, String(visit.ctx['params'].flow));
    return found && (await enrolments.end(found)) ? found.data.challenge : undefined;
  }

  async function finish(visit: Visit): Promise<boolean> {
    const { account, actor, form } = visit;
    const response = readCredential(form.get('credential'));
    const challenge = response === undefined ? undefined : await takeChallenge(visit);
    if (challenge === undefined) return false;
    const typed = (form.get('name') ?? '').trim();
    const name = typed === '' ? undefined : typed;
    const answer = { accountId: account.id, challenge, response, name, actor };
    return (await passkeys.finishEnrolment(answer)) !== undefined;
  }

  return {
    show: (visit) => showForm(visit),

    async challenge(visit) {
      const { ctx, account } = visit;
      const begun = await passkeys.beginEnrolment(account.id);
      const flow = String(ctx['params'].flow);
      const isKept = begun && (await enrolments.keep(visit, flow, { challenge: begun.challenge }));
      answerScript(ctx, isKept === true ? begun?.options : undefined);
    },

    async add(visit) {
      if (!(await finish(visit))) {
        await showForm(visit, { kind: 'refused' });
        return;
      }
      await notices.tell(visit, 'passkey-added');
      seeOther(visit.ctx, '/account/security?done=passkey-added');
    },
  };
}
