import { withProof, type ProofMethod } from '../flows/proofs.ts';
import type { KeptFactor } from '../flows/requirement.ts';
import { seeOther } from '../http/page.ts';
import { waiting } from '../http/waiting.ts';
import { checkCode, checkPasskey } from './checks.ts';
import type { Problem } from './pages.ts';
import { INCOMPLETE, NO_PROBLEM, REFUSED, statusOf, type Room } from './room.ts';
import type { Step, Visit } from './visit.ts';

/** Shows the second factor that the account has. */
export function createSecondFactorStep(room: Room): Step {
  const { recoveries, clock, show } = room;

  async function proven({ ctx, recovery }: Visit, method: ProofMethod): Promise<void> {
    const { found, account } = recovery;
    const proof = { method, accountId: account.id, at: clock.now() };
    await recoveries.change(found, { proofs: withProof(found.flow.proofs, proof) });
    seeOther(ctx, ctx.path);
  }

  async function showAgain(visit: Visit, method: KeptFactor, problem: Problem): Promise<void> {
    const { ctx, csrf } = visit;
    const page = {
      method,
      others: choicesOf(visit)
        .filter((one) => one !== method)
        .map((one) => ({ method: one, url: `${ctx.path}?with=${one}` })),
      passkeyUrl: `${ctx.path}/passkey`,
      problem,
      csrf,
    };
    await show(ctx, 'recover/second-factor', page, statusOf(problem));
  }

  return {
    show: (visit) => showAgain(visit, chosen(visit, visit.ctx.query['with']), NO_PROBLEM),
    async take(visit) {
      const method = chosen(visit, visit.form.get('method'));
      const { outcome, left } =
        method === 'passkey'
          ? await checkPasskey(visit, room)
          : { outcome: await checkCode(visit, method, room), left: visit };
      if (outcome === undefined) await showAgain(left, method, INCOMPLETE);
      else if (outcome.kind === 'proven') await proven(left, method);
      else if (outcome.kind === 'throttled')
        await showAgain(left, method, waiting(visit.ctx, outcome.retryAfterSeconds));
      else await showAgain(left, method, method === 'passkey' ? { kind: 'passkey' } : REFUSED);
    },
  };
}

function choicesOf({ recovery }: Visit): readonly [KeptFactor, ...KeptFactor[]] {
  if (recovery.step.kind !== 'second-factor') throw new TypeError('another step');
  return recovery.step.choices;
}

/** What was asked for, but never more than there is to choose from. */
function chosen(visit: Visit, wanted: unknown): KeptFactor {
  const choices = choicesOf(visit);
  return choices.find((one) => one === wanted) ?? choices[0];
}
