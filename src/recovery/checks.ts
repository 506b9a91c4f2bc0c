import type { FactorOutcome } from '../factors/factors.ts';
import { readCredential } from '../factors/read-credential.ts';
import type { KeptFactor } from '../flows/requirement.ts';
import { originOf } from '../http/page.ts';
import type { Room } from './room.ts';
import type { FormVisit, Visit } from './visit.ts';

/** Beside the letter it is enough to have one. */
export const USER_VERIFICATION = 'preferred';

/** Undefined: nothing was typed. */
export async function checkCode(
  { ctx, form, recovery }: FormVisit,
  method: Exclude<KeptFactor, 'passkey'>,
  { factorsOfLocked: factors }: Room,
): Promise<FactorOutcome | undefined> {
  const code = (form.get('code') ?? '').trim();
  if (code === '') return undefined;
  const attempt = { accountId: recovery.account.id, code, origin: originOf(ctx) };
  return method === 'totp'
    ? await factors.totp.check(attempt)
    : await factors.recoveryCodes.check(attempt);
}

/** Each challenge is good once: whoever answers takes it out of what is `left`, and then it is looked at. */
export async function checkPasskey(
  visit: FormVisit,
  { factorsOfLocked, recoveries }: Room,
): Promise<{ readonly outcome: FactorOutcome; readonly left: Visit }> {
  const { ctx, form, recovery } = visit;
  const { challenge, ...data } = recovery.found.data;
  const { accountId } = data;
  const response = readCredential(form.get('credential'));
  if (challenge === undefined || response === undefined)
    return { outcome: { kind: 'refused' }, left: visit };
  const found = await recoveries.change(recovery.found, { data });
  if (found === undefined) return { outcome: { kind: 'refused' }, left: visit };
  const outcome = await factorsOfLocked.passkeys.finishCheck({
    accountId,
    challenge,
    response,
    userVerification: USER_VERIFICATION,
    origin: originOf(ctx),
  });
  return { outcome, left: { ...visit, recovery: { ...recovery, found } } };
}
