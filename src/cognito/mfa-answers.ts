import type { JsonObject } from '../runtime/json.ts';
import type { Answer } from './answer.ts';
import { useOnce } from './answer.ts';
import { askFor, conclude } from './conclude.ts';
import { CognitoException, codeMismatch, invalidSession, limitExceeded } from './exception.ts';
import { mfaOf } from './mfa.ts';
import { parameter } from './parameters.ts';
import type { Room } from './room.ts';

/** The code that the app shows. */
export async function answerSoftwareToken(answer: Answer, room: Room): Promise<JsonObject> {
  const { client, proven, origin, parameters } = answer;
  const code = parameter(parameters, 'SOFTWARE_TOKEN_MFA_CODE');
  const accountId = proven.user.account.id;
  const outcome = await room.factors.totp.check({ accountId, code, origin, clientId: client.id });
  if (outcome.kind === 'throttled') throw limitExceeded();
  if (outcome.kind === 'refused') throw codeMismatch();
  return await proceed(answer, room);
}

/** The code of the letter that went out for this sign-in. */
export async function answerEmailCode(answer: Answer, room: Room): Promise<JsonObject> {
  const { client, challenge, proven, origin, parameters } = answer;
  const { user } = proven;
  await room.letters.check({
    user,
    purpose: 'sign-in-code',
    address: user.account.email ?? '',
    session: challenge.session,
    origin,
    code: parameter(parameters, 'EMAIL_OTP_CODE'),
    clientId: client.id,
  });
  return await proceed(answer, room);
}

/** Which of their factors a user wants to show. */
export async function answerSelection(answer: Answer, room: Room): Promise<JsonObject> {
  const { challenge, proven, parameters } = answer;
  const wanted = parameter(parameters, 'ANSWER');
  const { names } = await mfaOf(proven.user, room.factors);
  const name = names.find((one) => one === wanted);
  if (name === undefined)
    throw new CognitoException('InvalidParameterException', `${wanted} is none of the choices`);
  await useOnce(challenge, room);
  return await askFor(name, proven, room);
}

/** The app was set up by `AssociateSoftwareToken` and `VerifySoftwareToken` in this session: its code was shown there. */
export async function answerSetup(answer: Answer, room: Room): Promise<JsonObject> {
  if (!answer.challenge.isEnrolled) throw invalidSession();
  return await proceed(answer, room);
}

/** A second factor was shown. */
async function proceed({ challenge, proven }: Answer, room: Room): Promise<JsonObject> {
  await useOnce(challenge, room);
  return await conclude({ ...proven, amr: [...proven.amr, 'otp', 'mfa'] }, room);
}
