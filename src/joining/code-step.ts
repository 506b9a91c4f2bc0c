import { originOf } from '../http/page.ts';
import { waiting } from '../http/waiting.ts';
import { codeOwner, createJoiningLetters } from './letters.ts';
import type { Problem } from './pages.ts';
import { INCOMPLETE, NO_PROBLEM, REFUSED, statusOf, type Room } from './room.ts';
import { frameOf, lookAgain, type FormVisit, type Step, type Visit } from './visit.ts';

/** Types the code that went to the address. Of an address that is somebody's there is no right one. */
export function createCodeStep(room: Room): Step {
  const { accounts, factors, joinings, show } = room;
  const send = createJoiningLetters(room);

  async function check({ ctx, form, interaction }: FormVisit, address: string): Promise<Problem> {
    const code = (form.get('code') ?? '').replaceAll(/\s/gu, '');
    if (code === '') return INCOMPLETE;
    const outcome = await factors.emailCodes.check({
      flowId: interaction.uid,
      accountId: codeOwner(address),
      code,
      origin: originOf(ctx),
      clientId: interaction.client.id,
      isOfNobody: true,
    });
    if (outcome.kind === 'throttled') return waiting(ctx, outcome.retryAfterSeconds);
    const isFree = (await accounts.findByLogin(address)) === undefined;
    return outcome.kind === 'proven' && isFree ? NO_PROBLEM : REFUSED;
  }

  async function showAgain(visit: Visit, problem: Problem): Promise<void> {
    const { ctx, interaction } = visit;
    const page = { ...frameOf(visit), email: addressOf(visit), problem };
    const { uiLocales } = interaction;
    await show(ctx, 'join/code', page, { status: statusOf(problem), uiLocales });
  }

  return {
    show: (visit) => showAgain(visit, NO_PROBLEM),
    async take(visit) {
      const { form, joining } = visit;
      const action = form.get('action');
      if (action === 'other') {
        await joinings.keep(joining, { address: undefined });
        lookAgain(visit);
      } else if (action === 'again') await showAgain(visit, await send(visit, addressOf(visit)));
      else {
        const problem = await check(visit, addressOf(visit));
        if (problem.kind !== 'none') await showAgain(visit, problem);
        else {
          await joinings.keep(joining, { isProven: true });
          lookAgain(visit);
        }
      }
    },
  };
}

function addressOf({ joining }: Visit): string {
  const { address } = joining.data;
  if (address === undefined) throw new TypeError('a code that was not sent');
  return address;
}
