import type { JsonObject } from '../runtime/json.ts';
import type { Answer } from './answer.ts';
import { useOnce } from './answer.ts';
import { askFor, conclude } from './conclude.ts';
import { CognitoException, codeMismatch, invalidSession, limitExceeded } from './exception.ts';
import { addressOf, mfaOf, type HeardFactor } from './mfa.ts';
import { phoneOf, verifyNumber } from './phone-numbers.ts';
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
  await checkSent(answer, { name: 'EMAIL_OTP', parameter: 'EMAIL_OTP_CODE' }, room);
  return await proceed(answer, room);
}

/** The same of the text message. The number is verified by that, unless it was. */
export async function answerTextMessage(answer: Answer, room: Room): Promise<JsonObject> {
  const { proven, origin } = answer;
  const { user } = proven;
  const number = addressOf(user, 'SMS_MFA');
  await checkSent(answer, { name: 'SMS_MFA', parameter: 'SMS_MFA_CODE' }, room);
  if (phoneOf(user)?.isVerified !== true)
    await verifyNumber(user, number, { by: 'self', origin }, room);
  return await proceed(answer, room);
}

async function checkSent(
  { client, challenge, proven: { user }, origin, parameters }: Answer,
  sent: { readonly name: HeardFactor; readonly parameter: string },
  { letters }: Room,
): Promise<void> {
  await letters.check({
    user,
    purpose: 'sign-in',
    address: addressOf(user, sent.name),
    session: challenge.session,
    origin,
    code: parameter(parameters, sent.parameter),
    clientId: client.id,
  });
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
