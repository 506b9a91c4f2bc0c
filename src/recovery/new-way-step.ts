import { passwordWords } from '../accounts/password-words.ts';
import { readCredential } from '../factors/read-credential.ts';
import { languagesOf } from '../http/page.ts';
import type { Problem } from './pages.ts';
import { NO_PROBLEM, statusOf, type Room } from './room.ts';
import { actorOf, type FormVisit, type Step, type Visit } from './visit.ts';

type Review = Parameters<typeof passwordWords>[0];

/**
 * A new password; where nobody has one, a new passkey. It is the end of the recovery: every session and token ends, a lock
 * too, and the person is told by letter.
 */
export function createNewWayStep(room: Room): Step {
  const { authentication } = room;
  return authentication.password ? createNewPasswordStep(room) : createNewPasskeyStep(room);
}

function createNewPasswordStep(room: Room): Step {
  const { accounts, recoveries, show } = room;

  async function showAgain({ ctx, recovery, csrf }: Visit, review: Review): Promise<void> {
    const { email, username = '' } = recovery.account;
    const page = { ...passwordWords(review), login: email ?? username, csrf };
    await show(ctx, 'recover/new-password', page, review === undefined ? 200 : 422);
  }

  return {
    show: (visit) => showAgain(visit, undefined),
    async take(visit) {
      const { account, found } = visit.recovery;
      const password = visit.form.get('password') ?? '';
      const review = await accounts.checkNewPassword(password, account);
      if (!review.ok) await showAgain(visit, review);
      else if (await recoveries.end(found)) {
        await accounts.setPassword(account.id, password, actorOf(visit));
        await conclude(visit, room);
      } else await show(visit.ctx, 'recover/link', goneOf(room), 404);
    },
  };
}

function createNewPasskeyStep(room: Room): Step {
  const { accounts, factorsOfLocked, recoveries, takeBack, show } = room;

  async function showAgain({ ctx, csrf }: Visit, problem: Problem): Promise<void> {
    const page = { passkeyUrl: `${ctx.path}/passkey`, problem, csrf };
    await show(ctx, 'recover/new-passkey', page, statusOf(problem));
  }

  async function finish(visit: FormVisit): Promise<boolean> {
    const { found } = visit.recovery;
    const { challenge, ...data } = found.data;
    const { accountId } = data;
    const response = readCredential(visit.form.get('credential'));
    if (challenge === undefined || response === undefined) return false;
    const left = await recoveries.change(found, { data });
    const actor = actorOf(visit);
    const answer = { accountId, challenge, response, actor };
    const { passkeys } = factorsOfLocked;
    if (left === undefined || (await passkeys.finishEnrolment(answer)) === undefined) return false;
    if (!(await recoveries.end(left))) return false;
    await accounts.unlock(accountId, actor);
    await takeBack.revoke({ kind: 'account', accountId }, { reason: 'recovered', actor });
    return true;
  }

  return {
    show: (visit) => showAgain(visit, NO_PROBLEM),
    async take(visit) {
      if (await finish(visit)) await conclude(visit, room);
      else await showAgain(visit, { kind: 'passkey' });
    },
  };
}

/** What is left once somebody has a new way in. */
async function conclude(visit: Visit, room: Room): Promise<void> {
  const { ctx, recovery } = visit;
  const { audit, tickets, notices, clock, accountUrl, show } = room;
  const { id: accountId } = recovery.account;
  const actor = actorOf(visit);
  await audit.record({ type: 'account.recovered', accountId, ...actor });
  // A letter that was sent meanwhile is of no use to whoever reads it now.
  await tickets.withdraw('recovery', accountId);
  const [proof] = recovery.found.flow.proofs;
  const at = proof?.at ?? clock.now();
  const change = { account: recovery.account, actor, at, languages: languagesOf(ctx) };
  await notices.tell(change, 'account-recovered');
  await show(ctx, 'recover/done', { accountUrl });
}

/** The page of a recovery that is over. */
export function goneOf({ hasMail }: Pick<Room, 'hasMail'>): {
  readonly isGood: boolean;
  readonly canAsk: boolean;
  readonly csrf: string;
} {
  return { isGood: false, canAsk: hasMail, csrf: '' };
}
