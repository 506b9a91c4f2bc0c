import type { Context } from 'koa';
import type { Account, Accounts } from '../accounts/accounts.ts';
import type { Factors, FactorSummary } from '../factors/factors.ts';
import type { AuthenticationSettings } from '../flows/config.ts';
import { openDuty, secondFactorFor, type Duties, type Duty } from '../flows/duties.ts';
import type { Flow, Flows } from '../flows/flows.ts';
import { type Proof, type ProofMethod, withProof } from '../flows/proofs.ts';
import { nextStep, type NextStep } from '../flows/requirement.ts';
import type { Interaction } from '../provider/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import type { DeviceCookie } from './device-cookie.ts';
import type { Reception } from './reception.ts';
import type { Visit } from './interaction-routes.ts';
import { dataOf, keptData, type SignInData } from './sign-in-data.ts';

/** Reasons for which somebody who is signed in only has to prove more. */
const STEP_UP_REASONS: ReadonlySet<string> = new Set([
  'acr_values',
  'essential_acr',
  'essential_acrs',
  'second_factor',
]);
/** When a session was signed in is not for this room to say: it is no proof of now. */
export const OF_THE_SESSION = 0;
const METHOD_OF: Readonly<Record<string, ProofMethod>> = {
  pwd: 'password',
  pop: 'passkey',
  otp: 'email-code',
};

/** What a sign-in asks for that proves nobody. */
type LaterStep = 'email-code' | 'recovery-codes' | Duty;

/** Where a sign-in stands. */
export interface SignIn {
  readonly flow: Flow;
  readonly data: SignInData;
  readonly step: NextStep | { readonly kind: LaterStep };
  /** Of the proofs; undefined while there are none. */
  readonly person: Person | undefined;
}

/** Whoever the proofs are of. */
export interface Person {
  readonly account: Account;
  readonly has: FactorSummary;
}

/** What a step adds to a sign-in. */
export interface Progress {
  readonly proof?: Pick<Proof, 'method' | 'accountId'> | undefined;
  readonly data?: Partial<SignInData> | undefined;
}

/** Sign-ins under way. */
export interface SignIns {
  /** Begins to read the sign-in of an interaction, while that itself is still looked for. */
  readAhead(ctx: Context, uid: string): void;
  find(visit: Visit): Promise<SignIn>;
  /** The sign-in with something more; it is written only by `keep`. */
  advance(visit: Visit, signIn: SignIn, progress: Progress): Promise<SignIn>;
  /** Undefined: another request of this browser was faster; nothing was written. */
  keep(signIn: SignIn): Promise<SignIn | undefined>;
  /** Nothing of it stays: somebody else wants to sign in. */
  restart(signIn: SignIn): Promise<void>;
  /** True once: whoever gets it may let the person in. */
  end(signIn: SignIn): Promise<boolean>;
}

export interface SignInsOptions extends Duties {
  readonly flows: Flows;
  readonly accounts: Accounts;
  readonly factors: Factors;
  readonly clock: Clock;
  readonly settings: AuthenticationSettings;
  readonly reception?: Reception | undefined;
  readonly device: DeviceCookie;
  /** Names of the groups that a person is in, directly or not. */
  readonly groupsOf: (accountId: string) => Promise<readonly string[]>;
  /** The life of an interaction. */
  readonly ttlSeconds: number;
  readonly takenBack: TakenBack;
}

/** Whether everything of somebody was taken back: by a new password, or wherever they were signed out everywhere. */
export interface TakenBack {
  /** Names this moment. */
  mark(): string;
  since(mark: string, accountId: string): Promise<boolean>;
}

/** Over flows that carry the `uid` of their interaction, whose cookie ties them to the browser. */
export function createSignIns(options: SignInsOptions): SignIns {
  const { flows, clock, ttlSeconds } = options;
  const ahead = new WeakMap<Context, Promise<Flow | undefined>>();

  async function stand(visit: Visit, flow: Flow, data: SignInData): Promise<SignIn> {
    const person = await personOf(flow, data, options);
    // Gone, disabled, locked or signed out everywhere meanwhile: what was proven is worth nothing any more.
    const living = person === undefined ? { ...flow, proofs: [] } : flow;
    const { step, isDeviceKnown } = await stepOf(visit, living, { person, data }, options);
    return { flow: living, data: { ...data, isDeviceKnown }, step, person };
  }

  return {
    readAhead(ctx, uid) {
      const found = flows.find('sign-in', uid);
      // Whoever asks for it meets the error; a page of another kind does not miss it.
      found.catch(() => undefined);
      ahead.set(ctx, found);
    },
    async find(visit) {
      const { interaction } = visit;
      const known = await (ahead.get(visit.ctx) ?? flows.find('sign-in', interaction.uid));
      const flow = known ?? begin(visit, flows, ttlSeconds);
      return await stand(visit, flow, dataOf(flow));
    },
    async advance(visit, { flow, data }, { proof, data: added }) {
      const proofs = proof ? withProof(flow.proofs, { ...proof, at: clock.now() }) : flow.proofs;
      return await stand(visit, { ...flow, proofs }, { ...data, ...added });
    },
    async keep(signIn) {
      const { proofs } = signIn.flow;
      const flow = await flows.change(signIn.flow, { proofs, data: keptData(signIn.data) });
      return flow && { ...signIn, flow };
    },
    async restart({ flow }) {
      await flows.change(flow, { proofs: [], data: {} });
    },
    end: async ({ flow }) => flow.version === undefined || (await flows.end(flow)),
  };
}

/** Somebody who is signed in, and only lacks a factor, begins with what their session has proven. */
function begin({ interaction, isSomeoneElse }: Visit, flows: Flows, ttlSeconds: number): Flow {
  const flow = flows.begin({ purpose: 'sign-in', id: interaction.uid, ttlSeconds });
  const { accountId } = interaction;
  const method = METHOD_OF[interaction.amr[0] ?? ''];
  if (isSomeoneElse || accountId === undefined || method === undefined || !isStepUp(interaction))
    return flow;
  return { ...flow, proofs: [{ method, accountId, at: OF_THE_SESSION }] };
}

function isStepUp({ prompt, reasons }: Interaction): boolean {
  return prompt === 'login' && reasons.every((reason) => STEP_UP_REASONS.has(reason));
}

async function personOf(
  { proofs }: Flow,
  { mark }: SignInData,
  { accounts, factors, takenBack }: SignInsOptions,
): Promise<Person | undefined> {
  const [proof] = proofs;
  if (proof === undefined) return undefined;
  if (mark !== undefined && (await takenBack.since(mark, proof.accountId))) return undefined;
  const account = await accounts.find(proof.accountId);
  if (account?.state !== 'active') return undefined;
  const has = await factors.of(account.id, account);
  return has && { account, has };
}

async function stepOf(
  visit: Visit,
  flow: Flow,
  { person, data }: { readonly person: Person | undefined; readonly data: SignInData },
  options: SignInsOptions,
): Promise<{ readonly step: SignIn['step']; readonly isDeviceKnown: boolean }> {
  if (person === undefined) {
    const kind = data.email === undefined ? 'identify' : 'email-code';
    return { step: { kind }, isDeviceKnown: false };
  }
  const { account, has } = person;
  const { settings, groupsOf, reception } = options;
  const means = {
    ...has,
    passkeys: has.passkeys.length,
    totp: has.totp !== undefined,
    emailCode: await reception?.emailFactor.isOpenTo(account.id, visit.interaction),
  };
  const ofClient = visit.interaction.client.secondFactor;
  const policy = await secondFactorFor(ofClient, settings, () => groupsOf(account.id));
  const isMultipleAsked = visit.interaction.isMultiFactorAsked;
  const asked = { policy, isMultipleAsked, isDeviceKnown: false };
  const strict = nextStep(flow.proofs, means, asked);
  if (strict.kind === 'done')
    return { step: afterAll(account, { flow, data }, options), isDeviceKnown: false };
  const isDeviceKnown = await knowsDevice(visit, account.id, options);
  const step = isDeviceKnown ? nextStep(flow.proofs, means, { ...asked, isDeviceKnown }) : strict;
  return {
    step: step.kind === 'done' ? afterAll(account, { flow, data }, options) : step,
    isDeviceKnown,
  };
}

/** Recovery codes that were made in this sign-in, then whatever the installation asks of everybody. */
function afterAll(
  account: Account,
  { flow, data }: Pick<SignIn, 'flow' | 'data'>,
  duties: Duties,
): SignIn['step'] {
  if (data.offersCodes) return { kind: 'recovery-codes' };
  return { kind: openDuty(account, flow.proofs, duties) ?? 'done' };
}

async function knowsDevice(
  { ctx, interaction }: Visit,
  accountId: string,
  { device, factors }: SignInsOptions,
): Promise<boolean> {
  const token = device.read(ctx);
  if (interaction.isMultiFactorAsked || token === undefined) return false;
  return await factors.devices.isRemembered(accountId, token);
}
