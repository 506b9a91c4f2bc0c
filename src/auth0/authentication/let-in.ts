import type { Account } from '../../accounts/accounts.ts';
import { openDuty, secondFactorFor } from '../../flows/duties.ts';
import { amrOf, type Proof } from '../../flows/proofs.ts';
import { nextStep, type NextStep, type SecondFactor } from '../../flows/requirement.ts';
import type { ProvenPerson, Wish } from '../../provider/further-grant.ts';
import type { JsonObject } from '../../runtime/json.ts';
import { dutyFirst, mfaRequired } from './refusals.ts';
import type { Room } from './room.ts';

/** Somebody who has proven something to a client. */
export interface Proven {
  readonly account: Account;
  /** The first says who they are. */
  readonly proofs: readonly [Proof, ...Proof[]];
  readonly clientId: string;
  readonly wish: Wish;
  /** What `revocation.stamp()` gave before the first proof. */
  readonly mark: string;
}

/** What can be shown to a program. A passkey can not: it wants a page of ours. */
const TYPES: Readonly<Partial<Record<SecondFactor, string>>> = {
  totp: 'otp',
  'recovery-code': 'recovery-code',
};

/**
 * Lets somebody in whom nothing keeps out: the same that would at our pages.
 *
 * @throws {GrantRefused} `mfa_required`, with what the sign-in goes on by; or what is to be done first.
 */
export async function letIn(proven: Proven, room: Room): Promise<ProvenPerson> {
  const { account, proofs, wish } = proven;
  const step = await stepOf(proven, room);
  if (step.kind !== 'done') throw await secondFactorFirst(step, proven, room);
  const duty = openDuty(account, proofs, room.duties);
  if (duty !== undefined) throw dutyFirst(duty);
  return {
    accountId: account.id,
    amr: amrOf(proofs),
    authTime: Math.max(...proofs.map(({ at }) => at)),
    wish,
  };
}

/** What is still missing of the factors. */
export async function stepOf(
  { account, proofs, clientId }: Pick<Proven, 'account' | 'proofs' | 'clientId'>,
  { authentication, clients, factors, groups }: Room,
): Promise<NextStep> {
  const [client, has] = await Promise.all([
    clients.find(clientId),
    factors.of(account.id, account),
  ]);
  const policy = await secondFactorFor(
    client?.policy.secondFactor,
    authentication,
    async () => (await groups.rightsOf(account.id, {})).groups,
  );
  const means = {
    passkeys: has?.passkeys.length ?? 0,
    totp: has?.totp !== undefined,
    recoveryCodes: has?.recoveryCodes ?? 0,
  };
  return nextStep(proofs, means, { policy, isMultipleAsked: false, isDeviceKnown: false });
}

/** The types of those factors that can be shown to a program, by Auth0's names. */
export function typesOf(choices: readonly SecondFactor[]): readonly string[] {
  return choices.map((choice) => TYPES[choice]).filter((type) => type !== undefined);
}

async function secondFactorFirst(
  step: NextStep,
  { proofs: [first], clientId, wish, mark }: Proven,
  { mfaTokens }: Room,
): Promise<Error> {
  const { method, accountId, at } = first;
  if (method !== 'password' && method !== 'email-code' && method !== 'sms-code')
    throw new TypeError(`a sign-in of a program that begins by ${method}`);
  const token = await mfaTokens.open({
    clientId,
    mark,
    proof: { method, accountId, at },
    wish: { audience: wish.audience, scope: wish.scope },
    isToEnrol: step.kind === 'enrol',
  });
  return mfaRequired(token, requirementsOf(step));
}

function requirementsOf(step: NextStep): JsonObject {
  if (step.kind !== 'second-factor') return { enroll: [{ type: 'otp' }] };
  return { challenge: typesOf(step.choices).map((type) => ({ type })) };
}
