import type { Account } from '../../accounts/accounts.ts';
import type { Proof } from '../../flows/proofs.ts';
import type { FurtherGrant, GrantRequest, ProvenPerson } from '../../provider/further-grant.ts';
import { letIn, stepOf } from './let-in.ts';
import type { MfaSignIn } from './mfa-tokens.ts';
import { GRANT } from './names.ts';
import { deadMfaToken, missing, tooManyAttempts, wrongCode } from './refusals.ts';
import type { Room } from './room.ts';

type Method = 'totp' | 'recovery-code';
type Parameter = 'otp' | 'recovery_code';

/** Second factors for the `mfa_token` of a sign-in that waits for one. */
export function createMfaGrants(room: Room): readonly FurtherGrant[] {
  return [
    grantOf(GRANT.mfaOtp, 'otp', 'totp', room),
    grantOf(GRANT.mfaRecoveryCode, 'recovery_code', 'recovery-code', room),
  ];
}

function grantOf(
  grantType: string,
  parameter: Parameter,
  method: Method,
  room: Room,
): FurtherGrant {
  return {
    grantType,
    parameters: ['mfa_token', parameter],
    async prove(request) {
      const code = request.parameters[parameter];
      const token = request.parameters['mfa_token'];
      if (token === undefined) throw missing('mfa_token');
      if (code === undefined) throw missing(parameter);
      const signIn = await room.mfaTokens.find(token, request.clientId);
      const account = signIn && (await livingAccount(signIn, room));
      if (signIn === undefined || account === undefined) throw deadMfaToken();
      if (!(await isProven({ request, signIn, account, method, code }, room)))
        throw wrongCode(parameter);
      return await finish({ signIn, account, method }, room);
    },
  };
}

/** Undefined: gone, kept out, or signed out everywhere since. */
export async function livingAccount(
  { proof: { accountId }, clientId, mark }: MfaSignIn,
  { accounts, revocation }: Room,
): Promise<Account | undefined> {
  const account = await accounts.find(accountId);
  if (account?.state !== 'active') return undefined;
  const isOver = await revocation.isRevoked({ jti: '', clientId, accountId, mark });
  return isOver ? undefined : account;
}

interface Answer {
  readonly request: GrantRequest;
  readonly signIn: MfaSignIn;
  readonly account: Account;
  readonly method: Method;
  readonly code: string;
}

/** A factor that is being set up is there once a code of it was shown. */
async function isProven(
  { request: { origin, clientId }, signIn, account, method, code }: Answer,
  room: Room,
): Promise<boolean> {
  const accountId = account.id;
  const { factors } = room;
  const step = await stepOf({ account, proofs: [signIn.proof], clientId }, room);
  if (signIn.isToEnrol) {
    const { enrolment: sealed } = signIn;
    // Whoever has set one up elsewhere meanwhile does not lose it to somebody who knows the password alone.
    if (step.kind !== 'enrol' || sealed === undefined || method !== 'totp') return false;
    const actor = { by: 'self', origin };
    return await factors.totp.finishEnrolment({ accountId, sealed, code, actor });
  }
  if (step.kind !== 'second-factor' || !step.choices.includes(method)) return false;
  const attempt = { accountId, origin, clientId, code };
  const outcome = await (method === 'totp'
    ? factors.totp.check(attempt)
    : factors.recoveryCodes.check(attempt));
  if (outcome.kind === 'throttled') throw tooManyAttempts();
  return outcome.kind === 'proven';
}

async function finish(
  {
    signIn,
    account,
    method,
  }: { readonly signIn: MfaSignIn; readonly account: Account; readonly method: Method },
  room: Room,
): Promise<ProvenPerson> {
  if (!(await room.mfaTokens.end(signIn))) throw deadMfaToken();
  const { proof, clientId, wish, mark } = signIn;
  const second: Proof = { method, accountId: account.id, at: room.clock.now() };
  return await letIn({ account, proofs: [proof, second], clientId, wish, mark }, room);
}
