import { answerScript } from '../http/script-answer.ts';
import type { Room } from './room.ts';
import type { Visit } from './visit.ts';

/**
 * The account that was made here, while nobody can sign in to it; undefined: somebody has got in in another way by
 * now, such as its owner by a letter, and this page has no right to it any more.
 */
export async function ownerlessId(
  { joining }: Visit,
  { factors }: Pick<Room, 'factors'>,
): Promise<string | undefined> {
  const { accountId } = joining.data;
  const has = accountId === undefined ? undefined : await factors.of(accountId);
  return has && !has.password && has.passkeys.length === 0 ? accountId : undefined;
}

/** Tells the page's script of what a passkey is to be made. */
export function createPasskeyChallenge(room: Room): (visit: Visit) => Promise<void> {
  const { factors, joinings } = room;
  return async (visit) => {
    const { ctx, joining } = visit;
    const accountId = await ownerlessId(visit, room);
    const begun =
      accountId === undefined ? undefined : await factors.passkeys.beginEnrolment(accountId);
    const kept = begun && (await joinings.keep(joining, { challenge: begun.challenge }));
    answerScript(ctx, kept ? begun?.options : undefined);
  };
}
