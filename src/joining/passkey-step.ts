import { passwordWords } from '../accounts/password-words.ts';
import type { NewPasskey } from '../factors/passkeys.ts';
import { readCredential } from '../factors/read-credential.ts';
import type { ProofMethod } from '../flows/proofs.ts';
import { conclude } from './conclude.ts';
import { waysOf } from './details-step.ts';
import { addressOf } from './new-member.ts';
import { ownerlessId } from './passkey-challenge.ts';
import type { Problem } from './pages.ts';
import { NO_PROBLEM, statusOf, type Room } from './room.ts';
import { actorOf, frameOf, lookAgain, type FormVisit, type Step, type Visit } from './visit.ts';

type Review = Parameters<typeof passwordWords>[0];

/** A passkey for the account that was made; or a password, where none comes about. */
export function createPasskeyStep(room: Room): Step {
  const { accounts, factors, joinings, show } = room;

  async function byPasskey(visit: FormVisit, accountId: string): Promise<void> {
    const { challenge, ...rest } = visit.joining.data;
    const response = readCredential(visit.form.get('credential'));
    // Each challenge is good once: whoever answers takes it away first.
    const left =
      challenge !== undefined && response !== undefined
        ? await joinings.keep(visit.joining, { ...rest, challenge: undefined })
        : undefined;
    const answer = { accountId, challenge: challenge ?? '', response, actor: actorOf(visit) };
    const made = left && (await factors.passkeys.finishEnrolment(answer));
    if (left && made)
      await conclude({ ...visit, joining: left }, { method: methodOf(made), accountId }, room);
    else await showAgain(visit, { kind: 'passkey' }, undefined);
  }

  async function byPassword(visit: FormVisit, accountId: string): Promise<void> {
    const password = visit.form.get('password') ?? '';
    const account = await accounts.find(accountId);
    const review = await accounts.checkNewPassword(password, account);
    if (!review.ok) {
      await showAgain(visit, NO_PROBLEM, review);
      return;
    }
    await accounts.setPassword(accountId, password, actorOf(visit));
    await conclude(visit, { method: 'password', accountId }, room);
  }

  async function showAgain(visit: Visit, problem: Problem, review: Review): Promise<void> {
    const { ctx, interaction } = visit;
    const page = {
      ...frameOf(visit),
      ...passwordWords(review),
      email: addressOf(visit),
      passkeyUrl: `${ctx.path}/passkey`,
      password: waysOf(room).password,
      problem,
    };
    const status = review === undefined ? statusOf(problem) : 422;
    await show(ctx, 'join/passkey', page, { status, uiLocales: interaction.uiLocales });
  }

  /** The account is signed in to like any other. */
  async function giveUp(visit: Visit): Promise<void> {
    await joinings.end(visit.joining);
    lookAgain(visit);
  }

  return {
    async show(visit) {
      if ((await ownerlessId(visit, room)) === undefined) await giveUp(visit);
      else await showAgain(visit, NO_PROBLEM, undefined);
    },
    async take(visit) {
      const accountId = await ownerlessId(visit, room);
      if (accountId === undefined) await giveUp(visit);
      else if (visit.form.get('action') === 'password' && waysOf(room).password)
        await byPassword(visit, accountId);
      else await byPasskey(visit, accountId);
    },
  };
}

function methodOf({ userVerified }: NewPasskey): ProofMethod {
  return userVerified ? 'passkey-verified' : 'passkey';
}
