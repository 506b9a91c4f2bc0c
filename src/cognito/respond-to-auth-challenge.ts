import { z } from 'zod';
import type { JsonObject } from '../runtime/json.ts';
import { useOnce, type Answer } from './answer.ts';
import { readAttributes, type AttributeInput } from './attribute-input.ts';
import { checkChange, checkRequired, valuesOf } from './attribute-rules.ts';
import { claimsOf } from './attributes.ts';
import { changeAttributes } from './change-attributes.ts';
import { CHALLENGES, type ChallengeName } from './challenges.ts';
import { conclude } from './conclude.ts';
import { incorrectCredentials, invalidSession } from './exception.ts';
import type { AuthRequest } from './initiate-auth.ts';
import {
  answerEmailCode,
  answerSelection,
  answerSetup,
  answerSoftwareToken,
  answerTextMessage,
} from './mfa-answers.ts';
import { setNewPassword } from './new-password.ts';
import { operation, type Operation } from './operation.ts';
import { authParameters, parameter, type Parameters } from './parameters.ts';
import type { Room } from './room.ts';
import { checkSecretHash } from './secret-hash.ts';
import { clientMetadata } from './triggers/event-parts.ts';
import { finishSrp } from './srp-auth.ts';

const ATTRIBUTE = 'userAttributes.';

type Step = (answer: Answer, room: Room) => Promise<JsonObject>;

const STEPS: Readonly<Record<ChallengeName, Step>> = {
  NEW_PASSWORD_REQUIRED: answerNewPassword,
  SOFTWARE_TOKEN_MFA: answerSoftwareToken,
  EMAIL_OTP: answerEmailCode,
  SMS_MFA: answerTextMessage,
  SELECT_MFA_TYPE: answerSelection,
  MFA_SETUP: answerSetup,
};

/** `RespondToAuthChallenge`: the next step of a sign-in. */
export function respondToAuthChallenge(room: Room): Operation {
  const input = z.object({
    ClientId: z.string(),
    ChallengeName: z.enum(['PASSWORD_VERIFIER', ...CHALLENGES]),
    Session: z.string().max(2048).nullish(),
    ChallengeResponses: authParameters,
    ClientMetadata: clientMetadata,
  });
  return operation(input, async (given, origin) => {
    const { pool, client } = await room.pools.client(given.ClientId);
    const request = {
      pool,
      client,
      origin,
      parameters: given.ChallengeResponses,
      clientMetadata: given.ClientMetadata,
    };
    if (given.ChallengeName === 'PASSWORD_VERIFIER') return await finishSrp(request, room);
    const answer = await readAnswer(request, { ...given, name: given.ChallengeName }, room);
    return await STEPS[given.ChallengeName](answer, room);
  });
}

async function readAnswer(
  request: AuthRequest,
  shown: { readonly name: ChallengeName; readonly Session?: string | null | undefined },
  room: Room,
): Promise<Answer> {
  const { pool, client, parameters, origin, clientMetadata: metadata } = request;
  const challenge = await room.challenges.find(shown.Session ?? '');
  if (challenge === undefined || challenge.name !== shown.name || challenge.clientId !== client.id)
    throw invalidSession();
  const { accountId, mark, amr } = challenge;
  const handles = { jti: '', accountId, clientId: client.id, mark };
  const user = await room.users.byAccount(pool, accountId);
  if (user === undefined || (await room.revocation.isRevoked(handles))) throw invalidSession();
  const typed = parameter(parameters, 'USERNAME');
  checkSecretHash(client, parameters['SECRET_HASH'], [user.row.username, typed]);
  const proven = { pool, client, user, mark, amr, origin, clientMetadata: metadata };
  return { ...request, challenge, proven };
}

async function answerNewPassword(answer: Answer, room: Room): Promise<JsonObject> {
  const { pool, client, challenge, proven, origin, parameters } = answer;
  const password = parameter(parameters, 'NEW_PASSWORD');
  const wanted = readAttributes(attributesIn(parameters), { pool, by: client });
  checkChange(proven.user, wanted);
  checkRequired(pool, { ...claimsOf(proven.user), ...valuesOf(wanted) });
  const user = await setNewPassword(
    { user: proven.user, password, actor: { by: 'self', origin } },
    room,
    () => useOnce(challenge, room),
  );
  await changeAttributes(user, wanted, { by: 'self', origin }, room);
  const mark = room.revocation.stamp();
  const fresh = await room.users.byAccount(pool, user.account.id);
  if (fresh === undefined) throw incorrectCredentials();
  const source = 'TokenGeneration_NewPasswordChallenge';
  return await conclude({ ...proven, user: fresh, mark, source }, room);
}

/** `userAttributes.NAME`: what the pool asks of everybody and the user did not have. */
function attributesIn(parameters: Parameters): AttributeInput {
  return Object.entries(parameters).flatMap(([key, Value]) =>
    key.startsWith(ATTRIBUTE) ? [{ Name: key.slice(ATTRIBUTE.length), Value }] : [],
  );
}
