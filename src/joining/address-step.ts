import { foldEmail } from '../accounts/login.ts';
import { QUOTA_SECONDS } from '../accounts/quotas.ts';
import { originOf } from '../http/page.ts';
import { waiting } from '../http/waiting.ts';
import { isMailbox } from '../mail/mailbox.ts';
import { isAllowedAddress } from './allowed-address.ts';
import { createJoiningLetters } from './letters.ts';
import type { Problem } from './pages.ts';
import { INCOMPLETE, NO_PROBLEM, REFUSED, statusOf, type Room } from './room.ts';
import { frameOf, lookAgain, type FormVisit, type Step, type Visit } from './visit.ts';

const EMAIL_MAX = 254;

/** Says which address is theirs; a code goes there. */
export function createAddressStep(room: Room): Step {
  const { settings, quotas, work, joinings, show } = room;
  const send = createJoiningLetters(room);

  function problemOf(typed: string): Problem {
    if (typed === '') return INCOMPLETE;
    const folded = isMailbox(typed) ? foldEmail(typed) : undefined;
    if (folded === undefined) return REFUSED;
    return isAllowedAddress(folded, settings) ? NO_PROBLEM : { kind: 'domain' };
  }

  /** Counted before anything is looked at. */
  async function isWithinQuotas({ ctx, form }: FormVisit): Promise<boolean> {
    const isWorkDone = !settings.proofOfWork || (await work.isSolved(form.get('work')));
    const { perAddress, perAddressWithoutProof, overall } = settings;
    const { address } = originOf(ctx);
    return isWorkDone
      ? await quotas.take({ address, max: perAddress, overall })
      : await quotas.take({ address, max: perAddressWithoutProof, overall, kind: 'unproven' });
  }

  async function showAgain(visit: Visit, typed: string, problem: Problem): Promise<void> {
    const { ctx, interaction } = visit;
    const task = settings.proofOfWork ? await work.challenge() : '';
    const page = { ...frameOf(visit), typed, work: task, problem };
    const { uiLocales } = interaction;
    await show(ctx, 'join/address', page, { status: statusOf(problem), uiLocales });
  }

  return {
    show: (visit) => showAgain(visit, visit.interaction.loginHint.slice(0, EMAIL_MAX), NO_PROBLEM),
    async take(visit) {
      const { ctx, form, joining } = visit;
      const address = (form.get('email') ?? '').trim().slice(0, EMAIL_MAX + 1);
      const problem = problemOf(address);
      if (problem.kind !== 'none') await showAgain(visit, address, problem);
      else if (!(await isWithinQuotas(visit)))
        await showAgain(visit, address, waiting(ctx, QUOTA_SECONDS));
      else {
        const sent = await send(visit, address);
        if (sent.kind !== 'none') await showAgain(visit, address, sent);
        else {
          await joinings.keep(joining, { address });
          lookAgain(visit);
        }
      }
    },
  };
}
