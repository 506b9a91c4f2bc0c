import { z } from 'zod';
import type { Origin } from '../runtime/origin.ts';
import { CognitoException, invalidSession } from './exception.ts';
import { operation, type Operation } from './operation.ts';
import type { Challenge } from './challenges.ts';
import type { Room } from './room.ts';

const ENROLMENT_SECONDS = 900;

const bySessionOrToken = z.object({
  AccessToken: z.string().nullish(),
  Session: z.string().max(2048).nullish(),
});
type Shown = z.output<typeof bySessionOrToken>;

/** Somebody who sets up an authenticator app: signed in, or on the way there. */
interface Enrolling {
  readonly accountId: string;
  /** Undefined: signed in. */
  readonly challenge: Challenge | undefined;
}

/** `AssociateSoftwareToken`: the secret for an authenticator app. Nothing counts before `VerifySoftwareToken`. */
export function associateSoftwareToken(room: Room): Operation {
  return operation(bySessionOrToken, async (shown) => {
    const { accountId, challenge } = await enrolling(shown, room);
    const enrolment = await room.factors.totp.beginEnrolment(accountId);
    if (enrolment === undefined) throw invalidSession();
    const { sealed, key } = enrolment;
    if (challenge === undefined)
      await room.state.put(keyOf(accountId), sealed, { ttlSeconds: ENROLMENT_SECONDS });
    else if (!(await room.challenges.change(challenge, { enrolment: sealed })))
      throw invalidSession();
    return {
      SecretCode: key.replaceAll(' ', ''),
      ...(challenge && { Session: challenge.session }),
    };
  });
}

/** `VerifySoftwareToken`: the app's first code; it is asked for from now on where the pool asks for one. */
export function verifySoftwareToken(room: Room): Operation {
  const input = bySessionOrToken.extend({ UserCode: z.string().min(1).max(16) });
  return operation(input, async (shown, origin) => {
    const { accountId, challenge } = await enrolling(shown, room);
    const sealed = challenge?.enrolment ?? (await room.state.get(keyOf(accountId)))?.value;
    if (typeof sealed !== 'string')
      throw new CognitoException(
        'SoftwareTokenMFANotFoundException',
        'Software token TOTP multi-factor authentication (MFA) is not set up',
      );
    await finish({ accountId, sealed, code: shown.UserCode, origin }, room);
    if (challenge && !(await room.challenges.change(challenge, { isEnrolled: true })))
      throw invalidSession();
    return { Status: 'SUCCESS', ...(challenge && { Session: challenge.session }) };
  });
}

async function enrolling({ AccessToken, Session }: Shown, room: Room): Promise<Enrolling> {
  if (typeof AccessToken === 'string') {
    const { user } = await room.accessTokens.bearer(AccessToken);
    return { accountId: user.account.id, challenge: undefined };
  }
  const challenge = await room.challenges.find(Session ?? '');
  if (challenge?.name !== 'MFA_SETUP') throw invalidSession();
  const { accountId, clientId, mark } = challenge;
  if (await room.revocation.isRevoked({ jti: '', accountId, clientId, mark }))
    throw invalidSession();
  return { accountId, challenge };
}

async function finish(
  answer: {
    readonly accountId: string;
    readonly sealed: string;
    readonly code: string;
    readonly origin: Origin;
  },
  { factors }: Room,
): Promise<void> {
  const { origin, ...given } = answer;
  const actor = { by: 'self', origin };
  if (await factors.totp.finishEnrolment({ ...given, actor })) return;
  // Applications tell a wrong first code by this name.
  throw new CognitoException('EnableSoftwareTokenMFAException', 'Code mismatch');
}

function keyOf(accountId: string): string {
  return `cognito:totp:${accountId}`;
}
