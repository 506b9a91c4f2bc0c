import { answerScript } from '../http/script-answer.ts';
import { USER_VERIFICATION } from './checks.ts';
import type { Room } from './room.ts';
import type { Visit } from './visit.ts';

/** Tells the page's script what a passkey is to sign, or of what it is to be made. */
export function createPasskeyChallenge(room: Room): (visit: Visit) => Promise<void> {
  const { factorsOfLocked, recoveries, authentication } = room;
  const { passkeys } = factorsOfLocked;

  async function begin({ recovery }: Visit): ReturnType<typeof passkeys.beginEnrolment> {
    const { step, account } = recovery;
    const isAsked = step.kind === 'second-factor' && step.choices.includes('passkey');
    if (isAsked)
      return await passkeys.beginCheck({
        accountId: account.id,
        userVerification: USER_VERIFICATION,
      });
    const isMade = step.kind === 'new-way' && !authentication.password;
    return isMade ? await passkeys.beginEnrolment(account.id) : undefined;
  }

  return async (visit) => {
    const { ctx, recovery } = visit;
    const { found } = recovery;
    const begun = await begin(visit);
    const kept =
      begun &&
      (await recoveries.change(found, { data: { ...found.data, challenge: begun.challenge } }));
    answerScript(ctx, kept ? begun?.options : undefined);
  };
}
